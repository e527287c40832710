internal import Arithmetic

/// Runs a stored stack over one stream or over several side by side, one step at a time, on the calling thread. It
/// takes no memory after it is made.
///
/// What a stream gets does not depend on the other streams, bit for bit.
final class StackStepper {
  let weights: StoredStack
  /// How many streams there are, B.
  let streamCount: Int

  private let cell: any RecurrentCell
  private let phases: [CellPhase]
  private let hiddenSize: Int
  /// K·H, G·H and S·H, with the letters of `RecurrentCell`.
  private let savedWidth: Int
  private let gatesWidth: Int
  private let stateWidth: Int

  /// L × B × S·H.
  private let states: AlignedBuffer<Float>
  /// B × K·H: what a layer's cell works on.
  private let saved: AlignedBuffer<Float>
  /// B × G·H: W_h h of a layer.
  private let recurrent: AlignedBuffer<Float>
  /// B × max(I, H), twice: what the layer below gave and what the current one gives, where that is not its state.
  private var below: AlignedBuffer<Float>
  private var current: AlignedBuffer<Float>
  private let rowWidth: Int
  private let statistics = AlignedBuffer<Float>(count: 2)
  private let scratch: AlignedBuffer<UInt8>

  /// What the last layer gave at the last step.
  private var last: Rows?

  /// Rows of numbers, one a stream.
  private struct Rows {
    var values: UnsafePointer<Float>
    var stride: Int
  }

  /// A stepper of `streamCount` streams with zero states.
  init(weights: StoredStack, streamCount: Int) {
    precondition(streamCount > 0, "\(streamCount) streams")
    let configuration = weights.configuration, h = configuration.hiddenSize
    let cell = configuration.cell.implementation
    self.weights = weights
    self.streamCount = streamCount
    self.cell = cell
    phases = cell.phases
    hiddenSize = h
    savedWidth = cell.savedCount * h
    gatesWidth = cell.gateCount * h
    stateWidth = cell.stateCount * h
    rowWidth = max(weights.inputSize, h)
    states = AlignedBuffer(count: configuration.layerCount * streamCount * stateWidth)
    saved = AlignedBuffer(count: streamCount * savedWidth)
    recurrent = AlignedBuffer(count: streamCount * gatesWidth)
    below = AlignedBuffer(count: streamCount * rowWidth)
    current = AlignedBuffer(count: streamCount * rowWidth)
    scratch = AlignedBuffer(count: weights.scratchSize(streams: streamCount))
  }

  /// Where the caller puts what a stream reads next, I numbers; another place before each step.
  func input(ofStream stream: Int) -> UnsafeMutablePointer<Float> { below.baseAddress + stream * rowWidth }

  /// Where the caller puts W_i x of the first layer, G·H numbers, if the weights have no W_i of it.
  func firstGates(ofStream stream: Int) -> UnsafeMutablePointer<Float> {
    saved.baseAddress + stream * savedWidth
  }

  /// Goes one step on with the first streams; the others stay where they are.
  /// - Parameter output: for each of these streams O numbers, W_o h without the bias, after each other.
  func advance(streams: Int, into output: UnsafeMutablePointer<Float>) {
    precondition(streams <= streamCount, "\(streams) of \(streamCount) streams")
    var rows = Rows(values: below.baseAddress, stride: rowWidth)
    for index in weights.layers.indices { rows = advance(layer: index, input: rows, streams: streams) }
    last = rows
    let matrix = weights.outputWeight
    matrix.multiply(
      rows.values, xStride: rows.stride, streams: streams, into: output, yStride: matrix.rows,
      scratch: scratch.baseAddress)
  }

  /// What the last layer gave for a stream at the last step, H numbers; nil before the first. It is to be read before another
  /// step or a change of the states.
  func output(ofStream stream: Int) -> UnsafeBufferPointer<Float>? {
    last.map { UnsafeBufferPointer(start: $0.values + stream * $0.stride, count: hiddenSize) }
  }

