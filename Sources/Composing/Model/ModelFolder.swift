internal import Groundwork
internal import Recurrent
internal import Tokenization
public import Training

/// Where a model keeps its files.
///
/// ## How a model is replaced
/// A training that replaces a model works in a hidden folder of the model's, `replacement`, so that the model that is there stays
/// whole, and is what is read, until the new one has its first weights. Then that folder is renamed to `complete`:
/// from this moment on the new model counts, and readers of the model use it there. Its files are then given to the
/// model's own folder one by one, each in place of the old one, and in the end the folder goes. A process that dies before the
/// renaming leaves the old model and what there is of the new one, with which `resume` continues; one that dies after it leaves
/// the new model, and the next training finishes the moving first. While files are moved a training holds the folder's lock.
/// A model that is imported, or written by a program, takes another's place in the same way.
public struct ModelFolder: Hashable, Sendable {
  /// The folder's path.
  public let path: String

  /// The folder at `path`.
  public init(path: String) {
    var path = path
    while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") {
      path = String(path.unicodeScalars.dropLast())
    }
    self.path = path
  }

  /// The files that are of a model and its training, without which it is none.
  static let parts = [
    "model.json", "vocabulary.json", "model.safetensors", "training.safetensors", "history.jsonl",
  ]
  /// Names that no folder of a user has.
  private static let replacementName = ".gruppetto-replacement"
  private static let completeName = replacementName + ".complete"
  /// What a folder whose files have all been given away is called while it is removed.
  static let remainsName = replacementName + ".done"

  /// Where a training that replaces the model works until it has weights.
  var replacement: ModelFolder { ModelFolder(path: path + "/" + Self.replacementName) }
  /// Where the new model is while it takes the old one's place.
  var complete: ModelFolder { ModelFolder(path: path + "/" + Self.completeName) }
  /// The folder that is to be read as this model: its own, or that of a new model that is taking its place.
  var current: ModelFolder { isFolder(complete.path) ? complete : self }
  /// The folder of the files of a running training.
  var underWay: ModelFolder {
    isFolder(complete.path) ? complete : fileExists(replacement.descriptionPath) ? replacement : self
  }
  /// The model's own folder, where this is one of a replacement.
  var owner: ModelFolder {
    [Self.replacementName, Self.completeName].contains(lastName(of: path))
      ? ModelFolder(path: folderName(of: path)) : self
  }
  /// The name of the model: the last part of its folder's path.
  public var name: String { lastName(of: owner.path) }

  /// The names of the parts that are there.
  var presentParts: [String] {
    // A training opens its history before it has anything to write.
    Self.parts.filter { (FileStatus(path: path + "/" + $0)?.size ?? 0) > 0 }
  }
  /// Whether there is anything of a model.
  var holdsModel: Bool {
    !presentParts.isEmpty || isFolder(complete.path) || fileExists(replacement.descriptionPath)
  }

  /// What the model is and how it is trained: `model.json`.
  public var descriptionPath: String { path + "/model.json" }
  /// The tokenizer and its vocabulary: `vocabulary.json`.
  public var vocabularyPath: String { path + "/vocabulary.json" }
  /// The model in words: `card.md`.
  public var cardPath: String { path + "/card.md" }
  /// What tells the collection's music from the model's: `critic.json`.
  public var criticPath: String { path + "/critic.json" }
  /// The corpus that was built for this model from a folder of music: `corpus`.
  public var corpusPath: String { path + "/corpus" }
  /// Weights, history and checkpoint.
  public var training: TrainingFolder { TrainingFolder(path: path) }
}

extension ModelFolder {
  /// Why the model has no weights: they are to come, or were there and are lost.
  func absenceOfWeights(_ description: ModelDescription) -> ComposingError {
    let isFinished =
      if let progress = try? training.progress(), let settings = description.settings {
        progress.isOver(settings.training)
      } else {
        fileExists(training.historyPath)
      }
    guard isFinished || description.importedFrom != nil || description.settings == nil else {
      return .untrained(path: owner.path)
    }
    return .incomplete(
      path: owner.path, present: presentParts, missing: ["model.safetensors"], isFinished: isFinished)
  }

  /// Makes the folder of a model whose weights there are already. A model that is replaced stays until the new one is whole.
  /// - Parameters:
  ///   - description: what it is.
  ///   - vocabulary: what its ids mean.
  ///   - replacing: whether a model that is there is replaced.
  ///   - writeWeights: writes the weights to the path that it is given.
  /// - Throws: `ComposingError`: a model that is in the way, a folder that cannot be written or that another program works in.
  func write(
    _ description: ModelDescription, vocabulary: Vocabulary, replacing: Bool,
    writeWeights: (_ path: String) throws(SafetensorsError) -> Void
  ) throws(ComposingError) {
    let existing: MusicTraining.ExistingModel = replacing ? .overwrite : .refuse
    try MusicTraining.requireRoom(in: self, for: existing)
    try withFolder(path, failure: ComposingError.file) { () throws(ComposingError) in
      let lock = try MusicTraining.lock(self)
      defer { withExtendedLifetime(lock) {} }
      try ModelReplacement.finish(in: self)
      // Someone may have made one since.
      try MusicTraining.requireRoom(in: self, for: existing)
      let folder = holdsModel ? try ModelReplacement.begin(in: self) : self
      do throws(ComposingError) {
        try folder.fill(description, vocabulary: vocabulary, writeWeights: writeWeights)
      } catch {
        // Weights without the rest are no model, and would be in the way of the next import.
        folder == self ? try? MusicTraining.removeModel(in: self) : ModelReplacement.abandon(in: self)
        throw error
      }
      if folder != self { try ModelReplacement.commit(in: self) }
      try ModelCard.write(in: self, vocabulary: vocabulary)
    }
  }

  /// Writes the parts of a model that is not trained here, the description last: it makes a model of them.
  private func fill(
    _ description: ModelDescription, vocabulary: Vocabulary,
    writeWeights: (_ path: String) throws(SafetensorsError) -> Void
  ) throws(ComposingError) {
    do throws(SafetensorsError) { try writeWeights(training.weightsPath) } catch { throw .cause(error) }
    do throws(FileError) { try replaceFile(at: vocabularyPath, with: vocabulary.json()) } catch {
      throw .file(error)
    }
    try description.write(in: self)
  }
}
