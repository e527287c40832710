internal import Arithmetic

/// A recurrent layer in one direction, over batches of up to N rows and B streams.
///
/// The products with W_i run over all rows at once, and so do the weights' gradients. Inside the loop over time a caller
/// follows some of the streams from end to end, so that no thread waits for another between two steps. Shape letters as in
/// `RecurrentCell`.
final class LayerDirection {
  let cell: any RecurrentCell
  let inputSize: Int
  let hiddenSize: Int
  /// Whether streams are read from their last step to their first.
  let isReverse: Bool

  private let gateCount: Int
  /// K·H: how many numbers a row keeps.
  let savedWidth: Int
  /// S·H: how many numbers the state of a stream has.
  let stateWidth: Int
  private let phases: [CellPhase]
  /// The gates of the first G saved blocks after the backward pass, joined to ranges: blocks, and the first's gate.
  private let inputRuns: [(blocks: Range<Int>, gate: Int)]

  /// N × H: h before each step, zero where the stream was reset.
  private let previous: AlignedBuffer<Float>
  /// N × K·H: what the cell keeps.
  let saved: AlignedBuffer<Float>
  /// B × G·H: W_h h of one step.
  private let recurrent: AlignedBuffer<Float>
  /// B × H: the gradient of a later phase's operand.
  private let operandGradient: AlignedBuffer<Float>

  private let parameters: AlignedBuffer<Float>
  private let offsets: LayerOffsets
  private var tensors: LayerTensors { offsets.tensors(in: parameters) }
  private let forwardInputWeight: PackedMatrix
  private let backwardInputWeight: PackedMatrix
  /// A factor for each phase.
  private let forwardRecurrentWeights: [PackedMatrix]
  private let backwardRecurrentWeights: [PackedMatrix]
  /// G·H × I: W_i with its rows in the order of the gradients, where that is another.
  private let reorderedInputWeight: AlignedBuffer<Float>?
  /// What is dropped from W_h; nil where nothing is.
  private var weightDropout: WeightDropout?
  /// G·H × H, where weights are dropped: what is left of W_h, and the gradient of that.
  private let droppedWeight: AlignedBuffer<Float>
  private let droppedGradient: AlignedBuffer<Float>

  init(
    cell: any RecurrentCell, parameters: AlignedBuffer<Float>, offsets: LayerOffsets, inputSize: Int,
    hiddenSize: Int, isReverse: Bool, dropsWeights: Bool, rowCapacity: Int, streamCapacity: Int
  ) {
    let h = hiddenSize, gates = cell.gateCount
    self.cell = cell
    self.parameters = parameters
    self.offsets = offsets
    self.inputSize = inputSize
    self.hiddenSize = h
    self.isReverse = isReverse
    gateCount = gates
    savedWidth = cell.savedCount * h
    stateWidth = cell.stateCount * h
    phases = cell.phases
    inputRuns = Self.runs(of: cell.inputGradientOrder)
    previous = AlignedBuffer(count: rowCapacity * h)
    saved = AlignedBuffer(count: rowCapacity * savedWidth)
    recurrent = AlignedBuffer(count: streamCapacity * gates * h)
    operandGradient = AlignedBuffer(count: phases.count > 1 ? streamCapacity * h : 0)
    forwardInputWeight = PackedMatrix(rows: inputSize, columns: gates * h)
    backwardInputWeight = PackedMatrix(rows: gates * h, columns: inputSize)
    forwardRecurrentWeights = phases.map { PackedMatrix(rows: h, columns: $0.gates.count * h) }
    backwardRecurrentWeights = phases.map { PackedMatrix(rows: $0.gates.count * h, columns: h) }
    reorderedInputWeight = inputRuns.count > 1 ? AlignedBuffer(count: gates * h * inputSize) : nil
    droppedWeight = AlignedBuffer(count: dropsWeights ? gates * h * h : 0)
    droppedGradient = AlignedBuffer(count: droppedWeight.count)
  }

  /// About how many floats the buffers of such a direction take: what rows keep, and the packed weights.
  static func floatCount(
    cell: any RecurrentCell, inputSize: Int, hiddenSize: Int, dropsWeights: Bool, rows: Double,
    streams: Double
  ) -> Double {
    let h = Double(hiddenSize), gates = cell.gateCount
    let reordered = runs(of: cell.inputGradientOrder).count > 1 ? Double(gates * hiddenSize * inputSize) : 0
    return rows * h * Double(1 + cell.savedCount) + streams * h
      * Double(gates + (cell.phases.count > 1 ? 1 : 0))
      + PackedMatrix.floatCount(inputSize, gates * hiddenSize) + reordered
      + (dropsWeights ? 2 * Double(gates) * h * h : 0)
      + cell.phases.reduce(0) { $0 + PackedMatrix.floatCount(hiddenSize, $1.gates.count * hiddenSize) }
  }

