/// The architecture of a language model over ids: embedding, stacked recurrent layers, linear output. It is a short way to
/// say which `Network.Configuration` is meant; see `network`.
///
/// The properties of its shape are available directly: `configuration.hiddenSize`.
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

  /// What is invalid in it, or nil.
  var fault: String? { Self.fault(of: shape, vocabularySize: vocabularySize) }

  /// What would be invalid in an architecture of these parts, or nil.
  static func fault(of shape: LanguageModelShape, vocabularySize: Int) -> String? {
    if let fault = shape.fault { return "the \(fault.name) is \(fault.value); expected \(fault.expected)" }
    let ids = ArchitectureLimit.ids
    return ids.contains(vocabularySize)
      ? nil : "a vocabulary of \(vocabularySize) ids, outside 1 to \(ids.upperBound)"
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

  /// The properties of the shape.
  @inlinable
  public subscript<Value>(dynamicMember member: WritableKeyPath<LanguageModelShape, Value>) -> Value {
    get { shape[keyPath: member] }
    set { shape[keyPath: member] = newValue }
  }

  /// The recurrent layers.
  public var stack: StackConfiguration { shape.stack }

  /// The network that it is the architecture of.
  public var network: Network.Configuration {
    Network.Configuration(
      input: .ids(
        vocabularySize, embeddingSize: shape.embeddingSize, dropout: shape.embeddingDropout ?? shape.dropout),
      stack: shape.stack, head: .softmax(classCount: vocabularySize), tiesEmbedding: shape.tiesEmbedding)
  }

  /// How many weights such a network has.
  public var parameterCount: Int { network.parameterCount }

  /// How many tensors they make.
  package var tensorCount: Int { network.parameterShapes.count }

  /// How many numbers a stream carries from one window to the next, L × S·H.
  package var carriedStateSize: Int {
    shape.layerCount * shape.cell.implementation.stateCount * shape.hiddenSize
  }
}

extension LanguageModelConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case vocabularySize
  }

  /// Reads an architecture: the fields of its shape, and besides them its vocabulary's size.
  /// - Throws: `DecodingError` also if a number is invalid.
  public init(from decoder: any Decoder) throws {
    shape = try LanguageModelShape(from: decoder)
    vocabularySize = try decoder.container(keyedBy: CodingKeys.self).decode(
      Int.self, forKey: .vocabularySize)
    if let fault {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: fault))
    }
  }

  /// Writes the fields of the shape, and besides them the vocabulary's size.
  public func encode(to encoder: any Encoder) throws {
    try shape.encode(to: encoder)
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(vocabularySize, forKey: .vocabularySize)
  }
}
