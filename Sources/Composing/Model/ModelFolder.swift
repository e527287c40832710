internal import Groundwork
internal import Recurrent
internal import Tokenization
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

extension ModelFolder {
  /// Makes the folder of a model whose weights there are already.
  /// - Parameters:
  ///   - description: what it is.
  ///   - vocabulary: what its ids mean.
  ///   - replacing: whether a model that is there is replaced.
  ///   - writeWeights: writes the weights to the path that it is given.
  /// - Throws: `ComposingError`: a model that is in the way, a folder that cannot be written.
  func write(
    _ description: ModelDescription, vocabulary: Vocabulary, replacing: Bool,
    writeWeights: (_ path: String) throws(SafetensorsError) -> Void
  ) throws(ComposingError) {
    try MusicTraining.requireRoom(in: self, for: replacing ? .overwrite : .refuse)
    try withFolder(path, failure: ComposingError.file) { () throws(ComposingError) in
      // The weights are what may not fit on the disk: they come first, and a model that is there stands until they do.
      do throws(SafetensorsError) { try writeWeights(training.weightsPath) } catch { throw .cause(error) }
      do throws(ComposingError) {
        try MusicTraining.removeHistory(in: self)
        do throws(FileError) { try replaceFile(at: vocabularyPath, with: vocabulary.json()) } catch {
          throw .file(error)
        }
        try JSONFile.write(description, path: descriptionPath)
        try ModelCard.write(in: self)
      } catch {
        // Weights without the rest are no model, and would be in the way of the next import.
        try? MusicTraining.removeModel(in: self)
        throw error
      }
    }
  }
}
