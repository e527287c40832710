/// How late messages were sent: a count of them in steps of ten microseconds.
public struct Timeliness: Sendable {
  /// Messages that were timed.
  public private(set) var count = 0
  /// The latest of all, in seconds.
  public private(set) var largestSeconds = 0.0
  private var sum = 0.0
  private var steps = [Int](repeating: 0, count: Self.stepCount + 1)

  private static let stepSeconds = 10e-6
  /// Up to a fifth of a second; what is later is in the last.
  private static let stepCount = 20_000

  /// Nothing timed yet.
  public init() {}

  /// Adds a message that was sent this much after it was due; what was sent before counts as 0.
  /// - Parameter seconds: how late it was.
  public mutating func add(_ seconds: Double) {
    let late = max(0, seconds)
    count += 1
    sum += late
    largestSeconds = max(largestSeconds, late)
    steps[min(Int(min(late, 1) / Self.stepSeconds), Self.stepCount)] += 1
  }

  /// The mean, in seconds; 0 where nothing was timed.
  public var meanSeconds: Double { count == 0 ? 0 : sum / Double(count) }

  /// What this part of all messages did not exceed, in seconds, rounded up to ten microseconds.
  /// - Parameter part: 0...1, such as 0.999.
  public func percentileSeconds(_ part: Double) -> Double {
    let wanted = Int((Double(count) * min(max(part, 0), 1)).rounded(.up))
    var passed = 0
    for (step, number) in steps.enumerated() {
      passed += number
      if passed >= wanted, passed > 0 {
        return step == Self.stepCount ? largestSeconds : Double(step + 1) * Self.stepSeconds
      }
    }
    return largestSeconds
  }
}
