public import Arithmetic

/// Runs a model over one stream of ids or over several beside each other, one step at a time, on the calling thread. It
/// takes no memory after it is made.
///
/// What a stream gets does not depend on the streams beside it, bit for bit: a piece that was sampled among others can be
/// had again by itself. So threads share streams, each with a sampler of its own on the same weights.
public final class LanguageModelSampler {
  /// The weights that are read.
  public let weights: SamplerWeights
  /// How many streams there are, B.
  public let streamCount: Int
  /// The architecture of the model that is run.
  public var configuration: LanguageModelConfiguration { weights.configuration }

  private let cell: any RecurrentCell
  private let phases: [CellPhase]
  private let hiddenSize: Int
  /// K·H, G·H and S·H, with the letters of `RecurrentCell`.
  private let keptWidth: Int
  private let gatesWidth: Int
  private let stateWidth: Int

  /// L × B × S·H.
  private let states: AlignedBuffer<Float>
  /// B × K·H: what a layer's cell works on.
  private let kept: AlignedBuffer<Float>
  /// B × G·H: W_h h of a layer.
  private let recurrent: AlignedBuffer<Float>
  /// B × max(E, H), twice: what the layer below gave and what the current one gives, where that is not its state.
  private var below: AlignedBuffer<Float>
  private var current: AlignedBuffer<Float>
  private let outputWidth: Int
  /// B × V.
  private let logits: AlignedBuffer<Float>
  private let statistics = AlignedBuffer<Float>(count: 2)
  private let scratch: AlignedBuffer<UInt8>

  /// Rows of numbers, one a stream.
  private struct Rows {
    var values: UnsafePointer<Float>
    var stride: Int
  }

  /// A sampler of one stream with a zero state.
  public convenience init(model: LanguageModel, format: WeightFormat = .float32) {
    self.init(weights: SamplerWeights(model: model, format: format))
  }

  /// A sampler of `streamCount` streams with zero states.
  public init(weights: SamplerWeights, streamCount: Int = 1) {
    precondition(streamCount > 0, "a sampler of \(streamCount) streams")
    let configuration = weights.configuration, h = configuration.hiddenSize
    let cell = configuration.cell.implementation
    self.weights = weights
    self.streamCount = streamCount
    self.cell = cell
    phases = cell.phases
    hiddenSize = h
    keptWidth = cell.keptCount * h
    gatesWidth = cell.gateCount * h
    stateWidth = cell.stateCount * h
    outputWidth = max(configuration.embeddingSize, h)
    states = AlignedBuffer(count: configuration.layerCount * streamCount * stateWidth)
    kept = AlignedBuffer(count: streamCount * keptWidth)
    recurrent = AlignedBuffer(count: streamCount * gatesWidth)
    below = AlignedBuffer(count: streamCount * outputWidth)
    current = AlignedBuffer(count: streamCount * outputWidth)
    logits = AlignedBuffer(count: streamCount * configuration.vocabularySize)
    let matrices =
      weights.layers.flatMap { $0.recurrentWeights + [$0.inputWeight].compactMap(\.self) }
      + [weights.outputWeight]
    scratch = AlignedBuffer(count: matrices.map { $0.scratchSize(streams: streamCount) }.max() ?? 0)
  }

  /// Feeds one id to the first stream.
  /// - Returns: the logits of the next, V of them; valid until the next call and as long as this object lives.
  @discardableResult
  public func advance(_ id: Int32) -> UnsafeBufferPointer<Float> {
    withUnsafePointer(to: id) { advance(UnsafeBufferPointer(start: $0, count: 1)) }
    return logits(ofStream: 0)
  }

  /// Feeds an id to each of the first streams, as many as there are ids; the others stay where they are.
  public func advance(_ ids: UnsafeBufferPointer<Int32>) {
    let vocabulary = configuration.vocabularySize, kernels = Kernels.current
    precondition(ids.count <= streamCount, "\(ids.count) ids for \(streamCount) streams")
    for id in ids {
      precondition(id >= 0 && id < vocabulary, "id \(id) is outside a vocabulary of \(vocabulary)")
    }
    var input = embed(ids)
    for index in weights.layers.indices {
      input = advance(layer: index, input: input, streams: ids.count)
    }
    weights.outputWeight.multiply(
      input.values, xStride: input.stride, streams: ids.count, into: logits.baseAddress, yStride: vocabulary,
      scratch: scratch.baseAddress)
    for stream in ids.indices {
      kernels.add(weights.outputBias, to: logits.baseAddress + stream * vocabulary, count: vocabulary)
    }
  }

  /// The logits of a stream's next id, V of them; valid until the next step and as long as this object lives.
  public func logits(ofStream stream: Int) -> UnsafeBufferPointer<Float> {
    check(stream)
    let vocabulary = configuration.vocabularySize
    return UnsafeBufferPointer(start: logits.baseAddress + stream * vocabulary, count: vocabulary)
  }

  /// Puts what the first layer's input weights make of the ids where its cell looks for it, or the embedded ids where the
  /// layer multiplies them.
  private func embed(_ ids: UnsafeBufferPointer<Int32>) -> Rows {
    let size = configuration.embeddingSize
    for (stream, id) in ids.enumerated() {
      if let table = weights.table {
        (kept.baseAddress + stream * keptWidth)
          .update(from: table.baseAddress + Int(id) * gatesWidth, count: gatesWidth)
      }
      if let embedding = weights.embedding {
        (below.baseAddress + stream * outputWidth)
          .update(from: embedding.baseAddress + Int(id) * size, count: size)
      }
    }
    return Rows(values: below.baseAddress, stride: outputWidth)
  }

