/// The architecture of a language model over ids: embedding, stacked recurrent layers, linear output.
///
/// All that its shape says can be asked of it directly: `configuration.hiddenSize`.
@dynamicMemberLookup
public struct LanguageModelConfiguration: Sendable, Hashable {
  /// All but the vocabulary.
  public var shape: LanguageModelShape
  /// How many ids there are, V.
  public var vocabularySize: Int

  /// An architecture of this shape for `vocabularySize` ids, at least one; the shape must have no fault.
  public init(_ shape: LanguageModelShape, vocabularySize: Int) {
    self.shape = shape
    self.vocabularySize = vocabularySize
    if let fault { preconditionFailure(fault) }
  }

  /// What makes no sense in it, if anything does.
  var fault: String? { Self.fault(of: shape, vocabularySize: vocabularySize) }

  /// What would make no sense in an architecture of these parts, if anything would.
  static func fault(of shape: LanguageModelShape, vocabularySize: Int) -> String? {
    if let fault = shape.fault { return "the \(fault.name) is \(fault.value); expected \(fault.expected)" }
    let ids = ArchitectureLimit.ids
    return ids.contains(vocabularySize)
      ? nil : "a vocabulary of \(vocabularySize) ids, where there may be 1 to \(ids.upperBound)"
  }

  /// An architecture; all sizes at least 1, probabilities in 0 ..< 1.
  public init(
    cell: Cell = .gru, vocabularySize: Int, embeddingSize: Int, hiddenSize: Int, layerCount: Int,
    dropout: Double = 0, embeddingDropout: Double? = nil, dropoutKind: DropoutKind = .independent,
    isResidual: Bool = false, normalizesLayers: Bool = false, tiesEmbedding: Bool = false
  ) {
    self.init(
      LanguageModelShape(
        cell: cell, embeddingSize: embeddingSize, hiddenSize: hiddenSize, layerCount: layerCount,
        dropout: dropout, embeddingDropout: embeddingDropout, dropoutKind: dropoutKind,
        isResidual: isResidual, normalizesLayers: normalizesLayers, tiesEmbedding: tiesEmbedding),
      vocabularySize: vocabularySize)
  }

  /// What the shape says.
  @inlinable
  public subscript<Value>(dynamicMember member: WritableKeyPath<LanguageModelShape, Value>) -> Value {
    get { shape[keyPath: member] }
    set { shape[keyPath: member] = newValue }
  }

  /// The recurrent layers.
  public var stack: StackConfiguration { shape.stack }
}

extension LanguageModelConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case vocabularySize
  }

  /// Reads an architecture: the fields of its shape, and beside them its vocabulary's size.
  /// - Throws: `DecodingError` also where a number makes no sense.
  public init(from decoder: any Decoder) throws {
    shape = try LanguageModelShape(from: decoder)
    vocabularySize = try decoder.container(keyedBy: CodingKeys.self).decode(
      Int.self, forKey: .vocabularySize)
    if let fault {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: fault))
    }
  }

  /// Writes the fields of the shape, and beside them the vocabulary's size.
  public func encode(to encoder: any Encoder) throws {
    try shape.encode(to: encoder)
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(vocabularySize, forKey: .vocabularySize)
  }
}

extension LanguageModelConfiguration {
  /// The names and shapes of the weights, in their order in the buffer. A tied output has a bias alone.
  var parameterShapes: [(name: String, shape: [Int])] {
    [("embedding.weight", [vocabularySize, shape.embeddingSize])]
      + RecurrentStack.parameterShapes(
        configuration: stack, inputSize: shape.embeddingSize, namePrefix: "rnn")
      + (shape.tiesEmbedding ? [] : [("output.weight", [vocabularySize, shape.hiddenSize])])
      + [("output.bias", [vocabularySize])]
  }

  /// The name of the tensor that is the output's weight.
  var outputWeightName: String { shape.tiesEmbedding ? "embedding.weight" : "output.weight" }

  /// How many weights such a network has.
  public var parameterCount: Int { parameterShapes.reduce(0) { $0 + $1.shape.reduce(1, *) } }
}