  private static func runs(of order: [Int]) -> [(blocks: Range<Int>, gate: Int)] {
    var runs: [(blocks: Range<Int>, gate: Int)] = []
    for (block, gate) in order.enumerated() {
      if let last = runs.last, last.gate + last.blocks.count == gate {
        runs[runs.count - 1].blocks = last.blocks.lowerBound..<block + 1
      } else {
        runs.append((block..<block + 1, gate))
      }
    }
    return runs
  }

  /// Takes the weights as they are now.
  func pack() {
    let h = hiddenSize, tensors = tensors
    let inputWeight = MatrixView(tensors.inputWeight, rows: gateCount * h, columns: inputSize)
    forwardInputWeight.update(from: inputWeight.transposed)
    if let reordered = reorderedInputWeight {
      let block = h * inputSize
      for run in inputRuns {
        (reordered.baseAddress + run.blocks.lowerBound * block)
          .update(from: tensors.inputWeight + run.gate * block, count: run.blocks.count * block)
      }
      backwardInputWeight.update(
        from: MatrixView(reordered.baseAddress, rows: gateCount * h, columns: inputSize))
    } else {
      backwardInputWeight.update(from: inputWeight)
    }
    weightDropout = nil
    packRecurrentWeight(tensors.recurrentWeight)
  }

  /// Decides what is dropped from W_h until this, `keepWeights` or `pack` is called again.
  func dropWeights(probability: Double, from random: inout RandomStream) {
    let dropout = WeightDropout(probability: probability, count: droppedWeight.count, random: &random)
    droppedWeight.baseAddress.update(from: tensors.recurrentWeight, count: droppedWeight.count)
    dropout.apply(to: droppedWeight)
    packRecurrentWeight(droppedWeight.baseAddress)
    weightDropout = dropout
  }

  /// Lets no weight be dropped.
  func keepWeights() {
    guard weightDropout != nil else { return }
    weightDropout = nil
    packRecurrentWeight(tensors.recurrentWeight)
  }

  private func packRecurrentWeight(_ weight: UnsafePointer<Float>) {
    let h = hiddenSize, recurrentWeight = MatrixView(weight, rows: gateCount * h, columns: h)
    for (index, phase) in phases.enumerated() {
      let rows = recurrentWeight.rows(phase.gates.lowerBound * h..<phase.gates.upperBound * h)
      forwardRecurrentWeights[index].update(from: rows.transposed)
      backwardRecurrentWeights[index].update(from: rows)
    }
  }

  /// What each gate gets from the input, for all rows: the first part of the forward pass. `input` is N × I.
  func multiplyInput(_ input: UnsafePointer<Float>, rowCount: Int, team: ThreadTeam) {
    team.multiply(
      MatrixView(input, rows: rowCount, columns: inputSize), forwardInputWeight, into: saved.baseAddress,
      rowStride: savedWidth)
  }

  /// Follows some of the streams through all their steps: the second part of the forward pass.
  /// - Parameters:
  ///   - initial: S·H, the state after a reset; nil for zero.
  ///   - output: h after each step, rows `outputStride` apart.
  ///   - state: B × S·H, before the streams' first steps and then after their last.
  func forward(
    _ streams: Range<Int>, layout: StepLayout, resets: UnsafePointer<UInt8>?,
    initial: UnsafePointer<Float>? = nil,
    output: UnsafeMutablePointer<Float>, outputStride: Int, state: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<layout.stepCount {
      let t = isReverse ? layout.stepCount - 1 - index : index
      let active = streams.clamped(to: 0..<layout.streamCount(atStep: t))
      guard !active.isEmpty else { continue }
      for b in active {
        takeState(
          before: t, of: b, layout: layout, resets: resets, initial: initial, output: output,
          outputStride: outputStride, state: state + b * stateWidth)
      }
      step(
        active, firstRow: layout.offsets[t], output: output, outputStride: outputStride, state: state,
        scratch: scratch)
    }
    for b in streams {
      let last = isReverse ? 0 : layout.lengths[b] - 1
      (state + b * stateWidth)
        .update(from: output + (layout.offsets[last] + b) * outputStride, count: hiddenSize)
    }
  }

