public import Training

/// Where a model keeps its files.
public struct ModelFolder: Hashable, Sendable {
  /// The folder's path.
  public let path: String

  /// The folder at `path`.
  public init(path: String) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
  }

  /// What the model is and how it is trained: `model.json`.
  public var descriptionPath: String { path + "/model.json" }
  /// The tokenizer and its vocabulary: `vocabulary.json`.
  public var vocabularyPath: String { path + "/vocabulary.json" }
  /// The model in words: `card.md`.
  public var cardPath: String { path + "/card.md" }
  /// The corpus that was built for this model from a folder of music: `corpus`.
  public var corpusPath: String { path + "/corpus" }
  /// Weights, history and checkpoint.
  public var training: TrainingFolder { TrainingFolder(path: path) }
}
