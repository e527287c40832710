internal import Arithmetic
public import Groundwork
internal import Recurrent
internal import Tokenization
public import Training

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The training of a model on a collection of pieces: the model's folder from its first file to its last.
///
/// `model.json` is written first, when the value is made, so that a training that is killed at any later moment continues
/// without any settings. A replaced model stays until the new one has weights, as `ModelFolder` describes.
public struct MusicTraining {
  /// What to do where there is a model already.
  public enum ExistingModel: Sendable {
    /// Refuse to touch it.
    case refuse
    /// Continue its training; start again where it has no checkpoint.
    case resume
    /// Replace it.
    case overwrite
  }

  /// Where the model will be.
  public let modelFolder: ModelFolder
  /// Where its files are now: next to those of a model that it replaces, until it has weights; see `ModelFolder`.
  public private(set) var folder: ModelFolder
  /// What the model is; its corpus is named once training begins.
  public private(set) var description: ModelDescription
  /// The network and its training.
  public private(set) var settings: ModelPreset
  /// Whether training continues from a checkpoint.
  public let isResuming: Bool
  /// Whether this value began to replace a model, rather than to continue replacing it.
  private let beganReplacing: Bool
  /// The folder's lock, where a caller took it for longer than one call.
  private var heldLock: FolderLock?

  /// Prepares the model's folder.
  ///
  /// - Parameters:
  ///   - path: The model's folder; it is made where it is missing.
  ///   - preset: The name of the preset that the settings began from.
  ///   - settings: The network and its training. A model that is resumed keeps its own; one whose weights were imported takes
  ///     these when its training begins, except for the network, which may differ in dropout alone.
  ///   - existing: What to do where there is a model already.
  ///   - program: The program that trains, such as `gruppetto 0.1.0`.
  /// - Throws: `ComposingError`: an invalid setting, a model that is in the way, a folder that cannot be made.
  public init(
    path: String, preset: String = "none", settings: ModelPreset, existing: ExistingModel = .refuse,
    program: String = "a program"
  ) throws(ComposingError) {
    try self.init(
      path: path, preset: preset, settings: settings, existing: existing, program: program, lock: nil)
  }

  /// Prepares the model's folder, whose lock the caller may hold already; then it is held until `releaseLock`.
  init(
    path: String, preset: String, settings: ModelPreset, existing: ExistingModel, program: String,
    lock held: FolderLock?
  ) throws(ComposingError) {
    modelFolder = ModelFolder(path: path)
    heldLock = held
    try settings.validate()
    do { try makeFolder(modelFolder.path) } catch { throw .file(error) }
    let lock = try Self.lock(modelFolder, held: held)
    defer { withExtendedLifetime(lock) {} }
    // A model that is in the way is left as it is, unfinished replacements of it too.
    try Self.requireRoom(in: modelFolder, for: existing)
    try ModelReplacement.finish(in: modelFolder)
    if existing == .resume, fileExists(modelFolder.underWay.descriptionPath) {
      folder = modelFolder.underWay
      beganReplacing = false
      description = try ModelDescription(folder: folder)
      isResuming = fileExists(folder.training.checkpointPath)
      self.settings = try description.trainingSettings(of: folder)
      if description.importedFrom != nil, !isResuming { try begin(with: settings) }
      return
    }
    let isReplacing = existing == .overwrite && modelFolder.holdsModel
    folder = isReplacing ? try ModelReplacement.begin(in: modelFolder) : modelFolder
    beganReplacing = isReplacing
    self.settings = settings
    description = ModelDescription(program: program, preset: preset, settings: settings)
    isResuming = false
    try description.write(in: folder)
  }

  /// Lets go of a lock that the caller gave.
  mutating func releaseLock() { heldLock = nil }

  /// Keeps other programs from training the model.
  /// - Parameter held: the lock, where it is held already.
  static func lock(
    _ folder: ModelFolder, held: FolderLock? = nil
  ) throws(ComposingError) -> FolderLock {
    if let held { return held }
    do { return try FolderLock(path: folder.path) } catch { throw .file(error) }
  }

