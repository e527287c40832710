/// Round numbers at which an axis is marked.
public struct AxisTicks: Sendable, Equatable {
  /// The distance between two marks: 1, 2 or 5 times a power of ten.
  public let step: Double
  /// The marked values, rising, all within the range.
  public let values: [Double]

  /// About `count` round values within `range`.
  public init(range: ClosedRange<Double>, count: Int) {
    let span = range.upperBound - range.lowerBound
    // Below this a power of ten would lose its digits, or become 0.
    guard span > 1e-300, span.isFinite, count > 0 else {
      step = 1
      values = [range.lowerBound]
      return
    }
    let rough = span / Double(count)
    var power = 1.0
    while power * 10 <= rough { power *= 10 }
    while power > rough { power /= 10 }
    let factor: Double =
      switch rough / power {
      case ..<1.5: 1
      case ..<3.5: 2
      case ..<7.5: 5
      default: 10
      }
    let step = factor * power
    let first = (range.lowerBound / step).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    self.step = step
    values = first <= last ? stride(from: first, through: last, by: 1).map { $0 * step } : []
  }

  /// A value as a label: as many decimals as the step needs.
  public func label(_ value: Double) -> String {
    var decimals = 0
    var scaled = step
    while decimals < 6, (scaled - scaled.rounded()).magnitude > 1e-6 {
      scaled *= 10
      decimals += 1
    }
    let power = (0..<decimals).reduce(1) { product, _ in product * 10 }
    guard let integer = Int(exactly: (value * Double(power)).rounded()) else { return "\(value)" }
    guard decimals > 0 else { return "\(integer)" }
    let fraction = String(integer.magnitude % UInt(power))
    let zeros = String(repeating: "0", count: decimals - fraction.count)
    return "\(integer < 0 ? "-" : "")\(integer.magnitude / UInt(power)).\(zeros)\(fraction)"
  }
}
