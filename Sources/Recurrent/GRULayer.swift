internal import Arithmetic

/// One layer of gated recurrent units over a whole sequence, reset-after form:
///
///     r = σ(W_ir x + b_ir + W_hr h + b_hr)
///     z = σ(W_iz x + b_iz + W_hz h + b_hz)
///     n = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))
///     h' = (1 − z) ⊙ n + z ⊙ h
///
/// T steps, B streams, I inputs, H units; W_i is 3H × I and W_h 3H × H with the gates in the order r, z, n. Sequences
/// are time-major: row t·B + b.
///
/// The products with W_i run over all steps at once, and so do the weights' gradients. Inside the loop over time each
/// thread follows some of the streams from end to end, so that no thread waits for another between two steps.
final class GRULayer {
  let inputSize: Int
  let hiddenSize: Int
  let batchSize: Int
  let truncationLength: Int

  /// T × B × H: what the layer gave, h'.
  let output: AlignedBuffer<Float>
  /// B × H: the state before the first step of the next sequence.
  let carriedState: AlignedBuffer<Float>

  /// T × B × H: the state before each step, zero where the stream was reset.
  private let previous: AlignedBuffer<Float>
  /// T × B × 4H: forward r, z, n, W_hn h + b_hn; backward the gradients of the pre-activations, n, r, z, r ⊙ n. So
  /// columns 0 ..< 3H are those of W_i x with its rows in the order n, r, z, and columns H ..< 4H those of W_h h.
  private let gates: AlignedBuffer<Float>
  /// B × 3H: W_h h of one step.
  private let recurrent: AlignedBuffer<Float>
  /// B × H: the gradient that flows from a step to the one before it.
  private let carriedGradient: AlignedBuffer<Float>

  private let forwardInputWeight: PackedMatrix
  private let forwardRecurrentWeight: PackedMatrix
  private let backwardInputWeight: PackedMatrix
  private let backwardRecurrentWeight: PackedMatrix
  /// 3H × I: W_i with its rows in the order n, r, z.
  private let rotatedInputWeight: AlignedBuffer<Float>

  init(inputSize: Int, hiddenSize: Int, batchSize: Int, truncationLength: Int) {
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.batchSize = batchSize
    self.truncationLength = truncationLength
    let positions = truncationLength * batchSize
    output = AlignedBuffer(count: positions * hiddenSize)
    carriedState = AlignedBuffer(count: batchSize * hiddenSize)
    previous = AlignedBuffer(count: positions * hiddenSize)
    gates = AlignedBuffer(count: positions * 4 * hiddenSize)
    recurrent = AlignedBuffer(count: batchSize * 3 * hiddenSize)
    carriedGradient = AlignedBuffer(count: batchSize * hiddenSize)
    forwardInputWeight = PackedMatrix(rows: inputSize, columns: 3 * hiddenSize)
    forwardRecurrentWeight = PackedMatrix(rows: hiddenSize, columns: 3 * hiddenSize)
    backwardInputWeight = PackedMatrix(rows: 3 * hiddenSize, columns: inputSize)
    backwardRecurrentWeight = PackedMatrix(rows: 3 * hiddenSize, columns: hiddenSize)
    rotatedInputWeight = AlignedBuffer(count: 3 * hiddenSize * inputSize)
  }

  /// A layer's four tensors, or their gradients.
  struct Tensors {
    var inputWeight: UnsafeMutablePointer<Float>
    var recurrentWeight: UnsafeMutablePointer<Float>
    var inputBias: UnsafeMutablePointer<Float>
    var recurrentBias: UnsafeMutablePointer<Float>
  }

  /// Takes new weights.
  func pack(_ tensors: Tensors) {
    let h = hiddenSize
    let inputWeight = MatrixView(tensors.inputWeight, rows: 3 * h, columns: inputSize)
    let recurrentWeight = MatrixView(tensors.recurrentWeight, rows: 3 * h, columns: h)
    forwardInputWeight.update(from: inputWeight.transposed)
    forwardRecurrentWeight.update(from: recurrentWeight.transposed)
    backwardRecurrentWeight.update(from: recurrentWeight)
    let rotated = rotatedInputWeight.baseAddress
    rotated.update(from: tensors.inputWeight + 2 * h * inputSize, count: h * inputSize)
    (rotated + h * inputSize).update(from: tensors.inputWeight, count: 2 * h * inputSize)
    backwardInputWeight.update(from: MatrixView(rotated, rows: 3 * h, columns: inputSize))
  }

  /// input T × B × I → `output`; `carriedState` becomes the state after the last step.
  /// - Parameter resets: T × B; other than 0 where the state is zero before the step.
  func forward(
    input: UnsafePointer<Float>, tensors: Tensors, resets: UnsafePointer<UInt8>, team: ThreadTeam
  ) {
    let positions = truncationLength * batchSize
    team.multiply(
      MatrixView(input, rows: positions, columns: inputSize), forwardInputWeight, into: gates.baseAddress,
      rowStride: 4 * hiddenSize)
    team.run { thread in
      let streams = team.share(of: batchSize, unit: streamUnit(of: team), threadIndex: thread)
      guard !streams.isEmpty else { return }
      for t in 0..<truncationLength {
        step(t, streams, tensors, resets, scratch: team.scratch(threadIndex: thread))
      }
      let rows = streams.lowerBound * hiddenSize
      let last = output.baseAddress + (truncationLength - 1) * batchSize * hiddenSize
      (carriedState.baseAddress + rows).update(from: last + rows, count: streams.count * hiddenSize)
    }
  }

