internal import Arithmetic
public import Groundwork
internal import Recurrent
internal import Tokenization
public import Training

/// The training of a model on a collection of pieces: the model's folder from its first file to its last.
///
/// `model.json` is written first, when the value is made, so that a training that is killed at any later moment goes on
/// without being told anything again.
public struct MusicTraining {
  /// What to do where there is a model already.
  public enum ExistingModel: Sendable {
    /// Refuse to touch it.
    case refuse
    /// Go on with its training; begin anew where it has not come to its first checkpoint.
    case resume
    /// Replace it.
    case overwrite
  }

  /// Where the model's files are.
  public let folder: ModelFolder
  /// What the model is; its corpus is named once training begins.
  public private(set) var description: ModelDescription
  /// Whether training goes on from a checkpoint.
  public let isResuming: Bool

  /// Prepares the model's folder.
  ///
  /// - Parameters:
  ///   - path: The model's folder; it is made where it is missing.
  ///   - preset: The name of the preset that the settings began from.
  ///   - settings: The network and its training. A model that is resumed keeps its own; one whose weights were imported takes
  ///     these when its training begins, but for the network, which may differ in dropout alone.
  ///   - existing: What to do where there is a model already.
  ///   - program: The program that trains, such as `gruppetto 0.1.0`.
  /// - Throws: `ComposingError`: a setting that makes no sense, a model that is in the way, a folder that cannot be made.
  public init(
    path: String, preset: String, settings: ModelPreset, existing: ExistingModel, program: String
  ) throws(ComposingError) {
    folder = ModelFolder(path: path)
    try settings.validate()
    do { try makeFolder(folder.path) } catch { throw .file(error) }
    let lock = try Self.lock(folder)
    defer { withExtendedLifetime(lock) {} }
    if existing == .resume, fileExists(folder.descriptionPath) {
      description = try ModelDescription(folder: folder)
      isResuming = fileExists(folder.training.checkpointPath)
      // A training has a checkpoint before it has weights.
      guard isResuming || description.importedFrom != nil || !fileExists(folder.training.weightsPath) else {
        throw .noCheckpoint(path: path)
      }
      if description.importedFrom != nil, !isResuming { try begin(with: settings) }
      return
    }
    try Self.requireRoom(in: folder, for: existing)
    try Self.removeModel(in: folder)
    description = ModelDescription(program: program, preset: preset, settings: settings)
    isResuming = false
    try JSONFile.write(description, path: folder.descriptionPath)
  }

  /// Keeps other programs from training the model.
  private static func lock(_ folder: ModelFolder) throws(ComposingError) -> FolderLock {
    do { return try FolderLock(path: folder.path) } catch { throw .file(error) }
  }

  /// Gives a model of imported weights the settings of its training.
  private mutating func begin(with settings: ModelPreset) throws(ComposingError) {
    try requireOption(
      settings.network.hasWeights(of: description.settings.network), "the network",
      "another than that of the imported weights", "the same cell, sizes and connections; dropout may differ")
    description.settings = settings
    try JSONFile.write(description, path: folder.descriptionPath)
  }

  /// Checks that a model may be made in `folder`; for callers that have long work to do before they make it.
  /// - Throws: `ComposingError.modelExists`.
  public static func requireRoom(in folder: ModelFolder, for existing: ExistingModel) throws(ComposingError) {
    let isTaken = fileExists(folder.descriptionPath) || fileExists(folder.training.weightsPath)
    if isTaken, existing == .refuse { throw .modelExists(path: folder.path) }
  }

  /// Trains the model on `pieces`, from its beginning or from its checkpoint.
  ///
  /// - Parameters:
  ///   - pieces: The collection; a training that is resumed must be given the same as before.
  ///   - threadCount: How many threads compute; the result does not depend on it.
  ///   - cancellation: Asks training to stop; it saves a checkpoint first.
  ///   - progress: Is told how far training has come.
  ///   - afterValidation: Is told that the model's history has a new line and that all of it is saved.
  /// - Throws: `ComposingError`.
  public mutating func run(
    on pieces: TrainingPieces, threadCount: Int, cancellation: Cancellation = Cancellation(),
    progress: ProgressHandler? = nil, afterValidation: () -> Void = {}
  ) throws(ComposingError) -> TrainingResult {
    let lock = try Self.lock(folder)
    defer { withExtendedLifetime(lock) {} }
    try adopt(pieces)
    let imported = try importedNetwork(for: pieces)
    let result: TrainingResult
    do {
      let run = try Self.makeRun(
        description.settings, on: pieces, from: imported, folder: folder.training, resuming: isResuming,
        validatesFirst: description.importedFrom != nil, threadCount: threadCount)
      result = try run.run(cancellation: cancellation, progress: progress) { _ in afterValidation() }
    } catch {
      throw .cause(error)
    }
    try ModelCard.write(in: folder, vocabulary: pieces.tokenizer.vocabulary)
    return result
  }

