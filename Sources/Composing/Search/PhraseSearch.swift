internal import Arithmetic
internal import Groundwork
internal import Music
internal import Recurrent
internal import Tokenization

/// A search phrase by phrase: each is written several times, and one of them goes on, with a probability proportional to the odds
/// that the model's critic gives to its being of the collection.
///
/// So the music keeps what the model has learned and loses what it does too often or too seldom. With one try it is what would be
/// composed without the search. The same seed makes the same tries and the same choices.
public struct PhraseSearch: Sendable, Hashable, Codable {
  /// How often a phrase is written.
  public var tries: Int
  /// How many bars a phrase has.
  public var bars: Int

  /// The numbers of tries that can be asked for.
  public static let tryCounts = 1...1024
  /// The lengths of a phrase, in bars.
  public static let barCounts = 1...64
  /// How many bars a phrase has where nobody says.
  static let usualBars = 8
  /// How often a phrase is written where nobody says.
  public static let usualTries = 16

  /// A search; by default phrases of eight bars, 16 times each.
  public init(tries: Int = PhraseSearch.usualTries, bars: Int? = nil) {
    self.tries = tries
    self.bars = bars ?? Self.usualBars
  }

  /// The search that suits a model where nobody asked for one: the usual where the model has a critic, else none.
  public static func usual(for model: MusicModel) -> PhraseSearch? {
    model.critic == nil ? nil : PhraseSearch()
  }

  /// - Throws: `ComposingError.invalidOption`.
  func check() throws(ComposingError) {
    try requireOption(
      Self.tryCounts.contains(tries), "search.tries", tries,
      "\(Self.tryCounts.lowerBound) to \(Self.tryCounts.upperBound) tries")
    try requireOption(
      Self.barCounts.contains(bars), "search.bars", bars,
      "\(Self.barCounts.lowerBound) to \(Self.barCounts.upperBound) bars")
  }
}

extension CompositionSession {
  /// Goes on to the end of the piece, searching phrase by phrase.
  /// - Parameters:
  ///   - search: How to search.
  ///   - critic: What judges the tries.
  ///   - ending: How to search for an ending; the bars that it writes anew are no phrase's. nil searches for none.
  ///   - cancellation: Stops the work.
  ///   - progress: Called with the bars that are complete.
  /// - Throws: As `step`; `ComposingError.invalidOption`, `.nothingComposed`.
  func finish(
    _ search: PhraseSearch, critic: Critic, ending: EndingSearch?, cancellation: Cancellation? = nil,
    progress: ProgressHandler? = nil
  ) throws(ComposingError) -> Composition {
    try search.check()
    try ending?.check()
    var choice = PhraseChoice(
      search, critic: critic, seed: piece.options.seed, bench: Self.bench(for: search.tries, weights: weights)
    )
    while !isFinished {
      let first = ending.flatMap { firstBar(of: $0) }
      if barCount > 0, let first, barCount >= first { break }
      try choice.writePhrase(of: self, ending: ending, cancellation: cancellation)
      progress?(
        ProgressReport(
          activity: "composing", completed: Double(barCount), total: barTotal.map(Double.init), unit: "bars"))
    }
    if let ending, isFinished ? try isCutOff(ending) : true {
      try chooseEnding(ending, critic: critic, cancellation: cancellation)
    }
    return try finish()
  }

  /// Whether a finished piece ran into the limit of bars; then its last bars are taken back, to be written anew.
  private func isCutOff(_ ending: EndingSearch) throws(ComposingError) -> Bool {
    guard try finish().stopReason == .barLimit else { return false }
    return try rewind(toLast: ending.bars)
  }
}

/// Writes phrases several times and chooses.
private struct PhraseChoice {
  private let search: PhraseSearch
  private let critic: Critic
  private let bench: StreamBench<Continuations.Attempt>
  private var random: RandomStream

  init(
    _ search: PhraseSearch, critic: Critic, seed: UInt64, bench: StreamBench<Continuations.Attempt>
  ) {
    self.search = search
    self.critic = critic
    self.bench = bench
    random = RandomStream(seed: seed, name: "phrases")
  }

  /// Writes the next phrase of a session's piece several times, and lets the piece go on with one of them.
  ///
  /// A try that has told how many bars there are stops where a search for its ending begins, if that is within the phrase.
  mutating func writePhrase(
    of session: CompositionSession, ending: EndingSearch?, cancellation: Cancellation?
  ) throws(ComposingError) {
    // A phrase is over when the bar after it has begun.
    let end = (max(0, session.barCount - 1) / search.bars + 1) * search.bars + 1
    var judged = JudgedTries()
    let notesBefore = session.piece.progress.newNotes
    let failure = try session.continuations(count: search.tries, random: &random, bench: bench).run(
      cancellation: cancellation
    ) { piece in
      guard piece.newBars > 0 else { return false }
      return piece.newBars >= min(end, ending.flatMap { piece.firstBar(of: $0) } ?? end)
    } take: { attempt, state in
      guard !attempt.piece.isFinished || attempt.piece.progress.newNotes > 0 else { return }
      let isSilent = attempt.piece.progress.newNotes == notesBefore
      judged.add(attempt, state: state(), by: critic, isSilent: isSilent)
    }
    guard let chosen = judged.drawn(&random) else {
      throw failure ?? .nothingComposed(tokens: session.piece.chosenCount)
    }
    session.take(chosen.piece, state: chosen.state)
  }
}

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

  /// Whether any of them ends in a way.
  func contains(_ kind: EndingKind) -> Bool { tries.contains { $0.kind == kind } }

  /// One of them, as probable as its odds are high; one that cannot be judged counts as the mean of the others. nil if there are none.
  /// - Parameters:
  ///   - random: What draws it.
  ///   - kind: How it is to end: only those are drawn that do, or if there are none those that come nearest.
  func drawn(
    _ random: inout RandomStream, ending kind: EndingKind? = nil
  ) -> (piece: PieceInProgress, state: [Float])? {
    guard let least = self.tries.lazy.map(\.silence).min() else { return nil }
    // They come in any order.
    var tries = self.tries.filter { $0.silence == least }.sorted { $0.index < $1.index }
    if let kind {
      let nearest = tries.map { kind.likeness(to: $0.kind) }.max() ?? 0
      tries.removeAll { kind.likeness(to: $0.kind) < nearest }
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