  /// Gives a model of imported weights the settings of its training.
  private mutating func begin(with settings: ModelPreset) throws(ComposingError) {
    try requireOption(
      settings.network.hasWeights(of: self.settings.network), "the network",
      "another than that of the imported weights", "the same cell, sizes and connections; dropout may differ")
    self.settings = settings
    description.settings = settings
    try description.write(in: folder)
  }

  /// Checks that a model may be made in `folder`, or its training be resumed; for callers that have long work to do before.
  /// - Throws: `ComposingError.modelExists`, or `.incomplete` for a model that has lost a part without which it cannot continue.
  public static func requireRoom(in folder: ModelFolder, for existing: ExistingModel) throws(ComposingError) {
    switch existing {
    case .overwrite: return
    case .refuse: if folder.holdsModel { throw .modelExists(path: folder.path) }
    case .resume: try requireWhole(folder.underWay)
    }
  }

  /// Checks that a training can continue from what is in `folder`, or begin where there is too little for it to have begun.
  private static func requireWhole(_ folder: ModelFolder) throws(ComposingError) {
    let present = folder.presentParts
    guard !present.isEmpty else { return }
    guard present.contains("model.json") else {
      throw .incomplete(path: folder.owner.path, present: present, missing: ["model.json"], isFinished: false)
    }
    let description = try ModelDescription(folder: folder)
    let hasCheckpoint = present.contains("training.safetensors"),
      hasWeights = present.contains("model.safetensors")
    guard hasCheckpoint else {
      // A training has a checkpoint before it has weights or a history; imported weights have neither.
      let isBegun = description.importedFrom == nil && hasWeights || present.contains("history.jsonl")
      guard isBegun else { return }
      let missing = ["training.safetensors"] + (hasWeights ? [] : ["model.safetensors"])
      throw .incomplete(path: folder.owner.path, present: present, missing: missing, isFinished: false)
    }
    if !hasWeights, case let error = folder.absenceOfWeights(description),
      case .incomplete(_, _, _, true) = error
    {
      throw error
    }
  }

  /// Trains the model on `pieces`, from its beginning or from its checkpoint.
  ///
  /// - Parameters:
  ///   - pieces: The collection; a training that is resumed must be given the same as before.
  ///   - threadCount: How many threads compute; the result does not depend on it.
  ///   - cancellation: Asks training to stop; it saves a checkpoint first.
  ///   - progress: called with how far training has come.
  ///   - afterValidation: called with that the model's history has a new line and that all of it is saved, and
  ///     where.
  /// - Throws: `ComposingError`.
  public mutating func run(
    on pieces: TrainingPieces, threadCount: Int, cancellation: Cancellation = Cancellation(),
    progress: ProgressHandler? = nil, afterValidation: (ModelFolder) -> Void = { _ in }
  ) throws(ComposingError) -> TrainingResult {
    let lock = try Self.lock(modelFolder, held: heldLock)
    defer { withExtendedLifetime(lock) {} }
    let pieces = try pieces.fitting(settings)
    var result: TrainingResult
    do throws(ComposingError) {
      result = try train(
        on: pieces, threadCount: threadCount, cancellation: cancellation, progress: progress,
        afterValidation: afterValidation)
    } catch {
      try? noteFailure(error)
      throw error
    }
    if description.divergence != nil {
      description.divergence = nil
      try description.write(in: folder)
    }
    result.uniformLoss = log(Double(pieces.tokenizer.vocabulary.count))
    if folder == modelFolder { try ModelCard.write(in: folder, vocabulary: pieces.tokenizer.vocabulary) }
    return result
  }

