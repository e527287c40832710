/// The ids that may follow in a sequence, after those added so far.
///
/// Every sequence that only ever takes an allowed id reaches an end, decodes, and encodes to the same ids again.
public protocol TokenGrammar: Sendable {
  /// Takes note of the next id of the sequence, allowed or not. The id is one of the vocabulary.
  mutating func advance(_ id: Int32)
  /// Writes for each id whether it may come next. `mask` has one element for each token of the vocabulary; nothing is allocated.
  func allowed(into mask: inout [Bool])
  /// How many bars have begun; 0 throughout where the tokens know no bars.
  var barCount: Int { get }
  /// How many notes are complete.
  var noteCount: Int { get }
  /// Whether no note and no bar's heading is incomplete, so that the sequence could be cut here and be read.
  var isBetweenNotes: Bool { get }
  /// Whether the end of the piece has been reached.
  var isFinished: Bool { get }
}

/// How many bars a piece may have.
public struct BarLimit: Sendable, Hashable {
  /// The fewest; the end is not allowed before.
  public var minimum: Int
  /// The most; a further bar is not allowed.
  public var maximum: Int

  /// The most bars that any piece may have.
  public static let highest = 65_536
  /// Any number of bars.
  public static let unlimited = BarLimit(1...highest)

  /// A number of bars within `range`, which is within 1...65,536.
  public init(_ range: ClosedRange<Int>) {
    precondition(
      range.lowerBound >= 1 && range.upperBound <= Self.highest, "\(range) bars is not within 1...65536")
    minimum = range.lowerBound
    maximum = range.upperBound
  }

  /// Exactly this many bars.
  public static func exactly(_ count: Int) -> BarLimit { BarLimit(count...count) }
  /// At most this many bars.
  public static func atMost(_ count: Int) -> BarLimit { BarLimit(1...count) }
}
