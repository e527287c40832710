public import Tokenization
public import Training

/// What a model is trained on: pieces as ids, some to learn from and some to validate on.
public struct TrainingPieces: Sendable {
  /// What the collection is called in the model's description.
  public var name: String
  /// What tells the collection from any other; a training that is resumed compares it.
  public var fingerprint: String
  /// The tokenizer that made the ids.
  public var tokenizer: any Tokenizer
  /// The pieces to learn from, each from its first id, which is given and never predicted, to its last.
  public var training: PieceIDs
  /// The pieces to validate on.
  public var validation: PieceIDs

  /// A collection.
  public init(
    name: String, fingerprint: String, tokenizer: any Tokenizer, training: PieceIDs, validation: PieceIDs
  ) {
    self.name = name
    self.fingerprint = fingerprint
    self.tokenizer = tokenizer
    self.training = training
    self.validation = validation
  }
}

extension TrainingPieces {
  /// The pieces with the tokenizer that a model of these settings has: the same ids, and where cells are to be filled in what is
  /// told of them.
  /// - Throws: `ComposingError.cause`.
  func fitting(_ settings: ModelPreset) throws(ComposingError) -> TrainingPieces {
    guard settings.infilling != nil, let cells = tokenizer as? CellsTokenizer else { return self }
    var pieces = self
    do { pieces.tokenizer = try cells.infilling() } catch { throw .cause(error) }
    return pieces
  }
}
