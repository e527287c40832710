public import Corpora
public import Groundwork
internal import Recurrent
public import Training

/// A training from music to a model: what was requested, the corpus in the model's folder, what the machine can hold, and the
/// training itself; a training that was stopped continues by the path of its folder alone.
///
/// Files and folders of music become a corpus in the model's folder (`corpus/`), next to the request for it
/// (`corpus/request.json`), so that a project that is resumed reads the same music in the same way, or reports that it has changed.
/// A corpus that is ready is trained on where it is.
public struct TrainingProject {
  /// What a training begins with.
  public enum Beginning: Sendable, Hashable {
    /// A network that knows nothing.
    case anew
    /// The checkpoint of a training that was stopped.
    case checkpoint
    /// Weights that were imported from the file of this name.
    case importedWeights(String)
  }

  /// The model's folder.
  public let folder: ModelFolder
  /// The corpus, or the files and folders of music.
  public let music: [String]
  /// What to do where there is a model already.
  public let existing: MusicTraining.ExistingModel
  /// What is asked of a corpus that is made.
  public let request: CorpusRequest
  /// How many threads read and train; the result does not depend on it.
  public let threadCount: Int

  /// What training begins with; nil until the project is prepared.
  public private(set) var beginning: Beginning?
  /// The corpus, in figures, if `prepare` built one.
  public private(set) var built: CorpusInfo?
  /// Whether there was nothing in the folder before, and nothing is left where `prepare` fails.
  public let isNew: Bool
  private var training: MusicTraining?
  private var corpus: Corpus?

  /// A project, once it is clear that there is room for its model.
  /// - Parameters:
  ///   - path: The model's folder; it need not exist.
  ///   - music: One corpus, or files and folders of music.
  ///   - existing: What to do where there is a model already.
  ///   - request: What is asked of a corpus that is made.
  ///   - threadCount: How many threads read and train.
  /// - Throws: `ComposingError.modelExists`, `.incomplete`.
  public init(
    path: String, music: [String], existing: MusicTraining.ExistingModel,
    request: CorpusRequest = CorpusRequest(),
    threadCount: Int = 1
  ) throws(ComposingError) {
    folder = ModelFolder(path: path)
    self.music = music
    self.existing = existing
    self.request = request
    self.threadCount = threadCount
    isNew = !fileExists(folder.path)
    try MusicTraining.requireRoom(in: folder, for: existing)
  }

  /// Where the files of the training are, now or when it begins: those of a model that replaces another are next to it at first.
  public var workingFolder: ModelFolder {
    if let training { return training.folder }
    switch existing {
    case .resume: return folder.underWay
    case .overwrite: return folder.holdsModel ? folder.replacement : folder
    case .refuse: return folder
    }
  }

  private var isResuming: Bool { existing == .resume }
  private var hasBegun: Bool { isResuming && fileExists(workingFolder.training.checkpointPath) }

  /// The settings to train with. A training that is resumed keeps those that it began with; one of imported weights gets them
  /// when it begins, but keeps its network.
  ///
  /// - Parameters:
  ///   - preset: The name of the preset that was requested; nil if none was.
  ///   - chosen: The settings of the preset that was requested, or else of the standard one.
  ///   - change: Changes what the user wants otherwise.
  /// - Throws: `ComposingError.settingsKept`, `.networkKept`, for invalid settings, and what the closures throw.
  public func settings(
    preset: String?, chosen: () throws -> ModelPreset, change: (inout ModelPreset) throws -> Void
  ) throws -> ModelPreset {
    var settings: ModelPreset
    if isResuming, fileExists(workingFolder.descriptionPath) {
      let description = try ModelDescription(folder: workingFolder)
      let kept = try description.trainingSettings(of: folder)
      settings = kept
      if description.importedFrom == nil || hasBegun {
        try change(&settings)
        guard settings == kept, preset == nil || preset == description.preset else {
          throw ComposingError.settingsKept(path: folder.path, importedFrom: description.importedFrom)
        }
        return settings
      }
      if preset != nil {
        settings = try chosen()
        let network = settings.network
        settings.network = kept.network
        settings.network.takeDropout(of: network)
      }
      try change(&settings)
      guard settings.network.hasWeights(of: kept.network) else {
        throw ComposingError.networkKept(path: folder.path)
      }
    } else {
      settings = try chosen()
      try change(&settings)
    }
    try settings.validate()
    return settings
  }

