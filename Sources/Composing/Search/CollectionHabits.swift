internal import Analysis
internal import Arithmetic
internal import Music

/// What the pieces of a collection do as wholes, so that what is composed does it as often: how they end, and how long their parts rest.
///
/// It is learned with the critic, and is in its file. A critic alone cannot bring it about: odds choose among the tries that there are, and
/// where all of them copy the same bars, all end alike; and what one piece in fifty does is too rare for a linear judge.
struct CollectionHabits: Sendable, Hashable, Codable {
  /// How many pieces end in which way; none where too few have an ending of a kind.
  var endings: [EndingCount] = []
  /// How long parts rest; nothing of roles that too few pieces have.
  var rests: [LongestRest] = []

  /// How many pieces end in a way.
  struct EndingCount: Sendable, Hashable, Codable {
    var kind: EndingKind
    var pieces: Int
  }

  /// The most bars in a row in which a part of a role begins no note, once it has played, in all but the strangest of the pieces.
  struct LongestRest: Sendable, Hashable, Codable {
    var role: PartRole
    var bars: Int
  }

  /// How many bars a part of each role rests at most.
  var longestRests: [PartRole: Int] {
    [PartRole: Int](rests.map { ($0.role, $0.bars) }, uniquingKeysWith: max)
  }

  /// Parts that rest longer are the strangest: a part in fifty.
  private static let usualShare = 0.98
  /// The fewest pieces from which anything is concluded.
  private static let leastPieces = 100

  /// The habits of a collection.
  /// - Parameters:
  ///   - scores: Its pieces.
  ///   - endings: How each of them ends; nil where that is of no kind.
  init(of scores: [Score], endings: [EndingKind?]) {
    let kinds = endings.compactMap(\.self)
    if kinds.count >= Self.leastPieces {
      self.endings = Dictionary(grouping: kinds, by: \.self)
        .map { EndingCount(kind: $0.key, pieces: $0.value.count) }
        .sorted { ($1.pieces, $0.kind.order) < ($0.pieces, $1.kind.order) }
    }
    var rests: [PartRole: [Int]] = [:]
    for score in scores {
      for (track, role) in zip(score.tracks, score.partRoles) where !track.notes.isEmpty {
        rests[role, default: []].append(Self.longestRest(of: track, in: score))
      }
    }
    for role in PartRole.allCases {
      guard let lengths = rests[role]?.sorted(), lengths.count >= Self.leastPieces else { continue }
      let place = Int(Self.usualShare * Double(lengths.count - 1))
      self.rests.append(LongestRest(role: role, bars: lengths[place]))
    }
  }

  /// The most bars in a row in which a track begins no note, from its first note to the end of the piece.
  static func longestRest(of track: Track, in score: Score) -> Int {
    let bars = score.bars
    var longest = 0
    var last: Int?
    for note in track.notes {
      let bar = bars.index(of: note.onset)
      if let last { longest = max(longest, bar - last - 1) }
      last = bar
    }
    return max(longest, last.map { bars.count - 1 - $0 } ?? 0)
  }

  /// A kind of ending, as probable as it is frequent in the collection; nil where that is not known.
  /// - Parameter random: What draws it.
  func drawnEnding(_ random: inout RandomStream) -> EndingKind? {
    let weights = endings.map { Double($0.pieces) }
    return random.index(weights: weights, sum: weights.reduce(0, +)).map { endings[$0].kind }
  }
}