  /// What training on `pieces` with these settings will need; nothing is trained and nothing written.
  /// - Throws: `ComposingError`.
  public static func plan(
    _ settings: ModelPreset, on pieces: TrainingPieces, threadCount: Int
  ) throws(ComposingError) -> TrainingPlan {
    try settings.validate()
    do {
      return try TrainingPlan(tokensPerEpoch: pieces.training.predictionCount) {
        () throws(TrainingError) in
        try makeRun(
          settings, on: pieces, folder: TrainingFolder(path: ""), resuming: false, threadCount: threadCount)
      }
    } catch {
      throw .cause(error)
    }
  }

  /// Checks that the machine has the memory that training on `pieces` with these settings needs.
  /// - Throws: `ComposingError.invalidOption` where it has less.
  public static func requireMemory(
    for settings: ModelPreset, on pieces: TrainingPieces, threadCount: Int
  ) throws(ComposingError) {
    let plan = try Self.plan(settings, on: pieces, threadCount: threadCount)
    let (needed, present) = (plan.peakMemory, plan.machineMemory)
    func gigabytes(_ bytes: Int) -> String { "\((Double(bytes) / 1e8).rounded() / 10) GB" }
    try requireOption(
      needed <= present, "the memory that this training needs", gigabytes(needed),
      "at most the \(gigabytes(present)) that the machine has; choose fewer or smaller layers, or smaller batches"
    )
  }

  /// The network of weights that were imported and not trained yet; nil where training begins with random ones or goes on.
  private func importedNetwork(for pieces: TrainingPieces) throws(ComposingError) -> LanguageModel? {
    guard description.importedFrom != nil, !isResuming else { return nil }
    let size = pieces.tokenizer.vocabulary.count
    do {
      return try LanguageModel(
        configuration: LanguageModelConfiguration(description.settings.network, vocabularySize: size),
        tensors: SafetensorsFile(path: folder.training.weightsPath))
    } catch {
      throw .cause(error)
    }
  }

  private static func makeRun(
    _ settings: ModelPreset, on pieces: TrainingPieces, from network: LanguageModel? = nil,
    folder: TrainingFolder, resuming: Bool, validatesFirst: Bool = false, threadCount: Int
  ) throws(TrainingError) -> TrainingRun<LanguageModelPass, CorpusBatchSource, PieceBatches> {
    try TrainingRun(
      model: network
        ?? LanguageModel(
          configuration: LanguageModelConfiguration(
            settings.network, vocabularySize: pieces.tokenizer.vocabulary.count),
          seed: settings.training.seed),
      source: CorpusBatchSource(pieces: pieces.training, tokenizer: pieces.tokenizer, settings: settings),
      validationPieces: pieces.validation, configuration: settings.training, folder: folder,
      resuming: resuming, validatesFirst: validatesFirst, team: ThreadTeam(threadCount: threadCount))
  }

  /// Makes `pieces` the model's, or checks that they are.
  private mutating func adopt(_ pieces: TrainingPieces) throws(ComposingError) {
    if isResuming, let known = description.corpus {
      guard known.fingerprint == pieces.fingerprint else {
        throw .corpusChanged(
          path: folder.path, trainedOn: "\(known.name), \(known.fingerprint)",
          given: "\(pieces.name), \(pieces.fingerprint)")
      }
      return
    }
    if description.importedFrom != nil {
      guard try MusicModel.vocabulary(in: folder) == pieces.tokenizer.vocabulary else {
        throw .vocabularyChanged(path: folder.path, given: pieces.name)
      }
    }
    do {
      try replaceFile(at: folder.vocabularyPath, with: pieces.tokenizer.vocabulary.json())
    } catch {
      throw .file(error)
    }
    description.corpus = ModelDescription.CorpusProvenance(
      name: pieces.name, fingerprint: pieces.fingerprint, trainingPieces: pieces.training.count,
      trainingTokens: pieces.training.tokenCount,
      validationPieces: pieces.validation.count,
      validationTokens: pieces.validation.tokenCount)
    try JSONFile.write(description, path: folder.descriptionPath)
  }

  /// Removes a model's files, the checkpoint first: what is left after a kill can be resumed or overwritten.
  static func removeModel(in folder: ModelFolder) throws(ComposingError) {
    try removeHistory(in: folder)
    try remove([folder.training.weightsPath, folder.vocabularyPath, folder.descriptionPath])
  }

  /// Removes what tells of a model's training, the checkpoint first.
  static func removeHistory(in folder: ModelFolder) throws(ComposingError) {
    try remove([folder.training.checkpointPath, folder.training.historyPath, folder.cardPath])
  }

  private static func remove(_ paths: [String]) throws(ComposingError) {
    for path in paths {
      do { try removeFile(path) } catch { throw .file(error) }
    }
  }
}
