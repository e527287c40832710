/// A loss added up over the targets that count.
public struct LossSum: Sendable, Hashable {
  /// The sum of the negative log-likelihoods, in nats.
  public var sum: Double
  /// How many targets were counted.
  public var count: Int

  /// A sum over `count` targets.
  public init(sum: Double = 0, count: Int = 0) {
    self.sum = sum
    self.count = count
  }

  /// Nats per target; not a number where there was none.
  public var mean: Double { count > 0 ? sum / Double(count) : .nan }

  /// The sum over both.
  public static func + (a: LossSum, b: LossSum) -> LossSum {
    LossSum(sum: a.sum + b.sum, count: a.count + b.count)
  }

  /// Adds `b` to `a`.
  public static func += (a: inout LossSum, b: LossSum) { a = a + b }
}
