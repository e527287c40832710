internal import Groundwork

/// Tells how far the run has come, at most ten times a second.
struct ProgressReporter {
  let clock: ContinuousClock
  let handler: ProgressHandler?
  /// Ids a second between the last two reports of training, smoothed over about ten seconds.
  private(set) var lastRate = 0.0

  private var lastReport: ContinuousClock.Instant?
  private var lastTokens: Int?
  private var lastSeconds = 0.0

  init(clock: ContinuousClock, handler: ProgressHandler?) {
    self.clock = clock
    self.handler = handler
  }

  /// Makes a report with `make`, unless one has just been made.
  mutating func report(_ make: (inout Self) -> ProgressReport) {
    guard let handler else { return }
    let now = clock.now
    if let lastReport, now - lastReport < .milliseconds(100) { return }
    lastReport = now
    handler(make(&self))
  }

  /// Ids a second since the run was begun or resumed, given how many there were after how many seconds of training.
  mutating func rate(tokens: Int, seconds: Double) -> Double {
    if let lastTokens, seconds > lastSeconds {
      let span = seconds - lastSeconds
      let rate = Double(tokens - lastTokens) / span
      let weight = lastRate > 0 ? min(1, span / 10) : 1
      lastRate += weight * (rate - lastRate)
    }
    lastTokens = tokens
    lastSeconds = seconds
    return lastRate
  }
}

extension TrainingRun {
  /// The progress of the run, with the part of the current update and the seconds that it has taken so far.
  func report(
    activity: String, tokensPerSecond: Double, underWay: (share: Double, seconds: Double) = (0, 0)
  ) -> ProgressReport {
    var figures: [ProgressReport.Figure] = []
    if let loss = state.currentTrainingLoss { figures.append(.init("loss", loss)) }
    if let loss = state.validationLoss { figures.append(.init("validation loss", loss)) }
    if tokensPerSecond > 0 { figures.append(.init("tokens/s", tokensPerSecond)) }
    let share = spentShare
    var report =
      switch configuration.budget {
      case .minutes(let minutes):
        ProgressReport(
          activity: activity, completed: state.seconds + underWay.seconds, total: minutes * 60,
          unit: "seconds")
      case .epochs(let epochs):
        ProgressReport(
          activity: activity, completed: source.epochsCompleted, total: Double(epochs), unit: "epochs")
      case .steps(let steps):
        ProgressReport(
          activity: activity, completed: Double(state.step) + underWay.share, total: Double(steps),
          unit: "steps")
      }
    report.figures = figures
    if share > 0 { report.secondsLeft = max(0, state.seconds * (1 / share - 1)) }
    return report
  }
}
