internal import Arithmetic
internal import Groundwork
internal import Music
internal import Tokenization

/// Tries that a critic has judged, to draw one of them.
struct JudgedTries {
  private struct Try {
    var index: Int
    var piece: PieceInProgress
    var state: [Float]
    /// nil where there is too little to judge.
    var logOdds: Double?
    var silence: Silence
    /// How it ends, where that is asked.
    var kind: EndingKind?
  }

  /// What the judgment of a whole piece counts where nobody knows how often the collection's pieces end in which way. The tries for an
  /// ending are more alike than what the odds were learned from, since they copy the same bars: with 1 fewer pieces would end as those
  /// of the collection do.
  private static let pieceWeight = 3.0

  /// How much silence there is in a try, by which those with more are left out.
  private struct Silence: Comparable {
    /// Whether nothing new is played.
    var isWhole: Bool
    /// How many bars of the piece are silent, where such bars are exceptions; else 0.
    var bars: Int

    static func < (a: Self, b: Self) -> Bool {
      (a.isWhole ? 1 : 0, a.bars) < (b.isWhole ? 1 : 0, b.bars)
    }
  }

  private var tries: [Try] = []

  /// Judges a try by the bars before the bar line that it has come to; where all tries end a piece, by the whole piece as well.
  /// - Parameters:
  ///   - attempt: The try.
  ///   - state: The state of the network before its next id.
  ///   - critic: What judges it.
  ///   - ending: The search for an ending that the try is of; nil for a phrase, for some of whose tries the piece goes on.
  ///   - hearsKind: Whether one is to be drawn that ends in a certain way; then whole pieces count by their odds alone.
  ///   - isSilent: Whether it has no notes: then it is drawn only if all others have none. Where the collection has next to no bars in
  ///     which nothing sounds, one that has more of them than another is not drawn either.
  mutating func add(
    _ attempt: Continuations.Attempt, state: [Float], by critic: Critic, ending: EndingSearch? = nil,
    hearsKind: Bool = false, isSilent: Bool = false
  ) {
    let piece = attempt.piece, bars = piece.progress.grammar.barCount
    let score = piece.scoreSoFar
    let end = piece.isFinished ? bars : bars - 1
    var parts = [score.flatMap { critic.logOdds(of: $0, endingAtBar: end) }]
    if let ending {
      let weight = hearsKind ? 1 : Self.pieceWeight
      parts.append(score.flatMap { critic.logOdds(ofPiece: $0) }.map { weight * $0 })
      parts.append(score.map { ending.tonicBonus * EndingSearch.tonicShare(of: $0) })
    }
    let judgments = parts.compactMap(\.self)
    let silence = Silence(
      isWhole: isSilent,
      bars: critic.silentBarsAreExceptions ? score.map { $0.silentBarCount(before: end) } ?? 0 : 0)
    tries.append(
      Try(
        index: attempt.index, piece: piece, state: state,
        logOdds: judgments.isEmpty ? nil : judgments.reduce(0, +), silence: silence,
        kind: hearsKind ? score.flatMap { EndingKind(of: $0) } : nil))
  }

  /// How far those that may be drawn are from ending in a way: 0 if one does; nil if there are none.
  func distance(to kind: EndingKind) -> Int? { candidates.map { kind.distance(of: $0.kind) }.min() }

  /// Those with the least silence. They come in any order.
  private var candidates: [Try] {
    let least = tries.lazy.map(\.silence).min()
    return tries.filter { $0.silence == least }.sorted { $0.index < $1.index }
  }

  /// One of them, as probable as its odds are high; one that cannot be judged counts as the mean of the others. nil if there are none.
  /// - Parameters:
  ///   - random: What draws it.
  ///   - kind: How it is to end: only those are drawn that do, or if there are none those that come nearest.
  func drawn(
    _ random: inout RandomStream, ending kind: EndingKind? = nil
  ) -> (piece: PieceInProgress, state: [Float])? {
    var tries = candidates
    guard !tries.isEmpty else { return nil }
    if let kind, let nearest = distance(to: kind) {
      tries.removeAll { kind.distance(of: $0.kind) > nearest }
    }
    let judged = tries.compactMap(\.logOdds), highest = judged.max() ?? 0
    let mean = judged.reduce(0) { $0 + exponential($1 - highest) } / Double(max(1, judged.count))
    let odds = tries.map { $0.logOdds.map { exponential($0 - highest) } ?? (judged.isEmpty ? 1 : mean) }
    let chosen = tries[random.index(weights: odds, sum: odds.reduce(0, +)) ?? 0]
    return (chosen.piece, chosen.state)
  }
}

extension Score {
  /// The number of bars in which nothing sounds, from the first note to a bar.
  /// - Parameter end: The number of bars from the beginning that are looked at.
  fileprivate func silentBarCount(before end: Int) -> Int {
    let sounding = tracks.flatMap(\.notes).map { $0.onset..<$0.end }.sorted { $0.lowerBound < $1.lowerBound }
    var next = 0
    var latestEnd: Int?
    var count = 0
    for bar in bars.prefix(end) {
      while next < sounding.count, sounding[next].lowerBound < bar.end {
        latestEnd = max(latestEnd ?? 0, sounding[next].upperBound)
        next += 1
      }
      if let latestEnd, latestEnd <= bar.start { count += 1 }
    }
    // A score may end with its last note.
    return latestEnd == nil ? count : count + max(0, end - bars.count)
  }
}
