#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How the learning rate changes over a run: a factor on the configured rate for each share of the budget that is
/// spent.
public struct LearningRateSchedule: Codable, Hashable, Sendable {
  /// The course after the warm-up.
  public enum Shape: String, Codable, Hashable, Sendable, CaseIterable {
    /// The full rate to the end.
    case constant
    /// Half a period of a cosine, from the full rate down to `finalFactor` (Loshchilov & Hutter 2017, "SGDR:
    /// Stochastic Gradient Descent with Warm Restarts", equation 5, without restarts).
    case cosine
  }

  /// The course after the warm-up.
  public var shape: Shape
  /// The share of the budget, 0 ..< 1, over which the factor first rises linearly from 0 to 1.
  public var warmUp: Double
  /// The factor, 0 ... 1, at which the cosine ends.
  public var finalFactor: Double

  /// A schedule of this shape.
  public init(shape: Shape, warmUp: Double = 0, finalFactor: Double = 0) {
    self.shape = shape
    self.warmUp = warmUp
    self.finalFactor = finalFactor
  }

  /// The full rate from beginning to end.
  public static let constant = LearningRateSchedule(shape: .constant)
  /// The cosine from the full rate to zero.
  public static let cosine = LearningRateSchedule(shape: .cosine)

  /// The factor on the learning rate where the share `progress`, 0 ... 1, of the budget is spent.
  public func factor(at progress: Double) -> Double {
    let progress = min(max(progress, 0), 1)
    if progress < warmUp { return progress / warmUp }
    switch shape {
    case .constant:
      return 1
    case .cosine:
      let share = warmUp < 1 ? (progress - warmUp) / (1 - warmUp) : 1
      return finalFactor + (1 - finalFactor) * 0.5 * (1 + cos(Double.pi * share))
    }
  }

  func validate() throws(TrainingError) {
    try require(warmUp >= 0 && warmUp < 1, "schedule.warmUp", warmUp, "a share of the run, 0 to below 1")
    try require(finalFactor >= 0 && finalFactor <= 1, "schedule.finalFactor", finalFactor, "a factor, 0 to 1")
  }
}
