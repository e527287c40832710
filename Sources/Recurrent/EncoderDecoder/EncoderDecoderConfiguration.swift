/// The architecture of a network that reads one sequence of ids and writes another (Sutskever, Vinyals & Le 2014) with
/// attention, in the form of Luong, Pham & Manning (2015) without input feeding:
///
///     m      = encoder(embedding(x))            every row of the source
///     h      = decoder(embedding(y), h₀)        every row of the target, which the begin id precedes
///     c      = Σ α m,  α = softmax(e(h, m))     attention
///     a      = tanh(W [c; h])                   the attentional state, as long as h
///     p(y')  = softmax(W_o a + b_o)
///
/// No input of the decoder depends on an attention, so that in training, where the target is known, it runs over all steps
/// before the first attention. Bahdanau, Cho & Bengio (2015) ask with the decoder's state before a step instead of after it.
///
/// h₀ comes from the encoder's final states: see `bridge`.
public struct EncoderDecoderConfiguration: Codable, Sendable, Hashable {
  /// How the decoder's first state comes from the encoder's last.
  public enum Bridge: String, Codable, Sendable, CaseIterable {
    /// Layer by layer as it is. Both stacks are of one cell, of one size, of as many layers and of one direction.
    case copy
    /// h₀ = tanh(W s + b), all of the decoder's layers side by side (for LSTM the cells after the outputs of each layer);
    /// s is the last output of the encoder's top layer, and the first of its other direction.
    case learned
  }

  /// How many ids a source is made of.
  public var sourceVocabularySize: Int
  /// How many ids a target is made of, V, those that begin and end it included.
  public var targetVocabularySize: Int
  /// The length of an embedded id, E.
  public var embeddingSize: Int
  /// The stack that reads.
  public var encoder: StackConfiguration
  /// The stack that writes; of one direction.
  public var decoder: StackConfiguration
  /// What the decoder looks at.
  public var attention: AttentionConfiguration
  /// How the decoder's first state comes from the encoder's last.
  public var bridge: Bridge
  /// What the decoder takes before the first id of a target.
  public var beginID: Int32
  /// What it gives after the last.
  public var endID: Int32

  /// An architecture. The embedding below a stack has the stack's dropout.
  /// - Parameters:
  ///   - sourceVocabularySize: the number of ids of a source.
  ///   - targetVocabularySize: the number of ids of a target.
  ///   - embeddingSize: the length of an embedding, of either vocabulary.
  ///   - encoder: the stack that reads the source.
  ///   - decoder: the stack that writes the target.
  ///   - attention: how the decoder looks at the source.
  ///   - endID: the id that ends a target.
  ///   - beginID: by default the id that also ends a target.
  ///   - bridge: by default a copy where that fits.
  public init(
    sourceVocabularySize: Int, targetVocabularySize: Int, embeddingSize: Int, encoder: StackConfiguration,
    decoder: StackConfiguration, attention: AttentionConfiguration = AttentionConfiguration(),
    bridge: Bridge? = nil,
    beginID: Int32? = nil, endID: Int32
  ) {
    self.sourceVocabularySize = sourceVocabularySize
    self.targetVocabularySize = targetVocabularySize
    self.embeddingSize = embeddingSize
    self.encoder = encoder
    self.decoder = decoder
    self.attention = attention
    self.bridge = bridge ?? (Self.canCopyState(from: encoder, to: decoder) ? .copy : .learned)
    self.beginID = beginID ?? endID
    self.endID = endID
    if let fault { preconditionFailure(fault) }
  }

  private static func canCopyState(from encoder: StackConfiguration, to decoder: StackConfiguration) -> Bool {
    !encoder.isBidirectional && encoder.cell == decoder.cell && encoder.hiddenSize == decoder.hiddenSize
      && encoder.layerCount == decoder.layerCount
  }

  /// What is invalid in it, in words, or nil.
  var fault: String? {
    let (ids, units) = (ArchitectureLimit.ids, ArchitectureLimit.units)
    for size in [sourceVocabularySize, targetVocabularySize] where !ids.contains(size) {
      return "a vocabulary of \(size) ids, outside 1 to \(ids.upperBound)"
    }
    if !units.contains(embeddingSize) {
      return "an embedding of \(embeddingSize) numbers, outside 1 to \(units.upperBound)"
    }
    if let fault = encoder.fault { return "encoder: \(fault)" }
    if let fault = decoder.fault { return "decoder: \(fault)" }
    if let fault = attention.fault { return fault }
    if decoder.isBidirectional { return "a decoder cannot be bidirectional: it would see its own output" }
    if attention.score == .dot, encoder.outputSize != decoder.outputSize {
      return
        "the dot product needs an encoder and a decoder with outputs of the same size, not \(encoder.outputSize) and \(decoder.outputSize)"
    }
    if bridge == .copy, !Self.canCopyState(from: encoder, to: decoder) {
      return "the encoder's states do not fit the decoder, which the bridge \"copy\" needs"
    }
    let targetIDs = 0..<Int32(targetVocabularySize)
    if !targetIDs.contains(beginID) || !targetIDs.contains(endID) {
      return
        "the ids \(beginID) and \(endID) that begin and end a target are outside a vocabulary of \(targetVocabularySize)"
    }
    return nil
  }

  /// How many numbers of state a layer of the decoder has.
  var decoderStateSize: Int { decoder.cell.implementation.stateCount * decoder.hiddenSize }

  /// The names and shapes of the weights, in their order in the buffer.
  var parameterShapes: [(name: String, shape: [Int])] {
    let (k, h) = (encoder.outputSize, decoder.outputSize)
    var shapes: [(name: String, shape: [Int])] = [
      ("encoder.embedding.weight", [sourceVocabularySize, embeddingSize])
    ]
    shapes += RecurrentStack.parameterShapes(
      configuration: encoder, inputSize: embeddingSize, namePrefix: "encoder.rnn")
    if bridge == .learned {
      let count = decoder.layerCount * decoderStateSize
      shapes += [("bridge.weight", [count, k]), ("bridge.bias", [count])]
    }
    shapes.append(("decoder.embedding.weight", [targetVocabularySize, embeddingSize]))
    shapes += RecurrentStack.parameterShapes(
      configuration: decoder, inputSize: embeddingSize, namePrefix: "decoder.rnn")
    shapes += attention.parameterShapes(querySize: h, memorySize: k)
    return shapes + [
      ("attention.combination.weight", [h, k + h]), ("output.weight", [targetVocabularySize, h]),
      ("output.bias", [targetVocabularySize]),
    ]
  }

  /// How many weights such a network has.
  public var parameterCount: Int { parameterShapes.reduce(0) { $0 + $1.shape.reduce(1, *) } }
}
