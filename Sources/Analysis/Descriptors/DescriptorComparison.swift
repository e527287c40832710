internal import Arithmetic
package import Groundwork

/// How the descriptors of some music compare with those of human music, beside the band that halves of the human pieces give against
/// each other.
///
/// Overlapping areas and divergences are those of `DistributionDistance`. For the band the human pieces are split at random again and again: one part of
/// as many pieces as the other side has, but no more than half, is compared with the rest on the same grid, and the band reaches from the 2.5th to the 97.5th
/// percentile of what that gives; the band of means is that of the differences of the two parts' means around the mean of all. Of a
/// hundred descriptors of human music from the same source about five fall outside by chance.
public struct DescriptorComparison: Sendable {
  /// What one descriptor says.
  public struct Row: Sendable {
    /// The descriptor.
    public let descriptor: Descriptor
    /// The human side.
    public let human: Sample
    /// The side that is compared with it.
    public let other: Sample
    /// How far the two are from each other; NaN where a side has fewer than two values.
    public let distance: DistributionDistance
    /// The overlapping areas that parts of the human pieces have with each other; nil for fewer than four values.
    public let overlappingAreaBand: ClosedRange<Double>?
    /// The divergences of such parts in nats; nil for fewer than four values.
    public let divergenceBand: ClosedRange<Double>?
    /// The means that human pieces would give by chance, if as many as on the other side were compared with the rest; nil for fewer than four values.
    public let meanBand: ClosedRange<Double>?

    /// Whether the overlapping area is smaller, or the mean farther off, than among human pieces.
    public var isOutside: Bool { isTooLow || isTooHigh || hasOtherShape }
    /// Whether the mean is above what parts of the human pieces have.
    public var isTooHigh: Bool { meanBand.map { other.mean > $0.upperBound } ?? false }
    /// Whether the mean is below what parts of the human pieces have.
    public var isTooLow: Bool { meanBand.map { other.mean < $0.lowerBound } ?? false }
    /// Whether the distribution overlaps less with that of the human pieces than their parts do with each other.
    public var hasOtherShape: Bool {
      overlappingAreaBand.map { distance.overlappingArea < $0.lowerBound } ?? false
    }
    /// The difference of the means in standard deviations of the human side; 0 where they are equal, NaN where a side has no values.
    public var difference: Double {
      let distance = other.mean - human.mean
      return distance == 0 ? 0 : distance / human.deviation
    }
    /// What is to be said where the values fall outside: the descriptor's words, or that they vary too much or too little. Nil within.
    public var words: String? {
      if isTooHigh { return descriptor.tooHigh }
      if isTooLow { return descriptor.tooLow }
      guard hasOtherShape else { return nil }
      let change = other.deviation > human.deviation ? "more" : "less"
      return "\(descriptor.name) varies \(change) from piece to piece than it should"
    }
  }

  /// What the values of one side are like.
  public struct Sample: Sendable, Hashable {
    /// How many values are numbers.
    public let count: Int
    /// Their share of all pieces.
    public let definedShare: Double
    /// Their mean; NaN without values.
    public let mean: Double
    /// Their median; NaN without values.
    public let median: Double
    /// Their standard deviation; NaN without values.
    public let deviation: Double

    init(_ values: [Double], of total: Int) {
      count = values.count
      definedShare = Measures.ratio(values.count, total)
      mean = Measures.mean(values)
      median = quantile(values.sorted(), 0.5)
      deviation = Measures.deviation(values)
    }
  }

  /// One row for each descriptor, in the order of the set.
  public let rows: [Row]

  /// The mean over all descriptors of the overlapping area; NaN where none is defined.
  public var meanOverlappingArea: Double {
    Measures.mean(rows.map(\.distance.overlappingArea).filter(\.isFinite))
  }
  /// The mean over all descriptors of the middle of the human band of overlapping areas; NaN where none is defined.
  public var meanHumanOverlappingArea: Double { Measures.mean(rows.compactMap(\.humanOverlappingArea)) }
  /// The rows that fall outside, those that overlap least with the human pieces first.
  public var outside: [Row] {
    rows.filter(\.isOutside).sorted { $0.distance.overlappingArea < $1.distance.overlappingArea }
  }

