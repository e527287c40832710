internal import Arithmetic

/// The small values of a run: all that a checkpoint holds besides the tensors.
struct TrainingState<Position: Codable & Sendable>: Codable, Sendable {
  /// Updates of the weights so far.
  var step = 0
  /// Predictions in training so far.
  var tokens = 0
  /// Seconds of training time so far.
  var seconds = 0.0
  /// Epochs so far, with the part of the current one.
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
  /// The validation loss of the weights that are kept.
  var bestValidationLoss: Double?
  /// The lowest validation loss; nil where that is the one of the weights that are kept.
  var lowestValidationLoss: Double?
  /// How many validations in a row were not good enough to keep the weights.
  var validationsWithoutImprovement = 0
  /// How many batches a validation has at most; nil if all are validated on.
  var validationBatches: Int?
  /// How many seconds validations took, and the last of them; counted under a budget in minutes only.
  var validationSeconds: Double?, lastValidationSeconds: Double?
  /// The learning rate of the last update.
  var learningRate = 0.0
  /// The state of a learning rate that falls on plateaus.
  var plateau = Plateau()
  /// How many updates the optimizer has made.
  var optimizerSteps = 0
  /// How many updates the weights' average has taken in.
  var averageUpdates = 0
  /// The length of `history.jsonl` in lines.
  var historyLength = 0
  /// The position of the random stream of the dropout masks.
  var dropout: RandomStream
  /// The position of the source of batches.
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

  /// What is invalid in it, in words, or nil; a state that was read from a file may have any values.
  var fault: String? {
    let counts = [
      ("step", step), ("tokens", tokens), ("interval.steps", interval.steps),
      ("lastValidation.step", lastValidation.step), ("validationTokens", validationTokens ?? 0),
      ("validationBatches", validationBatches ?? 0),
      ("validationsWithoutImprovement", validationsWithoutImprovement),
      ("plateau.validationsWithoutImprovement", plateau.validationsWithoutImprovement),
      ("optimizerSteps", optimizerSteps), ("averageUpdates", averageUpdates),
      ("historyLength", historyLength),
    ]
    // Beyond 2^53 not even a Double counts on.
    for (name, count) in counts where !(0...1 << 53).contains(count) { return "its \(name) is \(count)" }
    let sizes = [
      ("seconds", seconds), ("epochs", epochs), ("lastValidation.seconds", lastValidation.seconds),
      ("lastValidation.epochs", lastValidation.epochs), ("interval.weight", interval.weight),
      ("interval.gradientNorm", interval.gradientNorm), ("learningRate", learningRate),
      ("validationSeconds", validationSeconds ?? 0), ("lastValidationSeconds", lastValidationSeconds ?? 0),
    ]
    for (name, size) in sizes where !(size >= 0 && size.isFinite) { return "its \(name) is \(size)" }
    let losses = [
      ("interval.loss", interval.loss), ("trainingLoss", trainingLoss ?? 0),
      ("validationLoss", validationLoss ?? 0), ("bestValidationLoss", bestValidationLoss ?? 0),
      ("lowestValidationLoss", lowestValidationLoss ?? 0),
      ("plateau.best", plateau.best ?? 0),
    ]
    for (name, loss) in losses where !loss.isFinite { return "its \(name) is \(loss)" }
    if !(0...1).contains(plateau.factor) { return "its plateau.factor is \(plateau.factor)" }
    // As far as no run gets, and far from where the stream ends.
    return dropout.position <= 1 << 62 ? nil : "its dropout.position is \(dropout.position)"
  }

  /// The result of the run.
  func result(stopped: TrainingStop) -> TrainingResult {
    TrainingResult(
      steps: step, tokens: tokens, seconds: seconds,
      tokensPerSecond: seconds > 0 ? Double(tokens) / seconds : 0,
      trainingLoss: currentTrainingLoss, validationLoss: validationLoss,
      validationTokens: validationTokens, bestValidationLoss: bestValidationLoss, stopped: stopped)
  }
}
