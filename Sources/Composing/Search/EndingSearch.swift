internal import Analysis
internal import Arithmetic
public import Groundwork
internal import Music
internal import Recurrent
internal import Tokenization

/// A search for a good ending: the last bars of a piece are written several times, and the best of them stays.
///
/// A model that chooses one id after another does not know that the piece will end soon; it comes to the last bar line and has
/// to stop. So from a bar line some bars before the end the piece is continued several times, side by side, and of these tries the
/// one is kept whose music leads most clearly to an end: by the model's own probability that the piece ends where it has to,
/// and by how probable the last bars are.
///
/// With the same seed the same tries are made, and the same one wins. The first of them is the ending that would be written
/// without the search.
public struct EndingSearch: Sendable, Hashable, Codable {
  /// How many bars from the end are searched.
  public var bars: Int
  /// How many endings are tried.
  public var tries: Int
  /// What an ending gains whose last sounds are on the tonic of the piece, in nats: half of it for the highest note that sounds to the
  /// end, half for the lowest. 0 leaves the choice to the model, and where its critic knows how the collection's pieces end, to them;
  /// much more asks for the tonic whatever the model thinks.
  public var tonicBonus: Double

  /// The numbers of bars that can be searched.
  public static let barCounts = 1...CompositionSession.savedBarLimit
  /// The numbers of endings that can be tried.
  public static let tryCounts = 1...4096

  /// A search; by default the last four bars, 64 times.
  public init(bars: Int = 4, tries: Int = 64, tonicBonus: Double = 4) {
    self.bars = bars
    self.tries = tries
    self.tonicBonus = tonicBonus
  }

  /// The search that suits a model where nobody asked for one: where its tokens tell how long a piece is, so that there are last bars
  /// to try, 32 endings of four bars, or, if it has a critic, 64 of a phrase's bars; else nil.
  public static func usual(for model: MusicModel) -> EndingSearch? {
    guard model.tokenizer.longestStatedLength != nil else { return nil }
    guard let critic = model.critic else { return EndingSearch(tries: 32) }
    return EndingSearch(
      bars: critic.phraseBars ?? PhraseSearch.usualBars, tries: 64, tonicBonus: critic.knowsEndings ? 0 : 8)
  }

  /// - Throws: `ComposingError.invalidOption`.
  func check() throws(ComposingError) {
    try requireOption(
      Self.barCounts.contains(bars), "ending.bars", bars,
      "\(Self.barCounts.lowerBound) to \(Self.barCounts.upperBound) bars")
    try requireOption(
      Self.tryCounts.contains(tries), "ending.tries", tries,
      "\(Self.tryCounts.lowerBound) to \(Self.tryCounts.upperBound) endings")
    try requireOption(
      tonicBonus.isFinite && tonicBonus >= 0, "ending.tonicBonus", tonicBonus, "a number of nats from 0 on")
  }

  /// How good an ending is, higher being better.
  /// - Parameter surprisals: −log p of the ids of the last bars, in nats; the last of them ends the piece.
  static func quality(_ surprisals: ArraySlice<Double>) -> Double {
    guard let end = surprisals.last else { return -.infinity }
    let music = surprisals.dropLast()
    let mean = music.reduce(0, +) / Double(max(1, music.count))
    return -end - musicWeight * mean
  }

  /// How good an ending is altogether, higher being better.
  fileprivate func quality(of piece: PieceInProgress, surprisals: ArraySlice<Double>) -> Double {
    let quality = Self.quality(surprisals)
    guard tonicBonus > 0, let score = piece.scoreSoFar else { return quality }
    return quality + tonicBonus * Self.tonicShare(of: score)
  }

  /// The share of the outer voices that end on the tonic of the piece, as it states it or its notes suggest it: 0, 0.5 or 1.
  static func tonicShare(of score: Score) -> Double {
    guard let tonic = score.key?.tonic else { return 0 }
    let pitched = score.tracks.lazy.filter { !$0.isDrum }.flatMap(\.notes)
    let end = pitched.map(\.end).max() ?? 0
    let last = pitched.filter { $0.end == end }.map(\.pitch)
    return [last.min(), last.max()].reduce(0) { $0 + ($1.map { $0 % 12 == tonic } == true ? 0.5 : 0) }
  }

  /// Whether an ending leaves the tonic of its piece in both outer voices, or in one of them because it copies an earlier bar.
  fileprivate func leavesTonic(_ piece: PieceInProgress, roles: TokenRoles) -> Bool {
    guard let score = piece.scoreSoFar, score.key != nil else { return false }
    let share = Self.tonicShare(of: score)
    let lastBar = piece.ids.reversed().prefix { !roles[$0].contains(.barLine) }
    return share == 0 || (share < 1 && lastBar.contains { roles[$0].contains(.repetition) })
  }

