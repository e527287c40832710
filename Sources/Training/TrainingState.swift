internal import Arithmetic

/// The small values of a run: all that a checkpoint holds beside the tensors.
struct TrainingState<Position: Codable & Sendable>: Codable, Sendable {
  /// Updates of the weights so far.
  var step = 0
  /// Predictions in training so far.
  var tokens = 0
  /// Seconds of training time so far.
  var seconds = 0.0
  /// Epochs so far, with the share of the one under way.
  var epochs = 0.0
  /// What was summed since the last validation.
  var interval = Interval()
  /// Where the last validation was.
  var lastValidation = Milestone()
  /// The training loss up to the last validation.
  var trainingLoss: Double?
  /// The last validation loss.
  var validationLoss: Double?
  /// How many predictions it is the mean over.
  var validationTokens: Int?
  /// The lowest validation loss.
  var bestValidationLoss: Double?
  /// How many validations in a row did not better it.
  var validationsWithoutImprovement = 0
  /// The learning rate of the last update.
  var learningRate = 0.0
  /// Where a learning rate that falls on plateaus stands.
  var plateau = Plateau()
  /// How many updates the optimiser has made.
  var optimizerSteps = 0
  /// How many updates the weights' average has taken in.
  var averageUpdates = 0
  /// The length of `history.jsonl` in lines.
  var historyLength = 0
  /// Where the dropout masks' stream stands.
  var dropout: RandomStream
  /// Where the source of batches stands.
  var source: Position

  /// Sums over the updates since the last validation.
  struct Interval: Codable, Sendable {
    var steps = 0
    /// What the sum of the losses is divided by to give their mean.
    var weight = 0.0
    /// The sum of the losses of the predictions.
    var loss = 0.0
    /// Σ of the gradients' norms before clipping.
    var gradientNorm = 0.0
  }

  /// A point of the run.
  struct Milestone: Codable, Sendable {
    var step = 0
    var seconds = 0.0
    var epochs = 0.0
  }

  /// The mean training loss since the last validation; that before it where nothing came since.
  var currentTrainingLoss: Double? {
    interval.weight > 0 ? interval.loss / interval.weight : trainingLoss
  }

  /// What the run has come to.
  func result(stopped: TrainingStop) -> TrainingResult {
    TrainingResult(
      steps: step, tokens: tokens, seconds: seconds,
      tokensPerSecond: seconds > 0 ? Double(tokens) / seconds : 0,
      trainingLoss: currentTrainingLoss, validationLoss: validationLoss,
      validationTokens: validationTokens, bestValidationLoss: bestValidationLoss, stopped: stopped)
  }
}