  private mutating func train(
    on pieces: TrainingPieces, threadCount: Int, cancellation: Cancellation, progress: ProgressHandler?,
    afterValidation: (ModelFolder) -> Void
  ) throws(ComposingError) -> TrainingResult {
    try adopt(pieces)
    // What was learned of earlier weights does not hold of those to come.
    try Self.remove([folder.criticPath])
    let imported = try importedNetwork(for: pieces)
    let run: TrainingRun<LanguageModelPass, CorpusBatchSource, PieceBatches>
    do {
      run = try Self.makeRun(
        settings, on: pieces, from: imported, folder: folder.training, resuming: isResuming,
        validatesFirst: description.importedFrom != nil, threadCount: threadCount)
    } catch {
      throw .cause(error)
    }
    var failure: ComposingError?
    let result: TrainingResult
    do {
      result = try run.run(cancellation: cancellation, progress: progress) { _ in
        do throws(ComposingError) { try takePlace(run) } catch {
          failure = failure ?? error
          cancellation.request()
        }
        afterValidation(folder)
      }
    } catch {
      // What stopped the run is the reason, not what stopping it then met.
      throw failure ?? .cause(error)
    }
    if let failure { throw failure }
    return result
  }

  /// Puts the model, which has weights now, in the place of the one that it replaces.
  private mutating func takePlace(
    _ run: TrainingRun<LanguageModelPass, CorpusBatchSource, PieceBatches>
  ) throws(ComposingError) {
    guard folder != modelFolder else { return }
    try ModelReplacement.commit(in: modelFolder)
    folder = modelFolder
    run.folder = folder.training
  }

  /// Leaves the model as it was where a replacement has failed, and otherwise notes that its training diverged.
  private mutating func noteFailure(_ error: ComposingError) throws(ComposingError) {
    if folder != modelFolder, beganReplacing { return ModelReplacement.abandon(in: modelFolder) }
    guard case .cause(let cause) = error, case .diverged(let step, let quantity, _)? = cause as? TrainingError
    else {
      return
    }
    description.divergence = ModelDescription.Divergence(step: step, quantity: quantity)
    try description.write(in: folder)
  }

  /// What training on `pieces` with these settings will need; nothing is trained and nothing written.
  /// - Throws: `ComposingError`.
  public static func plan(
    _ settings: ModelPreset, on pieces: TrainingPieces, threadCount: Int
  ) throws(ComposingError) -> TrainingPlan {
    try settings.validate()
    let pieces = try pieces.fitting(settings)
    do throws(TrainingError) {
      let source = try CorpusBatchSource(
        pieces: pieces.training, tokenizer: pieces.tokenizer, settings: settings)
      guard pieces.validation.predictionCount > 0 else { throw TrainingError.noData(split: "valid") }
      return try TrainingPlan(
        of: LanguageModelConfiguration(settings.network, for: pieces.tokenizer),
        configuration: settings.training, tokensPerEpoch: pieces.training.predictionCount,
        batchesPerEpoch: source.batchesPerEpoch)
    } catch {
      throw .cause(error)
    }
  }

  /// Checks that the machine has the memory that training on `pieces` with these settings needs.
  /// - Throws: `ComposingError.invalidOption` if it has less.
  public static func requireMemory(
    for settings: ModelPreset, on pieces: TrainingPieces, threadCount: Int
  ) throws(ComposingError) {
    try requireMemory(for: Self.plan(settings, on: pieces, threadCount: threadCount))
  }

  /// The same before there are pieces: with the least that the pieces of any music need.
  static func requireMemory(for settings: ModelPreset) throws(ComposingError) {
    let smallest = LanguageModelConfiguration(settings.network, vocabularySize: leastVocabularySize)
    let plan: TrainingPlan
    do {
      plan = try TrainingPlan(
        of: smallest, configuration: settings.training, tokensPerEpoch: 1, batchesPerEpoch: 1)
    } catch {
      throw .cause(error)
    }
    try requireMemory(for: plan)
  }

  /// No tokenizer that is worth training on has fewer ids.
  private static let leastVocabularySize = 8

  private static func requireMemory(for plan: TrainingPlan) throws(ComposingError) {
    let (needed, present) = (plan.peakMemory, plan.machineMemory)
    func gigabytes(_ bytes: Int) -> String { "\((Double(bytes) / 1e8).rounded() / 10) GB" }
    try requireOption(
      needed <= present, "the memory that this training needs", gigabytes(needed),
      "at most the \(gigabytes(present)) that the machine has; choose fewer or smaller layers, or smaller batches"
    )
  }