  private func step(
    _ t: Int, _ streams: Range<Int>, _ tensors: Tensors, _ resets: UnsafePointer<UInt8>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let h = hiddenSize, kernels = Kernels.current
    let before = t == 0 ? carriedState.baseAddress : output.baseAddress + (t - 1) * batchSize * h
    let previous = previous.baseAddress + t * batchSize * h
    for b in streams {
      if resets[t * batchSize + b] != 0 {
        (previous + b * h).update(repeating: 0, count: h)
      } else {
        (previous + b * h).update(from: before + b * h, count: h)
      }
    }
    let recurrent = recurrent.baseAddress
    kernels.multiply(
      MatrixView(previous, rows: batchSize, columns: h).rows(streams), packed: forwardRecurrentWeight.values,
      into: recurrent + streams.lowerBound * 3 * h, columns: 3 * h, rowStride: 3 * h, accumulate: false,
      scratch: scratch)
    for b in streams {
      let position = t * batchSize + b
      kernels.gruForward(
        hiddenSize: h, gates: gates.baseAddress + position * 4 * h, recurrent: recurrent + b * 3 * h,
        inputBias: tensors.inputBias, recurrentBias: tensors.recurrentBias, previous: previous + b * h,
        next: output.baseAddress + position * h)
    }
  }

  /// outputGradient T × B × H → inputGradient T × B × I, and the tensors' gradients, which are added to. No gradient
  /// enters behind the last step or leaves before the first: backpropagation is truncated there.
  func backward(
    input: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
    inputGradient: UnsafeMutablePointer<Float>,
    gradients: Tensors, resets: UnsafePointer<UInt8>, team: ThreadTeam
  ) {
    team.run { thread in
      let streams = team.share(of: batchSize, unit: streamUnit(of: team), threadIndex: thread)
      guard !streams.isEmpty else { return }
      (carriedGradient.baseAddress + streams.lowerBound * hiddenSize)
        .update(repeating: 0, count: streams.count * hiddenSize)
      for t in (0..<truncationLength).reversed() {
        stepBack(t, streams, outputGradient, resets, scratch: team.scratch(threadIndex: thread))
      }
    }
    addWeightGradients(input: input, inputGradient: inputGradient, gradients: gradients, team: team)
  }

  private func stepBack(
    _ t: Int, _ streams: Range<Int>, _ outputGradient: UnsafePointer<Float>, _ resets: UnsafePointer<UInt8>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let h = hiddenSize, kernels = Kernels.current
    let carried = carriedGradient.baseAddress
    for b in streams {
      let position = t * batchSize + b
      kernels.gruBackward(
        hiddenSize: h, gates: gates.baseAddress + position * 4 * h,
        previous: previous.baseAddress + position * h,
        above: outputGradient + position * h, carry: carried + b * h)
    }
    guard t > 0 else { return }
    let recurrentGradient = MatrixView(
      gates.baseAddress + t * batchSize * 4 * h + h, rows: batchSize, columns: 3 * h, rowStride: 4 * h)
    kernels.multiply(
      recurrentGradient.rows(streams), packed: backwardRecurrentWeight.values,
      into: carried + streams.lowerBound * h, columns: h, rowStride: h, accumulate: true, scratch: scratch)
    for b in streams where resets[t * batchSize + b] != 0 {
      (carried + b * h).update(repeating: 0, count: h)
    }
  }

  private func addWeightGradients(
    input: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>, gradients: Tensors,
    team: ThreadTeam
  ) {
    let h = hiddenSize, positions = truncationLength * batchSize
    let all = MatrixView(gates.baseAddress, rows: positions, columns: 4 * h)
    team.multiply(all.columns(0..<3 * h), backwardInputWeight, into: inputGradient)

    let input = MatrixView(input, rows: positions, columns: inputSize)
    let candidate = all.columns(0..<h), resetAndUpdate = all.columns(h..<3 * h)
    team.multiply(resetAndUpdate.transposed, input, into: gradients.inputWeight, accumulate: true)
    team.multiply(
      candidate.transposed, input, into: gradients.inputWeight + 2 * h * inputSize, accumulate: true)
    team.multiply(
      all.columns(h..<4 * h).transposed, MatrixView(previous.baseAddress, rows: positions, columns: h),
      into: gradients.recurrentWeight, accumulate: true)

    team.addColumnSums(of: resetAndUpdate, to: gradients.inputBias)
    team.addColumnSums(of: candidate, to: gradients.inputBias + 2 * h)
    team.addColumnSums(of: all.columns(h..<4 * h), to: gradients.recurrentBias)
  }

  /// Whole tiles a thread, as long as each thread gets one.
  private func streamUnit(of team: ThreadTeam) -> Int {
    let tile = Kernels.current.tileRows
    return batchSize >= tile * team.threadCount ? tile : 1
  }
}
