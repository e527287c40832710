public import Arithmetic
public import Groundwork
public import Recurrent

/// A training run: batch by batch through a source, with validation, early stopping, checkpoints and a history, all in one
/// folder.
///
/// ## What is written when
/// At a validation, in this order: the weights if they are the best so far (`model.safetensors`), the line of the
/// history, the checkpoint (`training.safetensors`), which is the only record of how far the run has come. A run that dies between
/// two of these resumes from the checkpoint before, and does the same work again: the same weights are the best again
/// and replace themselves, and the history is cut to the length that the checkpoint knows. Whether a validation is due
/// depends on the state in the checkpoint only, so nothing that happens to the process changes the run.
public final class TrainingRun<Pass: TrainablePass, Source: BatchSource, Validation: ValidationBatches>
where Source.Batch == Pass.Batch, Validation.Batch == Pass.Batch {
  /// The network that is trained; its weights after a run are the current ones, not the best.
  public var pass: Pass { learner.pass }
  /// What the run was configured to do.
  public let configuration: TrainingConfiguration

  /// The folder of the run's files; code that moves them between two writes of the run updates it.
  package var folder: TrainingFolder
  let validatesFirst: Bool
  let learner: Learner<Pass>
  /// All that the network may be validated on.
  let allValidation: Validation
  /// What it is validated on: all, or as much as the time allows.
  var validation: Validation
  var source: Source
  var state: TrainingState<Source.Position>
  var batch: Pass.Batch
  var validationBatch: Pass.Batch
  let clock = ContinuousClock()

  /// A run from the beginning, or from the folder's checkpoint.
  ///
  /// - Parameters:
  ///   - pass: The network, with its first weights; a checkpoint replaces them.
  ///   - source: Where training batches come from.
  ///   - validation: What the network is validated on.
  ///   - configuration: How to train.
  ///   - folder: Where the run keeps its files.
  ///   - resuming: Whether to continue from the folder's checkpoint. If there is none yet, the run starts from the beginning.
  ///   - validatesFirst: Whether the first weights are validated too, so that those of a network that has learned before
  ///     are only replaced by better ones.
  ///   - team: The threads that compute.
  /// - Throws: `TrainingError`: an invalid setting, no data, a checkpoint that does not fit.
  public init(
    pass: Pass, source: Source, validation: Validation, configuration: TrainingConfiguration,
    folder: TrainingFolder, resuming: Bool, validatesFirst: Bool = false, team: ThreadTeam
  ) throws(TrainingError) {
    try configuration.validate()
    guard validation.batchCount > 0 else { throw .noData(split: "valid") }
    self.source = source
    allValidation = validation
    self.validation = validation
    self.configuration = configuration
    self.folder = folder
    self.validatesFirst = validatesFirst
    learner = Learner(
      pass, optimizer: configuration.optimizer, learningRate: configuration.learningRate,
      clipNorm: configuration.clipNorm, clipValue: configuration.clipValue,
      averageDecay: configuration.averageDecay, seed: configuration.seed, team: team)
    batch = source.makeBatch()
    validationBatch = validation.makeBatch()
    state = TrainingState(dropout: learner.dropout, source: source.position)
    if resuming, fileExists(folder.checkpointPath) {
      try restore()
      if let count = state.validationBatches { limitValidation(to: count) }
    }
  }

  /// Whether there is nothing left to do: the budget is spent, or the loss no longer improves.
  public var isOver: Bool { !isValidationDue && stopReached != nil }

  /// Trains until the budget is spent, the loss no longer improves, or the user stops it.
  ///
  /// A run that was already over returns what it came to.
  /// - Parameters:
  ///   - cancellation: Asks the run to stop; it saves a checkpoint first.
  ///   - progress: called with every tenth of a second or less often.
  ///   - afterValidation: called with the history's new line once it and the checkpoint are written.
  /// - Throws: `TrainingError.diverged` if the loss is no longer a number, and for files that cannot be written.
  public func run(
    cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil,
    afterValidation: (HistoryEntry) -> Void = { _ in }
  ) throws(TrainingError) -> TrainingResult {
    var history = try HistoryLog(path: folder.historyPath, length: state.historyLength)
    state.historyLength = history.length
    if state.step == 0 { try saveCheckpoint() }
    var lastCheckpoint = clock.now
    var reporter = ProgressReporter(clock: clock, handler: progress)
    while true {
      if isValidationDue {
        guard let entry = try validate(history: &history, cancellation: cancellation, reporter: &reporter)
        else { return try interrupt() }
        afterValidation(entry)
        lastCheckpoint = clock.now
      }
      if let stop = stopReached { return state.result(stopped: stop) }
      if cancellation.isRequested { return try interrupt() }
      if seconds(clock.now - lastCheckpoint) >= configuration.checkpointSeconds {
        try saveCheckpoint()
        lastCheckpoint = clock.now
      }
      guard try step(cancellation: cancellation, reporter: &reporter) else { return try interrupt() }
      reporter.report {
        report(activity: "training", tokensPerSecond: $0.rate(tokens: state.tokens, seconds: state.seconds))
      }
    }
  }

  /// One update of the weights, from as many batches as the configuration sets.
  /// - Returns: False where the user stopped it between two batches; then all is as it was before.
  private func step(
    cancellation: Cancellation, reporter: inout ProgressReporter
  ) throws(TrainingError) -> Bool {
    let start = clock.now
    let before = configuration.accumulation > 1 ? beforeUpdate : nil
    learner.learningRate =
      configuration.learningRate * configuration.schedule.factor(at: spentShare) * state.plateau.factor
    var loss = LossSum()
    do throws(TrainingError) {
      for index in 0..<configuration.accumulation {
        if index > 0, let before {
          if cancellation.isRequested {
            goBack(to: before)
            return false
          }
          let elapsed = seconds(clock.now - start)
          reporter.report {
            report(
              activity: "training", tokensPerSecond: $0.lastRate,
              underWay: (Double(index) / Double(configuration.accumulation), elapsed))
          }
        }
        source.nextBatch(into: &batch)
        loss += try learner.add(batch)
      }
      try learner.update()
    } catch {
      guard case .diverged(let step, let quantity, _) = error else { throw error }
      throw diverged(quantity, step: step)
    }
    state.learningRate = learner.learningRate
    state.step += 1
    state.tokens += loss.count
    state.epochs = source.epochsCompleted
    state.interval.steps += 1
    state.interval.weight += loss.weight
    state.interval.loss += loss.sum
    state.interval.gradientNorm += learner.gradientNorm
    state.seconds += seconds(clock.now - start)
    return true
  }

  /// What the batches of an update change before the update is made.
  private var beforeUpdate: (source: Source.Position, dropout: RandomStream, carried: [Float]) {
    (source.position, learner.dropout, pass.carriedState)
  }

  /// Undoes what the batches of an update have changed so far.
  private func goBack(to before: (source: Source.Position, dropout: RandomStream, carried: [Float])) {
    let isInside = source.seek(to: before.source)
    precondition(isInside, "a source of batches does not know a position that it was at")
    learner.dropout = before.dropout
    learner.pass.carriedState = before.carried
    learner.discard()
  }

  /// The error if a number of update `step` is not finite: the settings, and how to change them.
  func diverged(_ quantity: String, step: Int) -> TrainingError {
    learner.discard()
    return .diverged(
      step: step, quantity: quantity,
      remedies: [.overwrite]
        + TrainingError.remediesOfDivergence(
          learningRate: configuration.learningRate, clipNorm: configuration.clipNorm,
          clipValue: configuration.clipValue))
  }

  /// Saves what there is, so that the run can continue later.
  private func interrupt() throws(TrainingError) -> TrainingResult {
    // Before the first validation no weights are the best yet; these let the model be tried all the same, and the
    // first validation replaces them.
    if state.bestValidationLoss == nil { try saveWeights() }
    try saveCheckpoint()
    return state.result(stopped: .interrupted)
  }
}