  /// - Returns: what the layer gives.
  private func advance(layer index: Int, input: Rows, streams: Int) -> Rows {
    let layer = weights.layers[index]
    let state = states.baseAddress + index * streamCount * stateWidth
    layer.inputWeight?.multiply(
      input.values, xStride: input.stride, streams: streams, into: saved.baseAddress, yStride: savedWidth,
      scratch: scratch.baseAddress)
    for (number, phase) in phases.enumerated() {
      let operand =
        phase.operandBlock.map { Rows(values: saved.baseAddress + $0 * hiddenSize, stride: savedWidth) }
        ?? Rows(values: state, stride: stateWidth)
      layer.recurrentWeights[number].multiply(
        operand.values, xStride: operand.stride, streams: streams,
        into: recurrent.baseAddress + phase.gates.lowerBound * hiddenSize, yStride: gatesWidth,
        scratch: scratch.baseAddress)
      for stream in 0..<streams {
        let hidden = state + stream * stateWidth
        cell.forward(
          CellForwardStep(
            hiddenSize: hiddenSize, saved: saved.baseAddress + stream * savedWidth,
            recurrent: recurrent.baseAddress + stream * gatesWidth, inputBias: layer.inputBias,
            recurrentBias: layer.recurrentBias, previous: hidden, memory: hidden + hiddenSize, next: hidden),
          phase: number)
      }
    }
    return output(
      of: layer, state: state, input: input, inputWidth: index == 0 ? weights.inputSize : hiddenSize,
      streams: streams)
  }

  /// The layer's state as it is, or what normalization and the residual sum make of it.
  private func output(
    of layer: StoredStack.Layer, state: UnsafeMutablePointer<Float>, input: Rows, inputWidth: Int,
    streams: Int
  ) -> Rows {
    let isResidual = weights.configuration.isResidual && inputWidth == hiddenSize
    guard isResidual || layer.norm != nil else { return Rows(values: state, stride: stateWidth) }
    let kernels = Kernels.current
    for stream in 0..<streams {
      let hidden = state + stream * stateWidth, output = current.baseAddress + stream * rowWidth
      if let norm = layer.norm {
        kernels.normalize(
          hidden, count: hiddenSize, weight: norm.weight, bias: norm.bias,
          epsilon: LayerNormalization.epsilon, into: output, statistics: statistics.baseAddress)
      } else {
        output.update(from: hidden, count: hiddenSize)
      }
      if isResidual { kernels.add(input.values + stream * input.stride, to: output, count: hiddenSize) }
    }
    swap(&below, &current)
    return Rows(values: below.baseAddress, stride: rowWidth)
  }
}

// MARK: - States

extension StackStepper {
  /// The state of a stream in all layers, L × S·H.
  func state(ofStream stream: Int) -> [Float] { pieces(ofStream: stream).flatMap { states.elements[$0] } }

  func setState(_ state: [Float], ofStream stream: Int) {
    let pieces = pieces(ofStream: stream)
    precondition(
      state.count == pieces.count * stateWidth,
      "\(state.count) numbers for \(pieces.count * stateWidth) of state")
    for (index, piece) in pieces.enumerated() {
      (states.baseAddress + piece.lowerBound)
        .update(from: Array(state[index * stateWidth..<(index + 1) * stateWidth]), count: stateWidth)
    }
  }

  func copyState(ofStream source: Int, to target: Int) {
    for (from, to) in zip(pieces(ofStream: source), pieces(ofStream: target)) {
      (states.baseAddress + to.lowerBound).update(
        from: states.baseAddress + from.lowerBound, count: stateWidth)
    }
  }

  /// Makes the states of all streams zero.
  func reset() { states.clear() }

  func reset(stream: Int) {
    for piece in pieces(ofStream: stream) {
      (states.baseAddress + piece.lowerBound).update(repeating: 0, count: stateWidth)
    }
  }

  /// The state of a stream, layer by layer.
  private func pieces(ofStream stream: Int) -> [Range<Int>] {
    precondition((0..<streamCount).contains(stream), "stream \(stream) of \(streamCount)")
    return weights.layers.indices.map { layer in
      let start = (layer * streamCount + stream) * stateWidth
      return start..<start + stateWidth
    }
  }
}
