internal import Recurrent

/// All that decides how a run trains, apart from the network and the data.
///
/// Two runs with the same configuration, network and data end with the same weights, bit for bit, whatever the number
/// of threads, unless the budget is in minutes.
public struct TrainingConfiguration: Codable, Hashable, Sendable {
  /// How long to train.
  public var budget: TrainingBudget
  /// The optimiser and its constants.
  public var optimizer: OptimizerConfiguration
  /// The highest learning rate.
  public var learningRate: Double
  /// How the learning rate changes over the budget.
  public var schedule: LearningRateSchedule
  /// The largest global norm, √(Σ g²) over all parameters, that a gradient keeps; a longer one is scaled down to it.
  public var clipNorm: Double
  /// How many streams are trained side by side, `B`.
  public var batchSize: Int
  /// Over how many steps gradients flow back, `T`.
  public var truncationLength: Int
  /// After how many validations in a row without a better loss the run stops; nil never stops it early.
  public var patience: Int?
  /// How many steps lie between two validations; nil chooses: every 30 seconds of training time under a budget in
  /// minutes (a twelfth of the budget if that is less), each epoch under one in epochs, ten times or each epoch under
  /// one in steps, whichever is more often.
  public var validationInterval: Int?
  /// How many seconds lie at most between two checkpoints; a validation always makes one.
  public var checkpointSeconds: Double
  /// The seed of every random choice of the run.
  public var seed: UInt64

  /// A configuration; what is not given is what suits a small network.
  public init(
    budget: TrainingBudget, optimizer: OptimizerConfiguration = .init(), learningRate: Double = 2e-3,
    schedule: LearningRateSchedule = .cosine, clipNorm: Double = 1, batchSize: Int = 32,
    truncationLength: Int = 128, patience: Int? = nil, validationInterval: Int? = nil,
    checkpointSeconds: Double = 30, seed: UInt64 = 1
  ) {
    self.budget = budget
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.schedule = schedule
    self.clipNorm = clipNorm
    self.batchSize = batchSize
    self.truncationLength = truncationLength
    self.patience = patience
    self.validationInterval = validationInterval
    self.checkpointSeconds = checkpointSeconds
    self.seed = seed
  }

  /// Checks every setting.
  /// - Throws: `TrainingError.invalidSetting`, which names the first that makes no sense.
  public func validate() throws(TrainingError) {
    try budget.validate()
    try optimizer.validate()
    try schedule.validate()
    try require(learningRate > 0 && learningRate.isFinite, "learningRate", learningRate, "a rate above 0")
    try require(clipNorm > 0 && clipNorm.isFinite, "clipNorm", clipNorm, "a norm above 0")
    try require((1...4096).contains(batchSize), "batchSize", batchSize, "1 to 4096 streams")
    try require(
      (1...65536).contains(truncationLength), "truncationLength", truncationLength, "1 to 65536 steps")
    if let patience { try require(patience > 0, "patience", patience, "at least one validation") }
    if let validationInterval {
      try require(validationInterval > 0, "validationInterval", validationInterval, "at least one step")
    }
    try require(checkpointSeconds >= 0, "checkpointSeconds", checkpointSeconds, "a time of 0 or more seconds")
  }
}

/// The optimiser and its constants.
public struct OptimizerConfiguration: Codable, Hashable, Sendable {
  /// The rule of update.
  public enum Rule: String, Codable, Hashable, Sendable, CaseIterable {
    /// Adam with decoupled weight decay (Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization").
    case adamw
  }

  /// The rule of update.
  public var rule: Rule
  /// The decay of the mean of the gradients.
  public var beta1: Double
  /// The decay of the mean of their squares.
  public var beta2: Double
  /// What is added to the root of the mean of squares.
  public var epsilon: Double
  /// The share of a weight that an update takes away, times the learning rate.
  public var weightDecay: Double

  /// An optimiser with these constants; PyTorch's defaults for AdamW.
  public init(
    rule: Rule = .adamw, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01
  ) {
    self.rule = rule
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// The same constants for `AdamW`.
  var adamWConfiguration: AdamW.Configuration {
    AdamW.Configuration(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
  }

  func validate() throws(TrainingError) {
    try require(beta1 >= 0 && beta1 < 1, "optimizer.beta1", beta1, "0 to below 1")
    try require(beta2 >= 0 && beta2 < 1, "optimizer.beta2", beta2, "0 to below 1")
    try require(epsilon > 0 && epsilon.isFinite, "optimizer.epsilon", epsilon, "a number above 0")
    try require(
      weightDecay >= 0 && weightDecay.isFinite, "optimizer.weightDecay", weightDecay, "0 or more")
  }
}
