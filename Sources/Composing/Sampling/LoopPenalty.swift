/// Makes it less likely that a piece goes on in a loop.
///
/// A piece is in a loop where its last bars, all parts together, have repeated the bars before them more often than music does, or the tokens
/// within a bar (without bars, of the piece) have. Every token that would go on with the loop loses `strength` nats of
/// log-probability for each time that it has gone round beyond that; every other token stays as it is, and so does a piece
/// that is in no loop. Only repetition without a break counts: a tune that returns after something else is no loop.
public struct LoopPenalty: Codable, Hashable, Sendable {
  /// By how many nats a token that goes on with a loop becomes less likely each time that the loop goes round, above 0.
  public var strength: Double

  /// The strengths that can be asked for.
  public static let range = 0.01...100.0

  /// A penalty of this strength.
  public init(strength: Double) { self.strength = strength }

  /// - Throws: `ComposingError.invalidOption`.
  func validate() throws(ComposingError) {
    try requireOption(
      Self.range.contains(strength), "loops", strength,
      "0 for no penalty, or a number of nats from 0.01 to 100; 2 is much")
  }
}

/// What repeats itself without a break: the last items of a sequence, by how many items the repetition is apart.
struct Recurrence<Item: Equatable & Sendable>: Sendable {
  /// The longest period that is looked for.
  let longestPeriod: Int
  private(set) var items: [Item] = []
  /// For each period, from 1, how many of the last items equal the one that far before them.
  private var runs: [Int]

  init(longestPeriod: Int) {
    self.longestPeriod = longestPeriod
    runs = Array(repeating: 0, count: longestPeriod)
  }

  mutating func append(_ item: Item) {
    items.append(item)
    for period in 1...longestPeriod {
      let other = items.count - 1 - period
      runs[period - 1] = other >= 0 && items[other] == item ? runs[period - 1] + 1 : 0
    }
  }

  /// How many times the last items of a period have gone round.
  func rounds(_ period: Int) -> Double { Double(runs[period - 1]) / Double(period) }

  mutating func removeAll() {
    items.removeAll(keepingCapacity: true)
    for index in runs.indices { runs[index] = 0 }
  }

  /// The shortest period that has been repeated too often, and how many times it has gone round beyond what is usual, at least 1.
  /// - Parameter usual: How many items may be repeated of a period without being a loop.
  func loop(usual: (Int) -> Int) -> (period: Int, excess: Int)? {
    for period in 1...longestPeriod where runs[period - 1] >= usual(period) {
      return (period, 1 + (runs[period - 1] - usual(period)) / period)
    }
    return nil
  }
}