  /// How many bars are written again where an ending leaves the tonic.
  fileprivate static let rewordedBars = 2
  /// How many bars are written again where none of the endings is as it was drawn, time after time; after the second time only where
  /// it is the tonic that they miss, and without regard to what is probable.
  fileprivate static let secondTries = [2, 4, 2, 4]

  /// How such bars are sampled: a bar that copies an earlier one ends as that did, and where most bars do, most tries end alike. So
  /// copies become improbable.
  /// - Parameter isOpen: Whether what is improbable beside the network's favorite may come as well. Where that is a half close, the
  ///   chord of the tonic would else come in none of any number of tries.
  fileprivate static func reworded(_ sampling: SamplingPreset, isOpen: Bool = false) -> SamplingPreset {
    var sampling = sampling
    sampling.repetition = min(sampling.repetition ?? 1, 0.05)
    if isOpen {
      (sampling.topK, sampling.topP, sampling.typical) = (0, 1, nil)
      (sampling.minP, sampling.barMinP) = (min(sampling.minP, 0.001), nil)
      // What is copied with a probability of 0.999 would be copied all the same.
      sampling.repetition = min(sampling.repetition ?? 1, 0.001)
    }
    return sampling
  }

  /// What the mean surprisal of the last bars counts beside that of the end.
  static let musicWeight = 1.0
}

extension PieceInProgress {
  /// How many bars the piece will have, without those that were given; nil where that is open.
  var barTotal: Int? { options.bars ?? announcedBars }

  /// The first bar that a search for an ending writes anew, counted from 1; nil where it is not known how many there will be.
  func firstBar(of search: EndingSearch) -> Int? { barTotal.map { max(1, $0 - search.bars + 1) } }
}

extension CompositionSession {
  /// Goes on to the end of the piece, searching for a good ending.
  ///
  /// Where the number of bars is given, or the piece announces it at its beginning, the last of them are searched; from here on, if
  /// there are fewer left. Else the model's own end stands, and only a piece that ran into the composer's `barLimit` gets another ending, as far as the session has saved its bars.
  /// The bars that are searched are not given by `nextBar`.
  /// - Parameters:
  ///   - search: How to search.
  ///   - cancellation: Stops the work.
  ///   - progress: Called with the bars that are complete.
  /// - Returns: The piece with the best ending.
  /// - Throws: As `step`; `ComposingError.invalidOption`, `.nothingComposed`.
  public func finish(
    _ search: EndingSearch, cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws(ComposingError) -> Composition {
    try search.check()
    try composeToFirstBar(cancellation: cancellation)
    if let first = firstBar(of: search) {
      while barCount < first, try step(cancellation: cancellation) != nil {
        progress?(
          ProgressReport(
            activity: "composing", completed: Double(barCount), total: barTotal.map(Double.init), unit: "bars"
          ))
      }
    } else {
      let composition = try finish(cancellation: cancellation, progress: progress)
      guard composition.stopReason == .barLimit, try rewind(toLast: search.bars) else { return composition }
    }
    if !isFinished { try chooseEnding(search, critic: nil, cancellation: cancellation) }
    return try finish()
  }

  /// Goes on to the first bar line: before its first bar a piece may tell how many it will have.
  func composeToFirstBar(cancellation: Cancellation?) throws(ComposingError) {
    while barCount < 1, try step(cancellation: cancellation) != nil {}
  }

  /// How many bars the piece will have, without those that were given; nil where that is open.
  var barTotal: Int? { piece.barTotal }

  /// The first bar that a search for an ending writes anew, counted from 1; nil where it is not known how many there will be.
  func firstBar(of search: EndingSearch) -> Int? { piece.firstBar(of: search) }

  /// Takes back the last bars, as far as the session has saved them.
  /// - Returns: Whether any are saved.
  func rewind(toLast count: Int) throws(ComposingError) -> Bool {
    guard let saved = savedBars else { return false }
    try rewind(toBar: max(saved.lowerBound, saved.upperBound - count + 1))
    return true
  }

  /// Goes on from here to the end several times, and keeps one: the best; or, where there is a critic, one drawn by the odds that
  /// it gives to the piece. An ending that leaves the tonic is tried again in other words.
  ///
  /// Where the critic knows how the collection's pieces end, it is drawn first how this one will, as often as they do. What remains
  /// for the odds is the choice among the tries that end so; if none does, the last bars are tried again in other words, and in the end
  /// the nearest stands.
  /// - Throws: `ComposingError.interrupted`; what the first try failed with, if all of them fail.
  func chooseEnding(
    _ search: EndingSearch, critic: Critic?, cancellation: Cancellation?
  ) throws(ComposingError) {
    var choice = EndingChoice(
      search, critic: critic, writtenCount: piece.surprisals.count,
      random: RandomStream(seed: piece.options.seed, name: "endings"))
    try choice.add(
      continuations(count: search.tries, random: &choice.random), cancellation: cancellation)
    piece = try choice.chosen()
    try chooseAgain(search, &choice, cancellation: cancellation)
    guard search.tonicBonus > 0, search.tries > 1, search.leavesTonic(piece, roles: vocabulary.roles) else {
      return
    }
    let ending = piece
    guard try rewind(toLast: EndingSearch.rewordedBars) else { return }
    try piece.sample(by: EndingSearch.reworded(piece.sampling))
    choice = EndingChoice(choice, keeping: ending)
    try choice.add(continuations(count: search.tries, random: &choice.random), cancellation: cancellation)
    piece = try choice.chosen()
  }
}

extension CompositionSession {
  /// Tries the last bars again in other words while no ending is as it was drawn: most bars of a long piece copy earlier ones, and so most
  /// tries end as the phrase that they copy did.
  private func chooseAgain(
    _ search: EndingSearch, _ choice: inout EndingChoice, cancellation: Cancellation?
  ) throws(ComposingError) {
    // An end that somebody has asked for is none of the collection's.
    let isAskedFor = piece.progress.constraints.contains { ($0 as? CellLimits)?.rules.endsOnBarLine ?? false }
    guard search.tries > 1, !isAskedFor else { return }
    let sampling = piece.sampling
    for (round, bars) in EndingSearch.secondTries.enumerated() {
      let least = round < 2 ? 1 : EndingKind.missedTonic
      guard choice.distance >= least, try rewind(toLast: min(bars, search.bars)) else { return }
      try piece.sample(by: EndingSearch.reworded(sampling, isOpen: round >= 2))
      try choice.add(
        continuations(count: search.tries, random: &choice.random), cancellation: cancellation,
        numbered: search.tries * (round + 1))
      piece = try choice.chosen()
    }
  }
}

/// Judges endings, and chooses one.
private struct EndingChoice {
  var random: RandomStream
  private let search: EndingSearch
  private let critic: Critic?
  /// How many ids had been chosen before any of the endings.
  private let writtenCount: Int
  private var best: (quality: Double, index: Int, piece: PieceInProgress)?
  private var judged = JudgedTries()
  private var failure: ComposingError?
  /// How the piece is to end; nil where nobody says.
  private let wanted: EndingKind?

