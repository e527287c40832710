public import Arithmetic

/// Runs a model over one stream of ids or over several side by side, one step at a time, on the calling thread. It
/// takes no memory after it is made.
///
/// What a stream gets does not depend on the other streams, bit for bit: a piece that was sampled among others can be
/// had again by itself. So threads share streams, each with a sampler of its own on the same weights.
public final class LanguageModelSampler {
  /// The weights that are read.
  public let weights: SamplerWeights
  /// How many streams there are, B.
  public let streamCount: Int
  /// The architecture of the model that is run.
  public var configuration: LanguageModelConfiguration { weights.configuration }

  private let stepper: StackStepper
  // Read at every step, and stored, since the configuration that has them is a copy.
  private let vocabulary: Int
  private let contextSizes: [Int]
  /// B × V.
  private let logits: AlignedBuffer<Float>
  /// How many streams of the stepper each stream has, R: a second one for guidance. They stand beside each other.
  private let rows: Int
  /// B·R × V, where streams are guided.
  private let ownLogits: AlignedBuffer<Float>

  /// A sampler of one stream at the beginning of a piece.
  public convenience init(model: Network, format: WeightFormat = .float32) {
    self.init(weights: SamplerWeights(model: model, format: format))
  }

  /// A sampler of `streamCount` streams at the beginnings of pieces.
  public init(weights: SamplerWeights, streamCount: Int = 1) {
    self.weights = weights
    vocabulary = weights.configuration.vocabularySize
    contextSizes = weights.configuration.contextSizes
    self.streamCount = streamCount
    rows = weights.guidance == nil ? 1 : 2
    stepper = StackStepper(weights: weights.stack, streamCount: streamCount * rows)
    ownLogits = AlignedBuffer(
      count: rows == 1 ? 0 : streamCount * rows * weights.configuration.vocabularySize)
    logits = AlignedBuffer(count: streamCount * weights.configuration.vocabularySize)
    reset()
  }

