public import Music

/// The ids that may follow in a sequence, after those added so far.
///
/// Every sequence that only ever takes an allowed id, and is rewritten wherever `rewriting` says so, reaches an end, decodes, and
/// encodes to the same ids again.
public protocol TokenGrammar: Sendable {
  /// Takes note of the next id of the sequence, allowed or not. The id is one of the vocabulary.
  mutating func advance(_ id: Int32)
  /// Writes for each id whether it may come next. `mask` has one element for each token of the vocabulary; nothing is allocated.
  func allowed(into mask: inout [Bool])
  /// How many bars have begun; 0 throughout where the tokens know no bars.
  var barCount: Int { get }
  /// How many bars the piece has said that it will have in all; nil where it has not.
  var announcedBars: Int? { get }
  /// How many notes are complete.
  var noteCount: Int { get }
  /// Whether no note and no bar's heading is incomplete, so that the sequence could be cut here and be read.
  var isBetweenNotes: Bool { get }
  /// Whether the end of the piece has been reached.
  var isFinished: Bool { get }
  /// Whether ids from this one on may have to be rewritten later, if it comes next. Who composes saves the state before it.
  func beginsDraft(with id: Int32) -> Bool
  /// What the sequence is to be replaced by, known since the last id: for music that has been said otherwise than the tokenizer's
  /// encoding would. Nil where it is as the encoding has it.
  var rewriting: TokenRewriting? { get }
  /// The id that comes next because it is given, where a piece is filled in and nothing is chosen here; nil where one is to be
  /// chosen.
  var givenID: Int32? { get }
  /// An id that stands for others as well, which are not allowed here: a choice of any of them is a choice of it. Nil where each id
  /// stands for itself.
  var substitution: TokenSubstitution? { get }
  /// Lets parts that the piece names at its beginning never play, where they had to. The ids of such a piece decode, to one without
  /// these parts, which the tokenizer would write without naming them.
  mutating func allowSilentParts()
  /// Tells how long parts may rest: from here on `overlongRest` is the id of a longer one.
  /// - Parameter limits: For how long a part of each role begins no note; roles without a limit rest as long as they like.
  mutating func limitRests(to limits: [PartRole: RestLimit])
  /// The id with which the next part would rest longer than it may; nil where it would not. It stays allowed, since what else is asked of
  /// the piece may leave nothing but a rest.
  var overlongRest: Int32? { get }
}

extension TokenGrammar {
  /// Does nothing: no piece names its parts.
  public mutating func allowSilentParts() {}
  /// Does nothing: nobody rests.
  public mutating func limitRests(to limits: [PartRole: RestLimit]) {}
  /// Nil.
  public var overlongRest: Int32? { nil }
  /// Nil: no piece says how many bars it has.
  public var announcedBars: Int? { nil }
  /// False: there is one way to say a thing.
  public func beginsDraft(with id: Int32) -> Bool { false }
  /// Nil.
  public var rewriting: TokenRewriting? { nil }
  /// Nil.
  public var givenID: Int32? { nil }
  /// Nil.
  public var substitution: TokenSubstitution? { nil }
}

/// An id that is as probable as itself and some others together.
public struct TokenSubstitution: Sendable, Hashable {
  /// The id.
  public var id: Int32
  /// The ids that it stands for beside itself.
  public var others: [Int32]

  /// An id that stands for others.
  public init(id: Int32, others: [Int32]) {
    self.id = id
    self.others = others
  }
}

/// Other ids for the end of a sequence, which say the same. A grammar that went on to the sequence's end before is to be taken
/// at the beginning of the draft, and goes on from there with these ids.
public struct TokenRewriting: Sendable, Hashable {
  /// How many ids at the beginning of the sequence stay.
  public var keptCount: Int
  /// What follows them, in place of all that did.
  public var ids: [Int32]

  /// Other ids after the first `keptCount`.
  public init(keptCount: Int, ids: [Int32]) {
    self.keptCount = keptCount
    self.ids = ids
  }
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
