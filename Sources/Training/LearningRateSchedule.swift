#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How the learning rate changes over a run: a factor on the configured rate for each share of the budget that is
/// spent, or, for a plateau, for the course of the validation losses.
public struct LearningRateSchedule: Codable, Hashable, Sendable {
  /// The course after the warm-up.
  public enum Shape: String, Codable, Hashable, Sendable, CaseIterable {
    /// The full rate to the end.
    case constant
    /// A fall by `factor` whenever another `interval` of the budget is spent.
    case step
    /// A steady fall by equal ratios from the full rate to `finalFactor`.
    case exponential
    /// Half a period of a cosine, from the full rate down to `finalFactor` (Loshchilov & Hutter 2017, "SGDR:
    /// Stochastic Gradient Descent with Warm Restarts", equation 5, without restarts).
    case cosine
    /// A fall by `factor` whenever more than `patience` validations in a row have not improved the loss by a
    /// ten-thousandth of it, as PyTorch's `ReduceLROnPlateau`.
    case plateau
  }

  /// The course after the warm-up.
  public var shape: Shape
  /// The share of the budget, 0 ..< 1, over which the factor first rises linearly from 0 to 1.
  public var warmUp: Double
  /// The factor, 0 ... 1, at which the cosine and the exponential end, and below which step and plateau never fall.
  public var finalFactor: Double
  /// What a fall multiplies the rate by, above 0 and below 1; step and plateau alone have one.
  public var factor: Double?
  /// The share of the budget after the warm-up from one fall to the next; step alone has one.
  public var interval: Double?
  /// How many validations without improvement the rate outlives; plateau alone has one.
  public var patience: Int?

  /// A schedule of this shape; what is not given is what suits the shape, if it has it.
  public init(
    shape: Shape, warmUp: Double = 0, finalFactor: Double? = nil, factor: Double? = nil,
    interval: Double? = nil, patience: Int? = nil
  ) {
    self.shape = shape
    self.warmUp = warmUp
    self.finalFactor = finalFactor ?? (shape == .exponential ? 0.01 : 0)
    self.factor = factor ?? (shape == .step || shape == .plateau ? 0.5 : nil)
    self.interval = interval ?? (shape == .step ? 0.25 : nil)
    self.patience = patience ?? (shape == .plateau ? 2 : nil)
  }

  /// The full rate from beginning to end.
  public static let constant = LearningRateSchedule(shape: .constant)
  /// The cosine from the full rate to zero.
  public static let cosine = LearningRateSchedule(shape: .cosine)

  /// The factor on the learning rate where the share `progress`, 0 ... 1, of the budget is spent. That of a plateau is
  /// that of `Plateau`; here it is 1.
  public func factor(at progress: Double) -> Double {
    let progress = min(max(progress, 0), 1)
    if progress < warmUp { return progress / warmUp }
    let share = warmUp < 1 ? (progress - warmUp) / (1 - warmUp) : 1
    switch shape {
    case .constant, .plateau:
      return 1
    case .step:
      // A little more, so that a share that was meant to be whole is not just below it.
      let falls = (share / (interval ?? 1) + 1e-9).rounded(.down)
      return max(finalFactor, pow(factor ?? 1, falls))
    case .exponential:
      return pow(finalFactor, share)
    case .cosine:
      return finalFactor + (1 - finalFactor) * 0.5 * (1 + cos(Double.pi * share))
    }
  }

  func validate() throws(TrainingError) {
    try require(
      warmUp >= 0 && warmUp < 1, "schedule.warmUp", warmUp, "a part of the training, from 0 to below 1")
    try require(finalFactor >= 0 && finalFactor <= 1, "schedule.finalFactor", finalFactor, "a factor, 0 to 1")
    try require(
      shape != .constant || finalFactor == 0, "schedule.finalFactor", finalFactor,
      "no value, because this schedule has no such setting")
    if shape == .exponential {
      try require(finalFactor > 0, "schedule.finalFactor", finalFactor, "above 0 for an exponential fall")
    }
    try Self.check(
      factor, isWanted: shape == .step || shape == .plateau, "schedule.factor", "above 0 and below 1"
    ) { $0 > 0 && $0 < 1 }
    try Self.check(
      interval, isWanted: shape == .step, "schedule.interval", "a part of the training, above 0 and up to 1"
    ) {
      $0 > 0 && $0 <= 1
    }
    try Self.check(patience, isWanted: shape == .plateau, "schedule.patience", "0 or more validations") {
      $0 >= 0
    }
  }

  /// Throws unless a setting that only some shapes have is present exactly for those, and is valid.
  private static func check<Value: CustomStringConvertible>(
    _ value: Value?, isWanted: Bool, _ name: String, _ expected: String, _ isSensible: (Value) -> Bool
  ) throws(TrainingError) {
    guard let value else { return try require(!isWanted, name, "missing", expected) }
    try require(isWanted, name, value, "no value, because this schedule has no such setting")
    try require(isSensible(value), name, value, expected)
  }
}

/// The state of a learning rate that falls on plateaus; PyTorch's `ReduceLROnPlateau` with a relative threshold of 10⁻⁴.
public struct Plateau: Codable, Hashable, Sendable {
  /// The factor on the learning rate.
  public private(set) var factor = 1.0
  /// The lowest loss that counted as an improvement.
  public private(set) var best: Double?
  /// How many validations in a row were none.
  public private(set) var validationsWithoutImprovement = 0

  /// A rate that has not fallen yet.
  public init() {}

  /// Takes in a validation loss.
  public mutating func take(_ loss: Double, schedule: LearningRateSchedule) {
    if loss < (best ?? .infinity) * (1 - 1e-4) {
      best = loss
      validationsWithoutImprovement = 0
    } else {
      validationsWithoutImprovement += 1
    }
    if validationsWithoutImprovement > schedule.patience ?? .max {
      factor = max(schedule.finalFactor, factor * (schedule.factor ?? 1))
      validationsWithoutImprovement = 0
    }
  }
}
