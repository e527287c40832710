/// A loss added up over the targets that count.
public struct LossSum: Sendable, Hashable {
  /// The sum of the losses: nats where they are negative log-likelihoods, squares of the targets' unit otherwise.
  public var sum: Double
  /// How many targets were counted: labels, frames or sequences, as the head has it.
  public var count: Int
  /// What the sum is divided by to give the mean: the targets' number unless classes weigh differently or a frame's
  /// numbers are counted one by one.
  public var weight: Double

  /// A sum over `count` targets, which weigh 1 each by default.
  public init(sum: Double = 0, count: Int = 0, weight: Double? = nil) {
    self.sum = sum
    self.count = count
    self.weight = weight ?? Double(count)
  }

  /// The mean loss of a target; not a number where there was none.
  public var mean: Double { weight > 0 ? sum / weight : .nan }

  /// The sum over both.
  public static func + (a: LossSum, b: LossSum) -> LossSum {
    LossSum(sum: a.sum + b.sum, count: a.count + b.count, weight: a.weight + b.weight)
  }

  /// Adds `b` to `a`.
  public static func += (a: inout LossSum, b: LossSum) { a = a + b }
}
