internal import Groundwork
internal import Recurrent

extension TrainingRun {
  /// The share of the budget that is spent, 0 ... 1 and a little above.
  var spentShare: Double {
    switch configuration.budget {
    case .minutes(let minutes): state.seconds / (minutes * 60)
    case .epochs(let epochs): state.epochs / Double(epochs)
    case .steps(let steps): Double(state.step) / Double(steps)
    }
  }

  /// Why the run is over, if it is.
  var stopReached: TrainingStop? {
    if spentShare >= 1 { return .budgetSpent }
    if let patience = configuration.patience, state.validationsWithoutImprovement >= patience {
      return .noImprovement
    }
    return nil
  }

  /// Whether the weights are to be validated before the next update.
  var isValidationDue: Bool {
    let last = state.lastValidation
    if state.step == 0 { return validatesFirst && state.validationLoss == nil }
    guard state.step > last.step else { return false }
    if spentShare >= 1 { return true }
    guard hasTimeToValidate else { return false }
    if let interval = configuration.validationInterval { return state.step - last.step >= interval }
    switch configuration.budget {
    case .minutes(let minutes):
      return state.seconds - last.seconds >= min(30, minutes * 60 / 12)
    case .epochs:
      return state.epochs.rounded(.down) > last.epochs.rounded(.down)
    case .steps(let steps):
      return state.step - last.step
        >= max(1, min(source.batchesPerEpoch / configuration.accumulation, steps / 10))
    }
  }

  /// The share of a budget in minutes that validations may take.
  private static var validationShare: Double { 0.1 }

  /// Under a budget in minutes: whether another validation keeps them all within their share of the time.
  private var hasTimeToValidate: Bool {
    guard case .minutes = configuration.budget else { return true }
    return (state.validationSeconds ?? 0) + (state.lastValidationSeconds ?? 0)
      <= Self.validationShare * state.seconds
  }

  /// How many seconds a validation may take under a budget in minutes; nil under others.
  private var secondsToValidate: Double? {
    guard case .minutes(let minutes) = configuration.budget else { return nil }
    return Self.validationShare
      * max(state.seconds - state.lastValidation.seconds, min(30, minutes * 60 / 12))
  }

  /// Validates on a part of that many batches from now on, where there are more.
  func limitValidation(to batchCount: Int) {
    state.validationBatches = batchCount
    validation =
      batchCount < allValidation.batchCount ? allValidation.sample(batchCount: batchCount) : allValidation
  }

  /// Measures the validation loss, keeps the weights if it is the lowest so far, and writes history and checkpoint.
  /// - Returns: The line of the history; nil if the user stopped it before the loss was known, and nothing has changed.
  func validate(
    history: inout HistoryLog, cancellation: Cancellation, reporter: inout ProgressReporter
  ) throws(TrainingError) -> HistoryEntry? {
    let start = clock.now
    guard let measured = validationLoss(cancellation: cancellation, reporter: &reporter) else { return nil }
    let loss = measured.mean
    guard loss.isFinite else {
      throw diverged("the validation loss", step: state.step)
    }
    let interval = state.interval
    state.trainingLoss = state.currentTrainingLoss
    state.validationLoss = loss
    state.validationTokens = measured.count
    state.lastValidation = .init(step: state.step, seconds: state.seconds, epochs: state.epochs)
    state.interval = .init()
    if configuration.schedule.shape == .plateau {
      state.plateau.take(loss, schedule: configuration.schedule)
    }
    let isKept = isWorthKeeping(loss)
    if isKept {
      let lowest = min(state.lowestValidationLoss ?? state.bestValidationLoss ?? loss, loss)
      state.lowestValidationLoss = lowest < loss ? lowest : nil
      state.bestValidationLoss = loss
      state.validationsWithoutImprovement = 0
      try saveWeights()
    } else {
      state.validationsWithoutImprovement += 1
    }
    let entry = HistoryEntry(
      step: state.step, tokens: state.tokens, seconds: state.seconds,
      trainingLoss: state.trainingLoss ?? loss, validationLoss: loss, validationTokens: measured.count,
      isKept: configuration.tolerance == nil ? nil : isKept, learningRate: state.learningRate,
      gradientNorm: interval.gradientNorm / Double(max(interval.steps, 1)), inside: inspect())
    if secondsToValidate != nil {
      let spent = seconds(clock.now - start)
      state.lastValidationSeconds = spent
      state.validationSeconds = (state.validationSeconds ?? 0) + spent
    }
    try history.append(entry)
    state.historyLength = history.length
    try saveCheckpoint()
    return entry
  }

  /// Whether the weights of this validation loss are kept in place of the earlier ones: it is the lowest, or near enough to it.
  private func isWorthKeeping(_ loss: Double) -> Bool {
    guard let best = state.bestValidationLoss else { return true }
    let lowest = state.lowestValidationLoss ?? best
    guard let tolerance = configuration.tolerance else { return loss < lowest }
    return loss < lowest || loss <= lowest + tolerance * abs(lowest)
  }

  /// The loss over all validation batches, under the average of the weights where one is kept; nil if the user
  /// stopped it.
  private func validationLoss(cancellation: Cancellation, reporter: inout ProgressReporter) -> LossSum? {
    let carried = pass.carriedState
    learner.exchangeAverage()
    defer {
      learner.exchangeAverage()
      learner.pass.carriedState = carried
    }
    var total = LossSum()
    var index = 0
    while index < min(validation.batchCount, state.validationBatches ?? .max) {
      if cancellation.isRequested { return nil }
      let start = clock.now
      validation.fill(&validationBatch, index: index)
      total += pass.evaluate(validationBatch)
      reporter.report { report(activity: "validating", tokensPerSecond: $0.lastRate) }
      index += 1
      // The first batch also pays for what is made once.
      guard let allowed = secondsToValidate, state.validationBatches == nil, index == 2 else { continue }
      let fitting = 0.8 * allowed / max(seconds(clock.now - start), 1e-9)
      limitValidation(to: max(1, Int(min(fitting, Double(allValidation.batchCount)))))
      if validation.batchCount < allValidation.batchCount || index > state.validationBatches ?? .max {
        (total, index) = (LossSum(), 0)
      }
    }
    return total
  }
}