extension TrainingRun where Pass == LanguageModelPass, Validation == PieceBatches {
  /// A run of a language model over windows of `configuration`'s shape.
  ///
  /// - Parameters:
  ///   - model: The network, with its first weights; a checkpoint replaces them.
  ///   - source: Where training windows come from, `B` streams of `T` steps.
  ///   - validationPieces: The pieces to validate on, or to choose those from, as `validationTokens` sets; the first id of
  ///     each is given and never predicted.
  ///   - context: What the network is told beside the ids of the validation pieces, where it is told anything.
  ///   - configuration: How to train.
  ///   - folder: Where the run keeps its files.
  ///   - resuming: Whether to continue from the folder's checkpoint. If there is none yet, the run starts from the beginning.
  ///   - validatesFirst: Whether the first weights are validated too, so that those of a model that has learned before
  ///     are only replaced by better ones.
  ///   - team: The threads that compute.
  /// - Throws: `TrainingError`: an invalid setting, no data, a checkpoint that does not fit.
  public convenience init(
    model: Network, source: Source, validationPieces: PieceIDs, context: (any ContextSource)? = nil,
    configuration: TrainingConfiguration, folder: TrainingFolder, resuming: Bool,
    validatesFirst: Bool = false, team: ThreadTeam
  ) throws(TrainingError) {
    try configuration.validate()
    try self.init(
      pass: LanguageModelPass(
        network: model, batchSize: configuration.batchSize, truncationLength: configuration.truncationLength,
        team: team),
      source: source,
      validation: PieceBatches(
        pieces: configuration.validationTokens.map { validationPieces.sample(predictionCount: $0) }
          ?? validationPieces, batchSize: configuration.batchSize,
        truncationLength: configuration.truncationLength, context: context),
      configuration: configuration, folder: folder, resuming: resuming, validatesFirst: validatesFirst,
      team: team)
  }
}

/// A duration in seconds.
func seconds(_ duration: Duration) -> Double {
  Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