  /// - Returns: what the layer gives.
  private func advance(layer index: Int, input: Rows, streams: Int) -> Rows {
    let layer = weights.layers[index]
    let state = states.baseAddress + index * streamCount * stateWidth
    layer.inputWeight?.multiply(
      input.values, xStride: input.stride, streams: streams, into: kept.baseAddress, yStride: keptWidth,
      scratch: scratch.baseAddress)
    for (number, phase) in phases.enumerated() {
      let operand =
        phase.operandBlock.map { Rows(values: kept.baseAddress + $0 * hiddenSize, stride: keptWidth) }
        ?? Rows(values: state, stride: stateWidth)
      layer.recurrentWeights[number].multiply(
        operand.values, xStride: operand.stride, streams: streams,
        into: recurrent.baseAddress + phase.gates.lowerBound * hiddenSize, yStride: gatesWidth,
        scratch: scratch.baseAddress)
      for stream in 0..<streams {
        let hidden = state + stream * stateWidth
        cell.forward(
          CellForwardStep(
            hiddenSize: hiddenSize, kept: kept.baseAddress + stream * keptWidth,
            recurrent: recurrent.baseAddress + stream * gatesWidth, inputBias: layer.inputBias,
            recurrentBias: layer.recurrentBias, previous: hidden, memory: hidden + hiddenSize, next: hidden),
          phase: number)
      }
    }
    return output(
      of: layer, state: state, input: input,
      inputWidth: index == 0 ? configuration.embeddingSize : hiddenSize, streams: streams)
  }

  /// The layer's state as it is, or what normalisation and the residual sum make of it.
  private func output(
    of layer: SamplerWeights.Layer, state: UnsafeMutablePointer<Float>, input: Rows, inputWidth: Int,
    streams: Int
  ) -> Rows {
    let isResidual = configuration.isResidual && inputWidth == hiddenSize, kernels = Kernels.current
    guard isResidual || layer.norm != nil else { return Rows(values: state, stride: stateWidth) }
    for stream in 0..<streams {
      let hidden = state + stream * stateWidth, output = current.baseAddress + stream * outputWidth
      if let norm = layer.norm {
        kernels.normalize(
          hidden, count: hiddenSize, weight: norm.weight, bias: norm.bias,
          epsilon: LayerNormalization.epsilon,
          into: output, statistics: statistics.baseAddress)
      } else {
        output.update(from: hidden, count: hiddenSize)
      }
      if isResidual { kernels.add(input.values + stream * input.stride, to: output, count: hiddenSize) }
    }
    swap(&below, &current)
    return Rows(values: below.baseAddress, stride: outputWidth)
  }
}

// MARK: - States

extension LanguageModelSampler {
  /// The state of the first stream in all layers, L × S·H; S is 2 for the LSTM (h, then c) and else 1.
  public var state: [Float] {
    get { state(ofStream: 0) }
    set { setState(newValue, ofStream: 0) }
  }

  /// The state of a stream in all layers, L × S·H.
  public func state(ofStream stream: Int) -> [Float] {
    pieces(ofStream: stream).flatMap { states.elements[$0] }
  }

  /// Gives a stream a state, L × S·H.
  public func setState(_ state: [Float], ofStream stream: Int) {
    let pieces = pieces(ofStream: stream)
    precondition(
      state.count == pieces.count * stateWidth,
      "\(state.count) numbers for \(pieces.count * stateWidth) of state")
    for (index, piece) in pieces.enumerated() {
      (states.baseAddress + piece.lowerBound)
        .update(from: Array(state[index * stateWidth..<(index + 1) * stateWidth]), count: stateWidth)
    }
  }

  /// Gives a stream the state and the logits of another.
  public func copyStream(_ source: Int, to target: Int) {
    let vocabulary = configuration.vocabularySize
    for (from, to) in zip(pieces(ofStream: source), pieces(ofStream: target)) {
      (states.baseAddress + to.lowerBound).update(
        from: states.baseAddress + from.lowerBound, count: stateWidth)
    }
    (logits.baseAddress + target * vocabulary)
      .update(from: logits.baseAddress + source * vocabulary, count: vocabulary)
  }

  /// Makes the states of all streams zero, as at the beginning of a piece.
  public func reset() { states.clear() }

  /// Makes the state of a stream zero.
  public func reset(stream: Int) {
    for piece in pieces(ofStream: stream) {
      (states.baseAddress + piece.lowerBound).update(repeating: 0, count: stateWidth)
    }
  }

  /// Where the state of a stream stands, layer by layer.
  private func pieces(ofStream stream: Int) -> [Range<Int>] {
    check(stream)
    return (0..<configuration.layerCount).map { layer in
      let start = (layer * streamCount + stream) * stateWidth
      return start..<start + stateWidth
    }
  }

  fileprivate func check(_ stream: Int) {
    precondition((0..<streamCount).contains(stream), "stream \(stream) of \(streamCount)")
  }
}