  /// The network of weights that were imported and not trained yet; nil where training begins with random ones or continues.
  private func importedNetwork(for pieces: TrainingPieces) throws(ComposingError) -> Network? {
    guard description.importedFrom != nil, !isResuming else { return nil }
    do {
      return try Network(
        configuration: LanguageModelConfiguration(settings.network, for: pieces.tokenizer),
        tensors: SafetensorsFile(path: folder.training.weightsPath))
    } catch {
      throw .cause(error)
    }
  }

  private static func makeRun(
    _ settings: ModelPreset, on pieces: TrainingPieces, from network: Network? = nil,
    folder: TrainingFolder, resuming: Bool, validatesFirst: Bool = false, threadCount: Int
  ) throws(TrainingError) -> TrainingRun<LanguageModelPass, CorpusBatchSource, PieceBatches> {
    try TrainingRun(
      model: network
        ?? Network(
          configuration: LanguageModelConfiguration(settings.network, for: pieces.tokenizer),
          seed: settings.training.seed),
      source: CorpusBatchSource(pieces: pieces.training, tokenizer: pieces.tokenizer, settings: settings),
      validationPieces: pieces.validation,
      context: FillValidation(pieces.tokenizer, settings: settings) ?? TokenizerContext(pieces.tokenizer),
      configuration: settings.training, folder: folder, resuming: resuming, validatesFirst: validatesFirst,
      team: ThreadTeam(threadCount: threadCount))
  }

  /// Makes `pieces` the model's, or checks that they are.
  private mutating func adopt(_ pieces: TrainingPieces) throws(ComposingError) {
    if isResuming || description.importedFrom != nil {
      try description.requireContext(of: pieces.tokenizer, folder: folder)
    }
    if isResuming, let known = description.corpus {
      guard known.fingerprint == pieces.fingerprint else {
        throw .corpusChanged(
          path: folder.path, trainedOn: "\(known.name), \(known.fingerprint)",
          given: "\(pieces.name), \(pieces.fingerprint)")
      }
      // The corpus is the same, so its vocabulary is what has to stand there, whatever has become of the file.
      let vocabulary = pieces.tokenizer.vocabulary.json()
      if (try? readFile(folder.vocabularyPath, limit: vocabulary.count)) != vocabulary {
        try writeVocabulary(of: pieces)
      }
      return
    }
    if description.importedFrom != nil {
      let vocabulary = pieces.tokenizer.vocabulary
      // The tokenizer may be one that only the caller knows.
      let tokenizers = TokenizerRegistry.standard.adding(type(of: vocabulary.configuration))
      guard try MusicModel.vocabulary(atPath: folder.vocabularyPath, tokenizers: tokenizers) == vocabulary
      else {
        throw .vocabularyChanged(path: folder.path, given: pieces.name)
      }
    }
    try writeVocabulary(of: pieces)
    description.setContext(of: pieces.tokenizer)
    description.corpus = ModelDescription.CorpusProvenance(
      name: pieces.name, fingerprint: pieces.fingerprint, trainingPieces: pieces.training.count,
      trainingTokens: pieces.training.tokenCount,
      validationPieces: pieces.validation.count,
      validationTokens: pieces.validation.tokenCount)
    try description.write(in: folder)
  }

  private func writeVocabulary(of pieces: TrainingPieces) throws(ComposingError) {
    do {
      try replaceFile(at: folder.vocabularyPath, with: pieces.tokenizer.vocabulary.json())
    } catch {
      throw .file(error)
    }
  }

  /// Removes a model's files, the checkpoint first: what is left after a kill can be resumed or overwritten.
  static func removeModel(in folder: ModelFolder) throws(ComposingError) {
    try removeHistory(in: folder)
    try remove([folder.training.weightsPath, folder.vocabularyPath, folder.descriptionPath])
  }

  /// Removes the files of a model's training, the checkpoint first.
  static func removeHistory(in folder: ModelFolder) throws(ComposingError) {
    try remove([
      folder.training.checkpointPath, folder.training.historyPath, folder.criticPath, folder.cardPath,
    ])
  }

  private static func remove(_ paths: [String]) throws(ComposingError) {
    for path in paths {
      do { try removeFile(path) } catch { throw .file(error) }
    }
  }
}