  /// Feeds one id to the first stream and lets `body` read the logits of the next, V of them.
  /// - Parameters:
  ///   - id: The id.
  ///   - context: What the network is told beside it: an index of each feature of the model's context, −1 for nothing.
  ///   - body: Reads the logits.
  public func advance<Result, Failure: Error>(
    _ id: Int32, context: [Int32] = [], _ body: (_ logits: Span<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    advance(id, context: context)
    return try withLogits(ofStream: 0, body)
  }

  /// Feeds an id to each of the first streams, as many as there are ids; the others stay where they are.
  public func advance(_ ids: Span<Int32>) { ids.withUnsafeBufferPointer { advance($0) } }

  /// The same of a model with a context.
  /// - Parameters:
  ///   - ids: An id for each stream.
  ///   - contexts: What each stream is told beside it, C indices a stream; −1 for nothing.
  public func advance(_ ids: Span<Int32>, contexts: Span<Int32>) {
    ids.withUnsafeBufferPointer { ids in
      contexts.withUnsafeBufferPointer { advance(ids, contexts: $0) }
    }
  }

  /// Lets `body` read the logits of a stream's next id, V of them.
  public func withLogits<Result, Failure: Error>(
    ofStream stream: Int, _ body: (_ logits: Span<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(logits(ofStream: stream).span)
  }

  /// Feeds one id to the first stream, with an index of each feature of the model's context, −1 for nothing.
  /// - Returns: the logits of the next, V of them; valid until the next call and as long as this object lives.
  @discardableResult
  package func advance(_ id: Int32, context: [Int32] = []) -> UnsafeBufferPointer<Float> {
    withUnsafePointer(to: id) { id in
      context.withUnsafeBufferPointer {
        advance(UnsafeBufferPointer(start: id, count: 1), contexts: $0)
      }
    }
    return logits(ofStream: 0)
  }

  /// Feeds an id to each of the first streams, as many as there are ids; the others stay where they are. `contexts` has C
  /// indices for each of the streams.
  package func advance(
    _ ids: UnsafeBufferPointer<Int32>,
    contexts: UnsafeBufferPointer<Int32> = UnsafeBufferPointer(start: nil, count: 0)
  ) {
    let features = contextSizes.count
    precondition(ids.count <= streamCount, "\(ids.count) ids for \(streamCount) streams")
    precondition(
      contexts.count == ids.count * features,
      "a context of \(contexts.count) indices for \(ids.count) ids of a model that is told \(features) of each"
    )
    for (stream, id) in ids.enumerated() {
      precondition(id >= 0 && id < vocabulary, "id \(id) is outside a vocabulary of \(vocabulary)")
      for row in 0..<rows {
        let id = row == 0 ? id : weights.guidance?.openIDs[Int(id)] ?? id
        embed(row: Int(id), stream: stream * rows + row)
        for feature in 0..<features {
          let index = Int(contexts[stream * features + feature])
          let size = contextSizes[feature]
          precondition(index >= -1 && index < size, "index \(index) is outside a feature of \(size) values")
          if row > 0, weights.guidance?.openFeatures.contains(feature) == true { continue }
          if index >= 0 { add(row: weights.contextRows[feature] + index, stream: stream * rows + row) }
        }
      }
    }
    if let guidance = weights.guidance {
      stepper.advance(streams: ids.count * rows, into: ownLogits.baseAddress)
      for stream in ids.indices { guide(stream, by: guidance.scale) }
    } else {
      stepper.advance(streams: ids.count, into: logits.baseAddress)
    }
    for stream in ids.indices {
      Kernels.current.add(
        weights.stack.outputBias, to: logits.baseAddress + stream * vocabulary, count: vocabulary)
    }
  }

  /// Puts a stream's logits together of those with the condition and those without it. The output's bias is not yet in either, and
  /// its share in the sum is one.
  private func guide(_ stream: Int, by scale: Float) {
    let told = ownLogits.baseAddress + stream * rows * vocabulary, open = told + vocabulary
    let result = logits.baseAddress + stream * vocabulary
    for id in 0..<vocabulary { result[id] = open[id] + scale * (told[id] - open[id]) }
  }

  /// The logits of a stream's next id, V of them; valid until the next step and as long as this object lives.
  package func logits(ofStream stream: Int) -> UnsafeBufferPointer<Float> {
    precondition((0..<streamCount).contains(stream), "stream \(stream) of \(streamCount)")
    return UnsafeBufferPointer(start: logits.baseAddress + stream * vocabulary, count: vocabulary)
  }

  /// What the last layer gave for a stream at the last step, from which the logits come, H numbers. It is to be read before
  /// another step or a change of the states.
  package func output(ofStream stream: Int) -> UnsafeBufferPointer<Float> {
    guard let output = stepper.output(ofStream: stream * rows) else {
      preconditionFailure("before its first step a network gives nothing")
    }
    return output
  }

  /// Lets a stream's input be a row of the tables.
  private func embed(row: Int, stream: Int) {
    if let table = weights.table {
      let width = weights.tableWidth
      stepper.firstGates(ofStream: stream).update(from: table.baseAddress + row * width, count: width)
    }
    if let embedding = weights.embedding {
      let size = configuration.embeddingSize
      stepper.input(ofStream: stream).update(from: embedding.baseAddress + row * size, count: size)
    }
  }

  /// Adds another row of the tables to it.
  private func add(row: Int, stream: Int) {
    let kernels = Kernels.current
    if let table = weights.table {
      let width = weights.tableWidth
      kernels.add(
        table.baseAddress + row * width, to: stepper.firstGates(ofStream: stream), count: width)
    }
    if let embedding = weights.embedding {
      let size = configuration.embeddingSize
      kernels.add(embedding.baseAddress + row * size, to: stepper.input(ofStream: stream), count: size)
    }
  }
}

// MARK: - States

extension LanguageModelSampler {
  /// The state of the first stream in all layers, L × S·H; S is 2 for the LSTM (h, then c) and else 1. That of a guided stream is
  /// twice as long: with the condition, and without it.
  public var state: [Float] {
    get { state(ofStream: 0) }
    set { setState(newValue, ofStream: 0) }
  }

  /// The state of a stream in all layers, L × S·H.
  public func state(ofStream stream: Int) -> [Float] {
    rows == 1
      ? stepper.state(ofStream: stream)
      : (0..<rows).flatMap { stepper.state(ofStream: stream * rows + $0) }
  }

  /// Gives a stream a state, L × S·H.
  public func setState(_ state: [Float], ofStream stream: Int) {
    guard rows > 1 else { return stepper.setState(state, ofStream: stream) }
    let size = state.count / rows
    for row in 0..<rows {
      stepper.setState(Array(state[row * size..<(row + 1) * size]), ofStream: stream * rows + row)
    }
  }

  /// Gives a stream the state and the logits of another.
  public func copyStream(_ source: Int, to target: Int) {
    for row in 0..<rows { stepper.copyState(ofStream: source * rows + row, to: target * rows + row) }
    (logits.baseAddress + target * vocabulary)
      .update(from: logits.baseAddress + source * vocabulary, count: vocabulary)
  }

  /// Makes the states of all streams what they are at the beginning of a piece: zero, or the initial state of the weights.
  public func reset() {
    guard !weights.initialState.isEmpty else { return stepper.reset() }
    for stream in 0..<streamCount { reset(stream: stream) }
  }

  /// Makes the state of a stream what it is at the beginning of a piece.
  public func reset(stream: Int) {
    for row in stream * rows..<(stream + 1) * rows {
      if weights.initialState.isEmpty {
        stepper.reset(stream: row)
      } else {
        stepper.setState(weights.initialState, ofStream: row)
      }
    }
  }
}