  /// What training with these settings will need. The music is read as training would read it, into a folder that does not stay;
  /// nothing is trained.
  /// - Throws: What `prepare` throws.
  public mutating func plan(
    _ settings: ModelPreset, cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil
  ) throws -> TrainingPlan {
    let scratch = try makeTemporaryFolder()
    defer { try? removeTree(scratch) }
    let reader = ProjectCorpus(
      project: self, folder: workingFolder, buildsIn: ModelFolder(path: scratch), cancellation: cancellation,
      progress: progress)
    let (corpus, built) = try reader.corpus()
    self.built = built
    return try MusicTraining.plan(settings, on: TrainingPieces(corpus: corpus), threadCount: threadCount)
  }

  /// Makes the model's folder and its corpus, and checks that the machine can hold the training. A training that is killed from
  /// here on knows what was asked of it; one that fails here leaves the folder as it was.
  ///
  /// - Parameters:
  ///   - preset: The name of the preset that the settings began from.
  ///   - settings: What `settings(preset:chosen:change:)` gave.
  ///   - program: The program that trains, such as `gruppetto 0.1.0`.
  ///   - cancellation: Asks the work to stop.
  ///   - progress: Is told how much of the music was read.
  /// - Throws: `ComposingError`, `CorpusError`, `FileError`.
  public mutating func prepare(
    preset: String, settings: ModelPreset, program: String, cancellation: Cancellation = Cancellation(),
    progress: ProgressHandler? = nil
  ) throws {
    try MusicTraining.requireMemory(for: settings)
    let made: [String]
    do { made = try makeFolder(folder.path) } catch { throw ComposingError.file(error) }
    // Held until the training is over: while the music is read no other program may train here or take the folder away.
    let lock = try MusicTraining.lock(folder)
    do {
      let training = try MusicTraining(
        path: folder.path, preset: preset, settings: settings, existing: existing, program: program,
        lock: lock)
      self.training = training
      let reader = ProjectCorpus(
        project: self, folder: training.folder, buildsIn: training.folder, cancellation: cancellation,
        progress: progress)
      let (corpus, built) = try reader.corpus()
      self.built = built
      try MusicTraining.requireMemory(
        for: settings, on: TrainingPieces(corpus: corpus), threadCount: threadCount)
      self.corpus = corpus
      beginning =
        training.isResuming
        ? .checkpoint : training.description.importedFrom.map(Beginning.importedWeights) ?? .anew
    } catch {
      if made.last == folder.path {
        try? removeTree(folder.path)
      } else if existing == .overwrite, training?.folder == folder.replacement {
        ModelReplacement.abandon(in: folder)
      }
      training?.releaseLock()
      throw error
    }
  }

  /// The seed of the training; nil until the project is prepared.
  public var seed: UInt64? { training?.settings.training.seed }

  /// Trains the model, from its beginning or from its checkpoint; `prepare` comes first.
  ///
  /// - Parameters:
  ///   - cancellation: Asks training to stop; it saves a checkpoint first.
  ///   - progress: called with how far training has come.
  ///   - afterValidation: called with that the model's history has a new line, and where the model's files are now.
  /// - Throws: `ComposingError`.
  public mutating func run(
    cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil,
    afterValidation: (ModelFolder) -> Void = { _ in }
  ) throws(ComposingError) -> TrainingResult {
    guard var training, let corpus else {
      preconditionFailure("a training project is prepared before it is run")
    }
    defer {
      training.releaseLock()
      self.training = training
    }
    let pieces = TrainingPieces(corpus: corpus, name: music.map(lastName).joined(separator: " "))
    return try training.run(
      on: pieces, threadCount: threadCount, cancellation: cancellation, progress: progress,
      afterValidation: afterValidation)
  }

  /// Learns what tells the collection's music from the model's, and puts it into the model's folder; after a training that has come to
  /// its end.
  /// - Parameters:
  ///   - result: The result of the training. A model that has hardly learned anything gets no critic.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how far it is.
  /// - Returns: The critic; nil where there is too little music to learn one.
  /// - Throws: `ComposingError`.
  public func learnCritic(
    after result: TrainingResult, cancellation: Cancellation = Cancellation(),
    progress: ProgressHandler? = nil
  ) throws(ComposingError) -> Critic? {
    guard let corpus, let seed, let loss = result.bestValidationLoss, let uniform = result.uniformLoss,
      loss < CriticLearning.mostLoss * uniform
    else { return nil }
    let critic = try MusicModel(path: folder.path).learnedCritic(
      CriticLearning(seed: seed), from: corpus, threadCount: threadCount, cancellation: cancellation,
      progress: progress)
    try critic?.write(to: folder)
    return critic
  }
}