  /// Puts h as it is before step `t` of stream `b` into `previous`. `state` is the stream's.
  private func takeState(
    before t: Int, of b: Int, layout: StepLayout, resets: UnsafePointer<UInt8>?,
    initial: UnsafePointer<Float>?, output: UnsafePointer<Float>, outputStride: Int,
    state: UnsafeMutablePointer<Float>
  ) {
    let h = hiddenSize, place = previous.baseAddress + (layout.offsets[t] + b) * h
    if isReset(t, b, layout, resets) {
      if let initial {
        place.update(from: initial, count: h)
        (state + h).update(from: initial + h, count: stateWidth - h)
      } else {
        place.update(repeating: 0, count: h)
        (state + h).update(repeating: 0, count: stateWidth - h)
      }
    } else if let before = stepBefore(t, b, layout) {
      place.update(from: output + (layout.offsets[before] + b) * outputStride, count: h)
    } else {
      place.update(from: state, count: h)
    }
  }

  /// One step of the streams `active`, whose rows start at `firstRow`: the cell's phases in their order.
  private func step(
    _ active: Range<Int>, firstRow: Int, output: UnsafeMutablePointer<Float>, outputStride: Int,
    state: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let h = hiddenSize, kernels = Kernels.current, tensors = tensors
    let rows = firstRow + active.lowerBound..<firstRow + active.upperBound
    for p in phases.indices {
      kernels.multiply(
        operand(of: p, rows: rows), packed: forwardRecurrentWeights[p].values,
        into: recurrent.baseAddress + (active.lowerBound * gateCount + phases[p].gates.lowerBound) * h,
        columns: phases[p].gates.count * h, rowStride: gateCount * h, accumulate: false, scratch: scratch)
      for b in active {
        let row = firstRow + b
        let step = CellForwardStep(
          hiddenSize: h, saved: saved.baseAddress + row * savedWidth,
          recurrent: recurrent.baseAddress + b * gateCount * h, inputBias: tensors.inputBias,
          recurrentBias: tensors.recurrentBias, previous: previous.baseAddress + row * h,
          memory: state + b * stateWidth + h, next: output + row * outputStride)
        cell.forward(step, phase: p)
      }
    }
  }

  /// Follows some of the streams back through all their steps: the first part of the backward pass.
  /// - Parameters:
  ///   - outputGradient: the gradient of what the direction gave, rows `stride` apart.
  ///   - carry: B × S·H, the gradient of the states after the last steps, and then that of those before the first.
  ///   - reachesStart: whether the gradient of the states before the first steps is wanted; else `carry` means nothing
  ///     afterwards.
  ///   - initialGradient: B × S·H, to which the gradient of the state after each stream's resets is added; nil where it is not
  ///     wanted. With a reset before a stream's first step it needs `reachesStart`.
  ///   - observe: called with the gradient of each state before a step: the stream, how many steps the direction
  ///     has yet to read then, and S·H numbers.
  func backward(
    _ streams: Range<Int>, layout: StepLayout, resets: UnsafePointer<UInt8>?,
    outputGradient: UnsafePointer<Float>, stride: Int, carry: UnsafeMutablePointer<Float>, reachesStart: Bool,
    initialGradient: UnsafeMutablePointer<Float>? = nil, scratch: UnsafeMutablePointer<Float>,
    observe: ((_ stream: Int, _ lag: Int, _ gradient: UnsafePointer<Float>) -> Void)? = nil
  ) {
    for index in (0..<layout.stepCount).reversed() {
      let t = isReverse ? layout.stepCount - 1 - index : index
      let active = streams.clamped(to: 0..<layout.streamCount(atStep: t))
      guard !active.isEmpty else { continue }
      stepBack(
        active, firstRow: layout.offsets[t], outputGradient: outputGradient, stride: stride, carry: carry,
        reachesState: index > 0 || reachesStart, scratch: scratch)
      for b in active where isReset(t, b, layout, resets) {
        if let initialGradient {
          Kernels.current.add(
            carry + b * stateWidth, to: initialGradient + b * stateWidth, count: stateWidth)
        }
        (carry + b * stateWidth).update(repeating: 0, count: stateWidth)
      }
      guard let observe else { continue }
      for b in active { observe(b, isReverse ? t + 1 : layout.lengths[b] - t, carry + b * stateWidth) }
    }
  }