  /// The comparison of two collections.
  /// - Parameters:
  ///   - human: The values of each human piece or excerpt, as `DescriptorSet.values(of:)` gives them.
  ///   - other: The values of each piece or excerpt that is compared with them.
  ///   - set: The set that the values are of.
  ///   - splits: How many times the human pieces are split for the bands, at least 1.
  ///   - seed: Of the random splits.
  public init(
    human: [[Double]], other: [[Double]], set: DescriptorSet = .pieces, splits: Int = 100, seed: UInt64 = 1
  ) {
    let rows = Self.rows(
      human: human, other: other, set: set, splits: splits, seed: seed, threadCount: 1, cancellation: nil,
      progress: nil)
    self.rows = rows ?? []
  }

  /// The same, compared by several threads.
  /// - Parameters:
  ///   - human: The values of each human piece or excerpt.
  ///   - other: The values of each piece or excerpt that is compared with them.
  ///   - set: The set that the values are of.
  ///   - seed: Of the random splits.
  ///   - threadCount: How many threads compare; the result does not depend on it.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many descriptors were compared.
  /// - Returns: nil where it was asked to give up.
  package init?(
    human: [[Double]], other: [[Double]], set: DescriptorSet, seed: UInt64, threadCount: Int,
    cancellation: Cancellation, progress: ProgressHandler?
  ) {
    let rows = Self.rows(
      human: human, other: other, set: set, splits: 100, seed: seed, threadCount: threadCount,
      cancellation: cancellation, progress: progress)
    guard let rows else { return nil }
    self.rows = rows
  }

  private static func rows(
    human: [[Double]], other: [[Double]], set: DescriptorSet, splits: Int, seed: UInt64, threadCount: Int,
    cancellation: Cancellation?, progress: ProgressHandler?
  ) -> [Row]? {
    precondition(splits > 0, "bands need at least one split, not \(splits)")
    precondition(
      human.allSatisfy { $0.count == set.descriptors.count }
        && other.allSatisfy { $0.count == set.descriptors.count },
      "values are not those of the \(set.descriptors.count) descriptors of the set")
    var orders: [[Int]] = []
    var stream = RandomStream(seed: seed, name: "descriptor bands")
    for _ in 0..<splits {
      var order = Array(human.indices)
      stream.shuffle(&order)
      orders.append(order)
    }
    let allOrders = orders
    return parallelMap(
      Array(set.descriptors.enumerated()), activity: "comparing", unit: "descriptors",
      threadCount: threadCount, cancellation: cancellation, progress: progress
    ) { index, descriptor in
      Row(
        descriptor, human: human.map { $0[index] }, other: other.map { $0[index] }, orders: allOrders)
    }
  }
}

extension DescriptorComparison.Row {
  /// The middle of what parts of the human pieces have.
  fileprivate var humanOverlappingArea: Double? {
    overlappingAreaBand.map { ($0.lowerBound + $0.upperBound) / 2 }
  }

  /// - Parameter orders: Random orders of the human pieces; where they are split a part is the first pieces of one.
  fileprivate init(_ descriptor: Descriptor, human: [Double], other: [Double], orders: [[Int]]) {
    let all = human.filter(\.isFinite)
    let others = other.filter(\.isFinite)
    self.descriptor = descriptor
    self.human = .init(all, of: human.count)
    self.other = .init(others, of: other.count)
    guard let grid = DensityGrid(reference: all, all: all + others), all.count >= 4 else {
      distance = DistributionDistance(reference: human, other: other)
      overlappingAreaBand = nil
      divergenceBand = nil
      meanBand = nil
      return
    }
    distance = DistributionDistance(reference: all, other: others, grid: grid)
    let size = min(max(2, others.count), all.count / 2)
    var areas: [Double] = []
    var divergences: [Double] = []
    var means: [Double] = []
    for order in orders {
      let values = order.map { human[$0] }.filter(\.isFinite)
      let part = Array(values.prefix(size))
      let within = DistributionDistance(
        reference: Array(values.dropFirst(size)), other: part, grid: grid)
      areas.append(within.overlappingArea)
      divergences.append(within.divergence)
      means.append(self.human.mean + Measures.mean(part) - Measures.mean(values.dropFirst(size)))
    }
    overlappingAreaBand = Self.band(areas)
    divergenceBand = Self.band(divergences)
    meanBand = Self.band(means)
  }

  /// The band is widened by what rounding does to sums of equal values.
  private static func band(_ values: [Double]) -> ClosedRange<Double> {
    let sorted = values.sorted()
    let low = quantile(sorted, 0.025)
    let high = quantile(sorted, 0.975)
    return low - 1e-9 * max(1, abs(low))...high + 1e-9 * max(1, abs(high))
  }
}
