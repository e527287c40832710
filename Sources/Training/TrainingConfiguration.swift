internal import Arithmetic
public import Recurrent

/// All that decides how a run trains, apart from the network and the data.
///
/// Two runs with the same configuration, network and data end with the same weights, bit for bit, whatever the number
/// of threads, unless the budget is in minutes.
public struct TrainingConfiguration: Codable, Hashable, Sendable {
  /// How long to train.
  public var budget: TrainingBudget
  /// The optimizer and its constants.
  public var optimizer: OptimizerConfiguration
  /// The highest learning rate.
  public var learningRate: Double
  /// How the learning rate changes over the budget.
  public var schedule: LearningRateSchedule
  /// The largest global norm, √(Σ g²) over all parameters, that a gradient keeps; a longer one is scaled down to it. Nil
  /// lets it be.
  public var clipNorm: Double?
  /// The largest size that a single number of a gradient keeps, before the norm is measured for `clipNorm`; nil lets it
  /// be.
  public var clipValue: Double?
  /// How many streams are trained side by side, `B`.
  public var batchSize: Int
  /// Over how many steps gradients flow back, `T`.
  public var truncationLength: Int
  /// How many batches make one update of the weights, as if they were one batch.
  public var accumulation: Int
  /// How much of the weights' exponential moving average an update keeps; the average is what is validated and kept as
  /// the model. Nil keeps none.
  public var averageDecay: Double?
  /// After how many validations in a row without a better loss the run stops; nil never stops it early.
  public var patience: Int?
  /// By how much the validation loss may exceed its lowest, as a share of it, while the weights are still kept; nil keeps those of
  /// the lowest.
  ///
  /// A network that learns from few pieces becomes too sure of itself long before it has learned what they are like: its loss on other
  /// music rises a little, while its first guesses still become better, and so does the music that it samples. With a tolerance the
  /// latest weights within it are kept, and patience counts the validations beyond it.
  public var tolerance: Double?
  /// How many steps lie between two validations; nil chooses: every 30 seconds of training time under a budget in
  /// minutes (a twelfth of the budget if that is less), each epoch under one in epochs, ten times or each epoch under
  /// one in steps, whichever is more often.
  public var validationInterval: Int?
  /// On about how many ids a language model is validated: whole pieces, spread evenly over the validation split and always
  /// the same; nil takes all. Other networks are validated on the batches that they are given.
  public var validationTokens: Int?
  /// How many seconds lie at most between two checkpoints; a validation always makes one.
  public var checkpointSeconds: Double
  /// The seed of every random choice of the run.
  public var seed: UInt64

  /// A configuration; what is not given is what suits a small network.
  public init(
    budget: TrainingBudget, optimizer: OptimizerConfiguration = .adamw(), learningRate: Double = 2e-3,
    schedule: LearningRateSchedule = .cosine, clipNorm: Double? = 1, clipValue: Double? = nil,
    batchSize: Int = 32, truncationLength: Int = 128, accumulation: Int = 1, averageDecay: Double? = nil,
    patience: Int? = nil, tolerance: Double? = nil, validationInterval: Int? = nil,
    validationTokens: Int? = nil,
    checkpointSeconds: Double = 30, seed: UInt64 = 1
  ) {
    self.budget = budget
    self.optimizer = optimizer
    self.learningRate = learningRate
    self.schedule = schedule
    self.clipNorm = clipNorm
    self.clipValue = clipValue
    self.batchSize = batchSize
    self.truncationLength = truncationLength
    self.accumulation = accumulation
    self.averageDecay = averageDecay
    self.patience = patience
    self.tolerance = tolerance
    self.validationInterval = validationInterval
    self.validationTokens = validationTokens
    self.checkpointSeconds = checkpointSeconds
    self.seed = seed
  }

  /// Reads a configuration; `accumulation` may be missing and is 1 then.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      budget: try fields.decode(TrainingBudget.self, forKey: .budget),
      optimizer: try fields.decode(OptimizerConfiguration.self, forKey: .optimizer),
      learningRate: try fields.decode(Double.self, forKey: .learningRate),
      schedule: try fields.decode(LearningRateSchedule.self, forKey: .schedule),
      clipNorm: try fields.decodeIfPresent(Double.self, forKey: .clipNorm),
      clipValue: try fields.decodeIfPresent(Double.self, forKey: .clipValue),
      batchSize: try fields.decode(Int.self, forKey: .batchSize),
      truncationLength: try fields.decode(Int.self, forKey: .truncationLength),
      accumulation: try fields.decodeIfPresent(Int.self, forKey: .accumulation) ?? 1,
      averageDecay: try fields.decodeIfPresent(Double.self, forKey: .averageDecay),
      patience: try fields.decodeIfPresent(Int.self, forKey: .patience),
      tolerance: try fields.decodeIfPresent(Double.self, forKey: .tolerance),
      validationInterval: try fields.decodeIfPresent(Int.self, forKey: .validationInterval),
      validationTokens: try fields.decodeIfPresent(Int.self, forKey: .validationTokens),
      checkpointSeconds: try fields.decode(Double.self, forKey: .checkpointSeconds),
      seed: try fields.decode(UInt64.self, forKey: .seed))
  }

  /// More than thirty years: beyond it a time is a mistake, and from 9.2e18 on no `Duration` holds it.
  static let mostSeconds = 1e9
  /// More than any run counts to, and a number that a Double still counts exactly.
  static let mostCount = 1 << 53

  /// Checks every setting.
  /// - Throws: `TrainingError.invalidSetting`, which names the first that is invalid.
  public func validate() throws(TrainingError) {
    try budget.validate()
    if let fault = optimizer.fault {
      try require(false, "optimizer.\(fault.name)", fault.value, fault.expected)
    }
    try schedule.validate()
    try require(learningRate.isPositiveAsFloat, "learningRate", learningRate, "a rate above 0, 1e-37 to 1e38")
    if let clipNorm {
      try require(clipNorm.isPositiveAsFloat, "clipNorm", clipNorm, "a norm above 0, 1e-37 to 1e38")
    }
    if let clipValue {
      try require(clipValue.isPositiveAsFloat, "clipValue", clipValue, "a size above 0, 1e-37 to 1e38")
    }
    try require((1...4096).contains(batchSize), "batchSize", batchSize, "1 to 4096 streams")
    try require(
      (1...65536).contains(truncationLength), "truncationLength", truncationLength, "1 to 65536 steps")
    try require((1...4096).contains(accumulation), "accumulation", accumulation, "1 to 4096 batches")
    if let averageDecay {
      try require(
        averageDecay > 0 && averageDecay < 1, "averageDecay", averageDecay,
        "above 0 and below 1, such as 0.999")
    }
    if let patience {
      try require((1...Self.mostCount).contains(patience), "patience", patience, "at least one validation")
    }
    if let tolerance {
      try require((0...1).contains(tolerance), "tolerance", tolerance, "a share from 0 to 1, such as 0.03")
    }
    if let validationInterval {
      try require(
        (1...Self.mostCount).contains(validationInterval), "validationInterval", validationInterval,
        "at least one step")
    }
    if let validationTokens {
      try require(
        (1...Self.mostCount).contains(validationTokens), "validationTokens", validationTokens,
        "at least one token")
    }
    try require(
      (0...Self.mostSeconds).contains(checkpointSeconds), "checkpointSeconds", checkpointSeconds,
      "a time from 0 to 1e9 seconds")
  }
}
