internal import Arithmetic
internal import Groundwork
internal import Recurrent
internal import Tokenization

/// A search phrase by phrase: each is written several times, and one of them goes on, with a probability proportional to the odds
/// that the model's critic gives to its being of the collection.
///
/// So the music keeps what the model has learned and loses what it does too often or too seldom. With one try it is what would be
/// composed without the search. The same seed makes the same tries and the same choices.
public struct PhraseSearch: Sendable, Hashable {
  /// How often a phrase is written.
  public var tries: Int
  /// How many bars a phrase has.
  public var bars: Int

  /// The numbers of tries that can be asked for.
  public static let tryCounts = 1...1024
  /// The lengths of a phrase, in bars.
  public static let barCounts = 1...64
  /// How often a phrase is written where nobody says.
  public static let usualTries = 16

  /// A search; by default phrases of eight bars, 16 times each.
  public init(tries: Int = PhraseSearch.usualTries, bars: Int = 8) {
    self.tries = tries
    self.bars = bars
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
      // A phrase is over when the bar after it has begun.
      let next = (max(0, barCount - 1) / search.bars + 1) * search.bars + 1
      try choice.goOn(self, toBar: min(next, first ?? next), ending: ending, cancellation: cancellation)
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

  /// A phrase as it was written once.
  private struct Candidate {
    var index: Int
    var piece: PieceInProgress
    var state: [Float]
    /// nil where there is too little to judge.
    var logOdds: Double?
  }

  /// Writes the piece of a session up to where a bar begins, or to its end, several times, and lets it go on with one of them.
  ///
  /// A try that has told how many bars there are, and would have its ending before that bar, stops where the ending begins.
  mutating func goOn(
    _ session: CompositionSession, toBar bar: Int, ending: EndingSearch?, cancellation: Cancellation?
  ) throws(ComposingError) {
    var candidates: [Candidate] = []
    let failure = try session.continuations(count: search.tries, random: &random, bench: bench).run(
      cancellation: cancellation
    ) { piece in
      guard piece.newBars > 0 else { return false }
      let total = piece.options.bars ?? piece.announcedBars
      let first = ending.flatMap { ending in total.map { max(1, $0 - ending.bars + 1) } }
      return piece.newBars >= min(bar, first ?? bar)
    } take: { attempt, state in
      let piece = attempt.piece
      guard !piece.isFinished || piece.progress.newNotes > 0 else { return }
      let complete = piece.progress.grammar.barCount - (piece.isFinished ? 0 : 1)
      let logOdds = piece.scoreSoFar.flatMap { critic.logOdds(of: $0, endingAtBar: complete) }
      candidates.append(Candidate(index: attempt.index, piece: piece, state: state(), logOdds: logOdds))
    }
    guard !candidates.isEmpty else { throw failure ?? .nothingComposed(tokens: session.piece.chosenCount) }
    candidates.sort { $0.index < $1.index }
    let weights = Self.weights(candidates)
    let chosen = random.index(weights: weights, sum: weights.reduce(0, +)) ?? 0
    session.take(candidates[chosen].piece, state: candidates[chosen].state)
  }

  /// The odds of each, up to a common factor; what cannot be judged counts as the mean of the others.
  private static func weights(_ candidates: [Candidate]) -> [Double] {
    let judged = candidates.compactMap(\.logOdds)
    guard let highest = judged.max() else { return candidates.map { _ in 1 } }
    let mean = judged.reduce(0) { $0 + exponential($1 - highest) } / Double(judged.count)
    return candidates.map { $0.logOdds.map { exponential($0 - highest) } ?? mean }
  }
}
