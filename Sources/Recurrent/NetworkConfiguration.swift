/// The architecture of a language model over ids: embedding, stacked recurrent layers, linear output.
public struct NetworkConfiguration: Codable, Sendable, Hashable {
  /// The recurrent layers' cell.
  public var cell: Cell
  /// How many ids there are, V.
  public var vocabularySize: Int
  /// The length of an embedded id, E.
  public var embeddingSize: Int
  /// The length of a layer's state, H.
  public var hiddenSize: Int
  /// How many recurrent layers are stacked, L.
  public var layerCount: Int
  /// The probability with which a number is dropped in training: of the embedding's output and of every layer's.
  public var dropout: Double

  /// An architecture; all sizes at least 1, `dropout` in 0 ..< 1.
  public init(
    cell: Cell = .gru, vocabularySize: Int, embeddingSize: Int, hiddenSize: Int, layerCount: Int,
    dropout: Double = 0
  ) {
    precondition(
      min(vocabularySize, embeddingSize, hiddenSize, layerCount) > 0,
      "vocabulary \(vocabularySize), embedding \(embeddingSize), hidden \(hiddenSize), layers \(layerCount): none may be 0"
    )
    precondition((0..<1).contains(dropout), "a dropout of \(dropout) is not in 0 ..< 1")
    self.cell = cell
    self.vocabularySize = vocabularySize
    self.embeddingSize = embeddingSize
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.dropout = dropout
  }

  /// What layer `layer` takes: E for the first, H for the others.
  public func inputSize(ofLayer layer: Int) -> Int { layer == 0 ? embeddingSize : hiddenSize }
}
