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