  /// The backward pass of `step`: the cell's phases in reverse. Where `reachesState` is false, the gradient of h before
  /// the step lacks what comes through W_h.
  private func stepBack(
    _ active: Range<Int>, firstRow: Int, outputGradient: UnsafePointer<Float>, stride: Int,
    carry: UnsafeMutablePointer<Float>, reachesState: Bool, scratch: UnsafeMutablePointer<Float>
  ) {
    let h = hiddenSize, kernels = Kernels.current
    let rows = firstRow + active.lowerBound..<firstRow + active.upperBound
    for p in phases.indices.reversed() {
      for b in active {
        let row = firstRow + b
        let step = CellBackwardStep(
          hiddenSize: h, saved: saved.baseAddress + row * savedWidth,
          previous: previous.baseAddress + row * h, above: outputGradient + row * stride,
          carry: carry + b * stateWidth, memoryCarry: carry + b * stateWidth + h,
          operandGradient: operandGradient.baseAddress + (p + 1 < phases.count ? b * h : 0))
        cell.backward(step, phase: p)
      }
      let gradient = recurrentGradient(of: p, rows: rows), weight = backwardRecurrentWeights[p].values
      if p > 0 {
        kernels.multiply(
          gradient, packed: weight, into: operandGradient.baseAddress + active.lowerBound * h, columns: h,
          rowStride: h, accumulate: false, scratch: scratch)
      } else if reachesState {
        kernels.multiply(
          gradient, packed: weight, into: carry + active.lowerBound * stateWidth, columns: h,
          rowStride: stateWidth, accumulate: true, scratch: scratch)
      }
    }
  }

  /// The gradients of the weights, which are added to: the second part of the backward pass. `input` is N × I, `gradients`
  /// laid out as the parameters.
  func addWeightGradients(
    input: UnsafePointer<Float>, rowCount: Int, to gradients: AlignedBuffer<Float>,
    team: ThreadTeam
  ) {
    let gradients = offsets.tensors(in: gradients)
    let h = hiddenSize, rows = 0..<rowCount
    let saved = MatrixView(saved.baseAddress, rows: rowCount, columns: savedWidth)
    let input = MatrixView(input, rows: rowCount, columns: inputSize)
    for run in inputRuns {
      let gradient = saved.columns(run.blocks.lowerBound * h..<run.blocks.upperBound * h)
      team.multiply(
        gradient.transposed, input, into: gradients.inputWeight + run.gate * h * inputSize, accumulate: true)
      team.addColumnSums(of: gradient, to: gradients.inputBias + run.gate * h)
    }
    let drops = weightDropout != nil
    let weightGradient = drops ? droppedGradient.baseAddress : gradients.recurrentWeight
    for p in phases.indices {
      let gradient = recurrentGradient(of: p, rows: rows), gate = phases[p].gates.lowerBound
      team.multiply(
        gradient.transposed, operand(of: p, rows: rows), into: weightGradient + gate * h * h,
        accumulate: !drops)
      team.addColumnSums(of: gradient, to: gradients.recurrentBias + gate * h)
    }
    guard let weightDropout else { return }
    weightDropout.apply(to: droppedGradient)
    Kernels.current.add(
      droppedGradient.baseAddress, to: gradients.recurrentWeight, count: droppedGradient.count)
  }

  /// The gradient of the input, N × I: the third part of the backward pass.
  func multiplyGradient(
    into inputGradient: UnsafeMutablePointer<Float>, rowCount: Int, accumulate: Bool, team: ThreadTeam
  ) {
    let gradient = MatrixView(
      saved.baseAddress, rows: rowCount, columns: gateCount * hiddenSize, rowStride: savedWidth)
    team.multiply(gradient, backwardInputWeight, into: inputGradient, accumulate: accumulate)
  }

  private func operand(of phase: Int, rows: Range<Int>) -> MatrixView {
    let h = hiddenSize
    guard let block = phases[phase].operandBlock else {
      return MatrixView(previous.baseAddress + rows.lowerBound * h, rows: rows.count, columns: h)
    }
    return MatrixView(
      saved.baseAddress + rows.lowerBound * savedWidth + block * h, rows: rows.count, columns: h,
      rowStride: savedWidth)
  }

  private func recurrentGradient(of phase: Int, rows: Range<Int>) -> MatrixView {
    MatrixView(
      saved.baseAddress + rows.lowerBound * savedWidth + phases[phase].gradientBlock * hiddenSize,
      rows: rows.count, columns: phases[phase].gates.count * hiddenSize, rowStride: savedWidth)
  }

  /// The step whose state a step of a stream continues from; nil if it is the stream's first in this direction.
  private func stepBefore(_ t: Int, _ b: Int, _ layout: StepLayout) -> Int? {
    if isReverse { return t + 1 < layout.lengths[b] ? t + 1 : nil }
    return t > 0 ? t - 1 : nil
  }

  /// Whether the state is zero before a step. A reset is before a step as the streams are written; read backward it
  /// stands between that step and the one before it too.
  private func isReset(_ t: Int, _ b: Int, _ layout: StepLayout, _ resets: UnsafePointer<UInt8>?) -> Bool {
    guard let resets else { return false }
    guard isReverse else { return resets[layout.offsets[t] + b] != 0 }
    return t + 1 < layout.lengths[b] && resets[layout.offsets[t + 1] + b] != 0
  }
}
