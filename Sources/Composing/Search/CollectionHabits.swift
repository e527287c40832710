internal import Analysis
internal import Arithmetic
internal import Music
internal import Tokenization

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
    /// The longest rest as a share of the piece's bars, in the piece in which it is the median, and in those in which it is longer, evenly spaced to
    /// that in which it is the longest. Missing in models of earlier versions.
    var shares: [Double]?
    /// The same of the bars before the part's first note.
    var entries: [Double]?
  }

  /// How many bars a part of each role rests at most.
  var longestRests: [PartRole: Int] {
    [PartRole: Int](rests.map { ($0.role, $0.bars) }, uniquingKeysWith: max)
  }

  /// How long the parts of one piece may rest: no longer than nearly all in the collection, and, as a share of the piece, no longer than in a piece
  /// that is drawn among the half of the collection's pieces with the longer rests. So short pieces do not consist of the introductions and breaks
  /// of long ones, and as many have long ones as in the collection.
  /// - Parameter random: What draws it.
  func drawnRests(_ random: inout RandomStream) -> [PartRole: RestLimit] {
    var limits: [PartRole: RestLimit] = [:]
    for rest in rests where limits[rest.role] == nil {
      func drawn(_ shares: [Double]?) -> Double {
        guard let shares, !shares.isEmpty else { return 1 }
        return shares[random.integer(below: shares.count)]
      }
      limits[rest.role] = RestLimit(
        bars: rest.bars, share: drawn(rest.shares), entryShare: drawn(rest.entries))
    }
    return limits
  }

  /// Parts that rest longer are the strangest: a part in fifty.
  private static let usualShare = 0.98
  /// The fewest pieces from which anything is concluded of endings. Six things are told of each, so of most kinds there are few pieces; but as a
  /// kind is drawn as one of the pieces is, what counts is how well each of the six is known, and of 100 pieces the share that does it is
  /// within a tenth of the collection's: two standard errors, 2√(¼ ∕ 100).
  private static let leastPieces = 100
  /// The fewest parts of a role from which anything is concluded of their rests.
  private static let leastParts = 30
  /// How many shares are kept of a role.
  private static let shareCount = 17

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
    var rests: [PartRole: [(longest: Int, entry: Int, bars: Int)]] = [:]
    for score in scores {
      for (track, role) in zip(score.tracks, score.partRoles) {
        guard let first = track.notes.first else { continue }
        rests[role, default: []].append(
          (
            Self.longestRest(of: track, in: score), score.bars.index(of: first.onset),
            max(1, score.bars.count)
          ))
      }
    }
    for role in PartRole.allCases {
      guard let parts = rests[role], parts.count >= Self.leastParts else { continue }
      let lengths = parts.map(\.longest).sorted()
      self.rests.append(
        LongestRest(
          role: role, bars: lengths[Int(Self.usualShare * Double(lengths.count - 1))],
          shares: Self.longerHalf(parts.map { Double($0.longest) / Double($0.bars) }),
          entries: Self.longerHalf(parts.map { Double($0.entry) / Double($0.bars) })))
    }
  }

  /// The median of shares and those above it, evenly spaced, without the strangest.
  private static func longerHalf(_ shares: [Double]) -> [Double] {
    let sorted = shares.sorted()
    return (0..<shareCount).map { place in
      let quantile = 0.5 + (usualShare - 0.5) * Double(place) / Double(shareCount - 1)
      return sorted[Int(quantile * Double(sorted.count - 1))]
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
