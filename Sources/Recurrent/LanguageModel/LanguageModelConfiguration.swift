/// The architecture of a language model over ids: embedding, stacked recurrent layers, linear output.
public struct LanguageModelConfiguration: Sendable, Hashable {
  /// The recurrent layers' cell.
  public var cell: Cell
  /// How many ids there are, V.
  public var vocabularySize: Int
  /// The length of an embedded id, E.
  public var embeddingSize: Int
  /// The length of a layer's output, H.
  public var hiddenSize: Int
  /// How many recurrent layers are stacked, L.
  public var layerCount: Int
  /// The probability with which a number that a layer gives is dropped in training.
  public var dropout: Double
  /// The same for the numbers of an embedded id; nil where it is `dropout` too.
  public var embeddingDropout: Double?
  /// For which numbers dropout makes a choice of their own.
  public var dropoutKind: DropoutKind
  /// Whether a layer gives the sum of what it computed and what it took, where both are equally long.
  public var isResidual: Bool
  /// Whether what a layer computed is normalised over its units.
  public var normalizesLayers: Bool
  /// Whether the output's weight is the embedding's (Press & Wolf 2017); they are equally long then, E = H.
  public var tiesEmbedding: Bool

  /// An architecture; all sizes at least 1, probabilities in 0 ..< 1.
  public init(
    cell: Cell = .gru, vocabularySize: Int, embeddingSize: Int, hiddenSize: Int, layerCount: Int,
    dropout: Double = 0, embeddingDropout: Double? = nil, dropoutKind: DropoutKind = .independent,
    isResidual: Bool = false, normalizesLayers: Bool = false, tiesEmbedding: Bool = false
  ) {
    precondition(
      min(vocabularySize, embeddingSize, hiddenSize, layerCount) > 0,
      "vocabulary \(vocabularySize), embedding \(embeddingSize), hidden \(hiddenSize), layers \(layerCount): none may be 0"
    )
    precondition((0..<1).contains(dropout), "a dropout of \(dropout) is not in 0 ..< 1")
    precondition(
      (0..<1).contains(embeddingDropout ?? 0), "a dropout of \(embeddingDropout ?? 0) is not in 0 ..< 1")
    precondition(
      !tiesEmbedding || embeddingSize == hiddenSize,
      "an embedding of \(embeddingSize) cannot be the output's weight for \(hiddenSize) units")
    self.cell = cell
    self.vocabularySize = vocabularySize
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

  /// The recurrent layers. They read forward alone, for an id that is to be predicted may not be read.
  public var stack: StackConfiguration {
    StackConfiguration(
      cell: cell, hiddenSize: hiddenSize, layerCount: layerCount, dropout: dropout, dropoutKind: dropoutKind,
      isResidual: isResidual, normalizesLayers: normalizesLayers)
  }
}

extension LanguageModelConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case cell, vocabularySize, embeddingSize, hiddenSize, layerCount, dropout, embeddingDropout, dropoutKind
    case isResidual, normalizesLayers, tiesEmbedding
  }

  /// Reads an architecture; cell, sizes and dropout must be there, all else has the defaults of `init`.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    cell = try fields.decode(Cell.self, forKey: .cell)
    vocabularySize = try fields.decode(Int.self, forKey: .vocabularySize)
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

extension LanguageModelConfiguration {
  /// The names and shapes of the weights, in their order in the buffer. A tied output has a bias alone.
  var parameterShapes: [(name: String, shape: [Int])] {
    [("embedding.weight", [vocabularySize, embeddingSize])]
      + RecurrentStack.parameterShapes(configuration: stack, inputSize: embeddingSize, namePrefix: "rnn")
      + (tiesEmbedding ? [] : [("output.weight", [vocabularySize, hiddenSize])])
      + [("output.bias", [vocabularySize])]
  }

  /// The name of the tensor that is the output's weight.
  var outputWeightName: String { tiesEmbedding ? "embedding.weight" : "output.weight" }

  /// How many weights such a network has.
  public var parameterCount: Int { parameterShapes.reduce(0) { $0 + $1.shape.reduce(1, *) } }
}
