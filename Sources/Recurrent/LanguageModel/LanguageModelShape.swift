/// A language model except for its vocabulary, which the data decide.
///
/// It is a setting that may have invalid values; check `fault`.
public struct LanguageModelShape: Hashable, Sendable {
  /// The recurrent layers' cell.
  public var cell: Cell
  /// The length of an embedded id, E.
  public var embeddingSize: Int
  /// The length of a layer's output, H.
  public var hiddenSize: Int
  /// How many recurrent layers are stacked, L.
  public var layerCount: Int
  /// The probability with which a number is dropped in training: of an embedded id, between layers, and before the
  /// output.
  public var dropout: Double
  /// The same for the numbers of an embedded id; nil if it is `dropout` too.
  public var embeddingDropout: Double?
  /// For which numbers dropout makes a choice of their own.
  public var dropoutKind: DropoutKind
  /// The probability with which a weight between a layer's states is dropped for a whole window of training (DropConnect
  /// on the recurrent matrices, Merity et al. 2018).
  public var weightDropout: Double
  /// Whether a layer gives the sum of what it computed and what it took, where both are equally long.
  public var isResidual: Bool
  /// Whether what a layer computed is normalized over its units.
  public var normalizesLayers: Bool
  /// Whether the output's weight is the embedding's (Press & Wolf 2017); they are equally long then, E = H.
  public var tiesEmbedding: Bool

  /// A language model of any vocabulary.
  public init(
    cell: Cell = .gru, embeddingSize: Int = 256, hiddenSize: Int = 256, layerCount: Int = 2,
    dropout: Double = 0.2, embeddingDropout: Double? = nil, dropoutKind: DropoutKind = .independent,
    weightDropout: Double = 0, isResidual: Bool = false, normalizesLayers: Bool = false,
    tiesEmbedding: Bool = false
  ) {
    self.cell = cell
    self.embeddingSize = embeddingSize
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.dropout = dropout
    self.embeddingDropout = embeddingDropout
    self.dropoutKind = dropoutKind
    self.weightDropout = weightDropout
    self.isResidual = isResidual
    self.normalizesLayers = normalizesLayers
    self.tiesEmbedding = tiesEmbedding
  }

  /// The recurrent layers. They read forward alone, for an id that is to be predicted may not be read.
  public var stack: StackConfiguration {
    StackConfiguration(
      cell: cell, hiddenSize: hiddenSize, layerCount: layerCount, dropout: dropout, dropoutKind: dropoutKind,
      weightDropout: weightDropout, isResidual: isResidual, normalizesLayers: normalizesLayers)
  }

  /// Whether the weights of a model of this shape are a model of the other one too, which may differ in dropout alone.
  public func hasWeights(of other: Self) -> Bool {
    var same = self
    same.takeDropout(of: other)
    return same == other
  }

  /// Takes over the dropout of the other shape, the only setting that the weights do not determine.
  public mutating func takeDropout(of other: Self) {
    dropout = other.dropout
    embeddingDropout = other.embeddingDropout
    dropoutKind = other.dropoutKind
    weightDropout = other.weightDropout
  }

  /// The first invalid setting, if there is one: what it is called, its value, and what it should be.
  public var fault: (name: String, value: String, expected: String)? {
    let units = ArchitectureLimit.units
    for (name, size, allowed) in [
      ("embeddingSize", embeddingSize, units), ("hiddenSize", hiddenSize, units),
      ("layerCount", layerCount, ArchitectureLimit.layers),
    ] where !allowed.contains(size) {
      return (name, "\(size)", size < 1 ? "at least 1" : "at most \(allowed.upperBound)")
    }
    for (name, probability) in [
      ("dropout", dropout), ("embeddingDropout", embeddingDropout ?? 0), ("weightDropout", weightDropout),
    ] where !ArchitectureLimit.isDropout(probability) {
      return (name, "\(probability)", "a probability from 0 to below 1")
    }
    if tiesEmbedding, embeddingSize != hiddenSize {
      return (
        "embeddingSize", "\(embeddingSize)",
        "the hidden size, \(hiddenSize), because the output shares the embedding's weights"
      )
    }
    return nil
  }
}

extension LanguageModelShape: Codable {
  private enum CodingKeys: String, CodingKey {
    case cell, embeddingSize, hiddenSize, layerCount, dropout, embeddingDropout, dropoutKind, weightDropout
    case isResidual, normalizesLayers, tiesEmbedding
  }

  /// Writes a shape, and the dropout of weights only where there is any, so that all others are read by programs that know
  /// nothing of it.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    try fields.encode(cell, forKey: .cell)
    try fields.encode(embeddingSize, forKey: .embeddingSize)
    try fields.encode(hiddenSize, forKey: .hiddenSize)
    try fields.encode(layerCount, forKey: .layerCount)
    try fields.encode(dropout, forKey: .dropout)
    try fields.encodeIfPresent(embeddingDropout, forKey: .embeddingDropout)
    try fields.encode(dropoutKind, forKey: .dropoutKind)
    if weightDropout > 0 { try fields.encode(weightDropout, forKey: .weightDropout) }
    try fields.encode(isResidual, forKey: .isResidual)
    try fields.encode(normalizesLayers, forKey: .normalizesLayers)
    try fields.encode(tiesEmbedding, forKey: .tiesEmbedding)
  }

  /// Reads a shape; cell, sizes and dropout must be there, all else has the defaults of `init`.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      cell: try fields.decode(Cell.self, forKey: .cell),
      embeddingSize: try fields.decode(Int.self, forKey: .embeddingSize),
      hiddenSize: try fields.decode(Int.self, forKey: .hiddenSize),
      layerCount: try fields.decode(Int.self, forKey: .layerCount),
      dropout: try fields.decode(Double.self, forKey: .dropout),
      embeddingDropout: try fields.decodeIfPresent(Double.self, forKey: .embeddingDropout),
      dropoutKind: try fields.decodeIfPresent(DropoutKind.self, forKey: .dropoutKind) ?? .independent,
      weightDropout: try fields.decodeIfPresent(Double.self, forKey: .weightDropout) ?? 0,
      isResidual: try fields.decodeIfPresent(Bool.self, forKey: .isResidual) ?? false,
      normalizesLayers: try fields.decodeIfPresent(Bool.self, forKey: .normalizesLayers) ?? false,
      tiesEmbedding: try fields.decodeIfPresent(Bool.self, forKey: .tiesEmbedding) ?? false)
  }
}
