public import Music

/// A way to write scores as sequences of tokens, and back.
///
/// For every score, `decode(encode(score).ids)` equals `normalized(score).score`: what is lost is lost in normalizing,
/// which says so in its report.
public protocol Tokenizer: Sendable {
  /// The tokens and their ids.
  var vocabulary: Vocabulary { get }
  /// The ids of a score, from `BOS_None` to `EOS_None`.
  /// - Throws: `TokenizationError.noNotes`, `.tooLong`.
  func encode(_ score: Score) throws(TokenizationError) -> Encoding
  /// The score that ids describe. `BOS_None` and `EOS_None` may be missing.
  /// - Throws: `TokenizationError` where an id is unknown or stands where it cannot.
  func decode(_ ids: [Int32]) throws(TokenizationError) -> Score
  /// What the tokens can say of a score, and a report of what they cannot.
  /// - Throws: `TokenizationError.noNotes`, `.tooLong`.
  func normalized(_ score: Score) throws(TokenizationError) -> (score: Score, report: NormalizationReport)
  /// Which ids may follow which: the grammar before its first id, for pieces whose number of bars is within `bars`.
  func makeGrammar(bars: BarLimit) -> any TokenGrammar
  /// What each id becomes when the music moves by `semitones`, drums staying as they are; −1 for an id whose pitch
  /// would leave the vocabulary's range.
  func transpositionTable(semitones: Int) -> [Int32]
}

extension Tokenizer {
  /// The grammar before its first id, for pieces of any length.
  public func makeGrammar() -> any TokenGrammar { makeGrammar(bars: .unlimited) }
}

/// A score as ids, and what there is to know of it.
public struct Encoding: Sendable, Hashable {
  /// The ids, from `BOS_None` to `EOS_None`.
  public var ids: [Int32]
  /// What was changed to fit the grid.
  public var report: NormalizationReport
  /// How many notes the ids hold.
  public var noteCount: Int
  /// How many bars the ids hold.
  public var barCount: Int
  /// How long the piece sounds at its tempos, to the end of its last bar, in seconds.
  public var seconds: Double
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

  /// So many bars and no others.
  public static func exactly(_ count: Int) -> BarLimit { BarLimit(count...count) }
  /// So many bars or fewer.
  public static func atMost(_ count: Int) -> BarLimit { BarLimit(1...count) }
}

/// What may follow in a sequence of ids, after those that it has been told of.
///
/// Every sequence that only ever takes an allowed id reaches an end, decodes, and encodes to the same ids again.
public protocol TokenGrammar: Sendable {
  /// Takes note of the next id of the sequence, allowed or not.
  mutating func advance(_ id: Int32)
  /// Writes for each id whether it may come next. `mask` has one element for each token of the vocabulary; nothing is allocated.
  func allowed(into mask: inout [Bool])
  /// How many bars have begun.
  var barCount: Int { get }
  /// How many notes are complete.
  var noteCount: Int { get }
  /// Whether no note and no bar's heading is half said, so that the sequence could be cut here and be read.
  var isBetweenNotes: Bool { get }
  /// Whether the end of the piece has been reached.
  var isFinished: Bool { get }
}
