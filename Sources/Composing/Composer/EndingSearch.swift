internal import Analysis
internal import Arithmetic
public import Groundwork
internal import Music
internal import Recurrent
public import Tokenization

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
  /// end, half for the lowest. 0 leaves the choice to the model alone; much more asks for the tonic whatever the model thinks.
  public var tonicBonus: Double

  /// The numbers of bars that can be searched.
  public static let barCounts = 1...CompositionSession.savedBarLimit
  /// The numbers of endings that can be tried.
  public static let tryCounts = 1...4096
  /// How many tries run side by side: this many share each weight that is read.
  static let streamLimit = 32

  /// A search; by default the last four bars, 64 times.
  public init(bars: Int = 4, tries: Int = 64, tonicBonus: Double = 4) {
    self.bars = bars
    self.tries = tries
    self.tonicBonus = tonicBonus
  }

  /// The search that suits a tokenizer where nobody asked for one: 32 endings where the tokens tell how long a piece is, so that there
  /// are last bars to try; else nil.
  public static func usual(for tokenizer: any Tokenizer) -> EndingSearch? {
    tokenizer.longestStatedLength == nil ? nil : EndingSearch(tries: 32)
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

  /// The share of the outer voices that end on the tonic of the piece, as it states it or its notes suggest it: 0, 0.5 or 1.
  static func tonicShare(of score: Score) -> Double {
    guard let tonic = score.key?.tonic else { return 0 }
    let pitched = score.tracks.lazy.filter { !$0.isDrum }.flatMap(\.notes)
    let end = pitched.map(\.end).max() ?? 0
    let last = pitched.filter { $0.end == end }.map(\.pitch)
    return [last.min(), last.max()].reduce(0) { $0 + ($1.map { $0 % 12 == tonic } == true ? 0.5 : 0) }
  }

  /// What the mean surprisal of the last bars counts beside that of the end.
  static let musicWeight = 1.0
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
    // Before its first bar a piece may tell how many it will have.
    while barCount < 1, try step(cancellation: cancellation) != nil {}
    if let bars = piece.options.bars ?? piece.announcedBars {
      let first = max(1, bars - search.bars + 1)
      while barCount < first, try step(cancellation: cancellation) != nil {
        progress?(
          ProgressReport(
            activity: "composing", completed: Double(barCount), total: Double(bars), unit: "bars"))
      }
    } else {
      let composition = try finish(cancellation: cancellation, progress: progress)
      guard composition.stopReason == .barLimit, let saved = savedBars else { return composition }
      try rewind(toBar: max(saved.lowerBound, saved.upperBound - search.bars + 1))
    }
    if !isFinished {
      let tries = EndingTries(
        piece, state: sampler.state(ofStream: 0), weights: weights, chooser: chooser, search)
      piece = try tries.best(cancellation: cancellation)
    }
    return try finish()
  }
}

/// Several ways to end a piece, each on a stream of a sampler.
private final class EndingTries {
  private let start: PieceInProgress
  private let state: [Float]
  private let tonicBonus: Double
  private let bench: StreamBench<(index: Int, piece: PieceInProgress)>
  private var chooser: TokenChooser
  private let seeds: [UInt64?]
  private var next = 0
  private var best: (quality: Double, index: Int, piece: PieceInProgress)?
  private var failure: ComposingError?

  init(
    _ start: PieceInProgress, state: [Float], weights: SamplerWeights, chooser: TokenChooser,
    _ search: EndingSearch
  ) {
    let count = search.tries
    tonicBonus = search.tonicBonus
    self.start = start
    self.state = state
    self.chooser = chooser
    bench = StreamBench(weights: weights, streamCount: min(count, EndingSearch.streamLimit))
    // The first one continues with the piece's own random numbers.
    var random = RandomStream(seed: start.options.seed, name: "endings")
    seeds = (0..<count).map { $0 == 0 ? nil : random.next() }
  }

  /// - Throws: `ComposingError.interrupted`; what the first try failed with, if all of them fail.
  func best(cancellation: Cancellation?) throws(ComposingError) -> PieceInProgress {
    begin()
    while !bench.isEmpty {
      if cancellation?.isRequested == true { throw .interrupted }
      bench.advance { job, contexts in
        contexts.append(contentsOf: job.piece.nextContext)
        return job.piece.nextID
      } take: { job, stream in
        take(&job, stream)
      }
      begin()
    }
    guard let best else { throw failure ?? .interrupted }
    return best.piece
  }

  private func begin() {
    while !bench.isFull, next < seeds.count {
      var piece = start
      if let seed = seeds[next] { piece.reseed(seed) }
      bench.begin((next, piece), state: state)
      next += 1
    }
  }

  /// - Returns: Whether the try goes on.
  private func take(_ job: inout (index: Int, piece: PieceInProgress), _ stream: Int) -> Bool {
    do throws(ComposingError) {
      _ = try job.piece.take(bench.sampler, stream: stream, chooser: &chooser)
      guard job.piece.isFinished else { return true }
      judge(job)
    } catch {
      // Another try may get by the dead end that this one ran into.
      failure = failure ?? error
    }
    return false
  }

  /// Keeps a try if it is better than those before; of equals the one that began first.
  private func judge(_ attempt: (index: Int, piece: PieceInProgress)) {
    guard attempt.piece.progress.newNotes > 0 else { return }
    var quality = EndingSearch.quality(attempt.piece.surprisals.dropFirst(start.surprisals.count))
    if tonicBonus > 0, let score = try? attempt.piece.progress.decoder.finished().score {
      quality += tonicBonus * EndingSearch.tonicShare(of: score)
    }
    if let best, (best.quality, -best.index) >= (quality, -attempt.index) { return }
    best = (quality, attempt.index, attempt.piece)
  }
}