  init(_ search: EndingSearch, critic: Critic?, writtenCount: Int, random: RandomStream) {
    self.search = search
    self.critic = critic
    self.writtenCount = writtenCount
    var random = random
    wanted = search.tonicBonus == 0 ? critic?.habits?.drawnEnding(&random) : nil
    self.random = random
  }

  /// A choice between an ending and others that are still to come.
  init(_ earlier: EndingChoice, keeping piece: PieceInProgress) {
    self.init(
      earlier.search, critic: earlier.critic, writtenCount: earlier.writtenCount, random: earlier.random)
    add(Continuations.Attempt(index: -1, piece: piece), state: { [] })
  }

  /// Goes all these ways to their ends.
  /// - Throws: `ComposingError.interrupted`.
  mutating func add(
    _ ways: Continuations, cancellation: Cancellation?, numbered first: Int = 0
  ) throws(ComposingError) {
    failure = try ways.run(cancellation: cancellation, until: { $0.isFinished }) { attempt, state in
      add(Continuations.Attempt(index: first + attempt.index, piece: attempt.piece), state: state)
    }
  }

  /// How far all endings are from what was drawn; 0 where one is as the piece is to end, or nobody says how it is to.
  var distance: Int { wanted.flatMap { judged.distance(to: $0) } ?? 0 }

  private mutating func add(_ attempt: Continuations.Attempt, state: () -> [Float]) {
    let piece = attempt.piece
    guard piece.progress.newNotes > 0 else { return }
    if let critic {
      return judged.add(attempt, state: state(), by: critic, ending: search, hearsKind: wanted != nil)
    }
    let quality = search.quality(of: piece, surprisals: piece.surprisals.dropFirst(writtenCount))
    // Of equals the one that began first.
    if let best, (best.quality, -best.index) >= (quality, -attempt.index) { return }
    best = (quality, attempt.index, piece)
  }

  /// The best; with a critic, one drawn by its odds.
  /// - Throws: What the first try failed with, if there is none.
  mutating func chosen() throws(ComposingError) -> PieceInProgress {
    guard let chosen = best?.piece ?? judged.drawn(&random, ending: wanted)?.piece else {
      throw failure ?? .interrupted
    }
    return chosen
  }
}
