/// Why a run is over.
public enum TrainingStop: String, Codable, Hashable, Sendable {
  /// The budget is spent.
  case budgetSpent
  /// The validation loss has not improved for as many validations as the configuration's patience.
  case noImprovement
  /// The user stopped it; a checkpoint holds its state.
  case interrupted
}

/// What a run came to. Losses are in nats per predicted id.
public struct TrainingResult: Codable, Hashable, Sendable {
  /// Updates of the weights, with those before the run was resumed.
  public var steps: Int
  /// Ids predicted in training.
  public var tokens: Int
  /// Seconds of training time; validation and checkpoints are not counted.
  public var seconds: Double
  /// `tokens / seconds`.
  public var tokensPerSecond: Double
  /// The mean loss of the training windows between the last two validations, under dropout.
  public var trainingLoss: Double?
  /// The last validation loss.
  public var validationLoss: Double?
  /// How many ids the last validation loss is the mean over.
  public var validationTokens: Int?
  /// The validation loss of the weights that were kept: the lowest, or the latest within the tolerance.
  public var bestValidationLoss: Double?
  /// What the loss of a network that has learned nothing would be, the same probability for everything that can be
  /// predicted; nil if that is not known.
  public var uniformLoss: Double?
  /// Why the run is over.
  public var stopped: TrainingStop

  /// Whether even the best weights predict worse than a network that has learned nothing.
  public var isWorseThanUniform: Bool {
    guard let bestValidationLoss, let uniformLoss else { return false }
    return bestValidationLoss > uniformLoss
  }

  /// A result.
  public init(
    steps: Int, tokens: Int, seconds: Double, tokensPerSecond: Double, trainingLoss: Double?,
    validationLoss: Double?, validationTokens: Int? = nil, bestValidationLoss: Double?, stopped: TrainingStop
  ) {
    self.steps = steps
    self.tokens = tokens
    self.seconds = seconds
    self.tokensPerSecond = tokensPerSecond
    self.trainingLoss = trainingLoss
    self.validationLoss = validationLoss
    self.validationTokens = validationTokens
    self.bestValidationLoss = bestValidationLoss
    self.stopped = stopped
  }
}
