public import Recurrent

/// A network but for its vocabulary, which the corpus decides.
public struct NetworkShape: Hashable, Sendable {
  /// The kind of cell.
  public var cell: Cell
  /// How many values stand for an id, `E`.
  public var embeddingSize: Int
  /// How many values a layer gives, `H`.
  public var hiddenSize: Int
  /// How many layers are stacked, `L`.
  public var layerCount: Int
  /// The probability with which a value is dropped in training: after the embedding, between layers, and before the
  /// output.
  public var dropout: Double
  /// The probability after the embedding, where it is another.
  public var embeddingDropout: Double?
  /// For which values dropout makes a choice of their own.
  public var dropoutKind: DropoutKind
  /// Whether a layer gives the sum of what it computed and what it took, where both are equally long.
  public var isResidual: Bool
  /// Whether what a layer computed is normalised.
  public var normalizesLayers: Bool
  /// Whether the output's weight is the embedding's; they are equally long then, E = H.
  public var tiesEmbedding: Bool

  /// A network.
  public init(
    cell: Cell = .gru, embeddingSize: Int = 256, hiddenSize: Int = 256, layerCount: Int = 2,
    dropout: Double = 0.2, embeddingDropout: Double? = nil, dropoutKind: DropoutKind = .independent,
    isResidual: Bool = false, normalizesLayers: Bool = false, tiesEmbedding: Bool = false
  ) {
    self.cell = cell
    self.embeddingSize = embeddingSize
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.dropout = dropout
    self.embeddingDropout = embeddingDropout
    self.dropoutKind = dropoutKind
    self.isResidual = isResidual
    self.normalizesLayers = normalizesLayers
    self.tiesEmbedding = tiesEmbedding
  }

  /// The network for a vocabulary.
  public func configuration(vocabularySize: Int) -> LanguageModelConfiguration {
    LanguageModelConfiguration(
      cell: cell, vocabularySize: vocabularySize, embeddingSize: embeddingSize, hiddenSize: hiddenSize,
      layerCount: layerCount, dropout: dropout, embeddingDropout: embeddingDropout, dropoutKind: dropoutKind,
      isResidual: isResidual, normalizesLayers: normalizesLayers, tiesEmbedding: tiesEmbedding)
  }

  func validate() throws(ComposingError) {
    try requireOption((1...8192).contains(embeddingSize), "embedding size", embeddingSize, "1 to 8192")
    try requireOption((1...8192).contains(hiddenSize), "hidden size", hiddenSize, "1 to 8192")
    try requireOption((1...32).contains(layerCount), "number of layers", layerCount, "1 to 32")
    try requireOption(
      dropout >= 0 && Float(dropout) < 1, "dropout", dropout, "a probability from 0 to below 1")
    if let embeddingDropout {
      try requireOption(
        embeddingDropout >= 0 && Float(embeddingDropout) < 1, "dropout of the embedding", embeddingDropout,
        "a probability from 0 to below 1")
    }
    try requireOption(
      !tiesEmbedding || embeddingSize == hiddenSize, "embedding size", embeddingSize,
      "the hidden size, \(hiddenSize), since the output shares the embedding's weights")
  }
}

extension NetworkShape: Codable {
  private enum CodingKeys: String, CodingKey {
    case cell, embeddingSize, hiddenSize, layerCount, dropout, embeddingDropout, dropoutKind, isResidual
    case normalizesLayers, tiesEmbedding
  }

  /// Reads a network; cell, sizes and dropout must be there, all else has the defaults of `init`.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    cell = try fields.decode(Cell.self, forKey: .cell)
    embeddingSize = try fields.decode(Int.self, forKey: .embeddingSize)
    hiddenSize = try fields.decode(Int.self, forKey: .hiddenSize)
    layerCount = try fields.decode(Int.self, forKey: .layerCount)
    dropout = try fields.decode(Double.self, forKey: .dropout)
    embeddingDropout = try fields.decodeIfPresent(Double.self, forKey: .embeddingDropout)
    dropoutKind = try fields.decodeIfPresent(DropoutKind.self, forKey: .dropoutKind) ?? .independent
    isResidual = try fields.decodeIfPresent(Bool.self, forKey: .isResidual) ?? false
    normalizesLayers = try fields.decodeIfPresent(Bool.self, forKey: .normalizesLayers) ?? false
    tiesEmbedding = try fields.decodeIfPresent(Bool.self, forKey: .tiesEmbedding) ?? false
  }
}
