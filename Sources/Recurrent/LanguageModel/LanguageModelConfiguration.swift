/// The architecture of a language model over ids: embedding, stacked recurrent layers, linear output. It is a short way to
/// say which `Network.Configuration` is meant; see `network`.
///
/// Beside the ids it may be told at each step what is known of the place of the next one, such as the position in the bar:
/// its context, an index of each of several vocabularies, whose embeddings are added to that of the id.
///
/// The properties of its shape are available directly: `configuration.hiddenSize`.
@dynamicMemberLookup
public struct LanguageModelConfiguration: Sendable, Hashable {
  /// All but the vocabulary.
  public var shape: LanguageModelShape
  /// How many ids there are, V.
  public var vocabularySize: Int
  /// How many values each feature of the context has, C numbers; empty where the network is told the ids alone.
  public var contextSizes: [Int]

  /// An architecture of a shape without a fault.
  /// - Parameters:
  ///   - shape: All but the vocabularies.
  ///   - vocabularySize: How many ids there are, at least one.
  ///   - contextSizes: How many values each feature of the context has, at least one each.
  public init(_ shape: LanguageModelShape, vocabularySize: Int, contextSizes: [Int] = []) {
    self.shape = shape
    self.vocabularySize = vocabularySize
    self.contextSizes = contextSizes
    if let fault { preconditionFailure(fault) }
  }

  /// What is invalid in it, or nil.
  var fault: String? {
    Self.fault(of: shape, vocabularySize: vocabularySize, contextSizes: contextSizes)
  }

  /// What would be invalid in an architecture of these parts, or nil.
  static func fault(
    of shape: LanguageModelShape, vocabularySize: Int, contextSizes: [Int] = []
  ) -> String? {
    if let fault = shape.fault { return "the \(fault.name) is \(fault.value); expected \(fault.expected)" }
    let ids = ArchitectureLimit.ids
    guard ids.contains(vocabularySize) else {
      return "a vocabulary of \(vocabularySize) ids, outside 1 to \(ids.upperBound)"
    }
    if let size = contextSizes.first(where: { !ids.contains($0) }) {
      return "a feature of the context with \(size) values, outside 1 to \(ids.upperBound)"
    }
    return contextSizes.count < ArchitectureLimit.vocabularyCount
      ? nil
      : "a context of \(contextSizes.count) features; the limit is \(ArchitectureLimit.vocabularyCount - 1)"
  }

  /// An architecture; all sizes at least 1, probabilities in 0 ..< 1.
  public init(
    cell: Cell = .gru, vocabularySize: Int, contextSizes: [Int] = [], embeddingSize: Int, hiddenSize: Int,
    layerCount: Int, dropout: Double = 0, embeddingDropout: Double? = nil,
    dropoutKind: DropoutKind = .independent, weightDropout: Double = 0,
    isResidual: Bool = false, normalizesLayers: Bool = false, tiesEmbedding: Bool = false
  ) {
    self.init(
      LanguageModelShape(
        cell: cell, embeddingSize: embeddingSize, hiddenSize: hiddenSize, layerCount: layerCount,
        dropout: dropout, embeddingDropout: embeddingDropout, dropoutKind: dropoutKind,
        weightDropout: weightDropout, isResidual: isResidual, normalizesLayers: normalizesLayers,
        tiesEmbedding: tiesEmbedding),
      vocabularySize: vocabularySize, contextSizes: contextSizes)
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
      input: Network.Input(
        vocabularySizes: vocabularySizes, embeddingSize: shape.embeddingSize,
        dropout: shape.embeddingDropout ?? shape.dropout),
      stack: shape.stack, head: .softmax(classCount: vocabularySize), tiesEmbedding: shape.tiesEmbedding)
  }

  /// The sizes of the vocabularies that a step has an id of each: that of the ids, and those of the context.
  var vocabularySizes: [Int] { [vocabularySize] + contextSizes }

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
    case vocabularySize, contextSizes
  }

  /// Reads an architecture: the fields of its shape, and besides them its vocabulary's size, and the context's if there is one.
  /// - Throws: `DecodingError` also if a number is invalid.
  public init(from decoder: any Decoder) throws {
    shape = try LanguageModelShape(from: decoder)
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    vocabularySize = try fields.decode(Int.self, forKey: .vocabularySize)
    contextSizes = try fields.decodeIfPresent([Int].self, forKey: .contextSizes) ?? []
    if let fault {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: fault))
    }
  }

  /// Writes the fields of the shape, and besides them the vocabulary's size, and the context's if there is one.
  public func encode(to encoder: any Encoder) throws {
    try shape.encode(to: encoder)
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(vocabularySize, forKey: .vocabularySize)
    if !contextSizes.isEmpty { try fields.encode(contextSizes, forKey: .contextSizes) }
  }
}
