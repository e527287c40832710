internal import Groundwork
internal import Recurrent

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

  /// The search that suits a model where nobody asked for one: 16 tries of phrases as long as its critic says, else of eight bars; nil where
  /// it has no critic.
  /// - Parameters:
  ///   - model: The model.
  ///   - tries: How often a phrase is written.
  public static func usual(for model: MusicModel, tries: Int = PhraseSearch.usualTries) -> PhraseSearch? {
    model.critic.map { PhraseSearch(tries: tries, bars: $0.phraseBars) }
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

extension PhraseSearch {
  /// So many products of weights and states may a second of music take: about a tenth of what a processor's core does.
  private static let budget = 3_500_000_000.0
  /// How many ids a second of music has: of tunes with chords ten, of piano pieces and bands thirty.
  private static let idsPerSecond = 20.0

  /// The search that a model's music can be heard with while it is composed: the usual, or of a large network as many tries as take about
  /// a tenth of a processor's core. It depends on the network's size and not on the computer, so that a seed means the same on each.
  /// - Parameter model: The model.
  /// - Returns: nil where the model has no critic, or not even four tries are possible.
  public static func whilePlaying(_ model: MusicModel) -> PhraseSearch? {
    guard model.critic != nil, let shape = try? model.network.configuration.languageModel?.shape else {
      return nil
    }
    let cost = Double(shape.layerCount) * 6 * Double(shape.hiddenSize) * Double(shape.hiddenSize)
    let tries = min(usualTries, Int(budget / (idsPerSecond * max(1, cost))))
    return tries < 4 ? nil : usual(for: model, tries: tries)
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
    let writer = PhraseWriter(self, search: search, ending: ending, critic: critic)
    while !isFinished {
      let first = ending.flatMap { firstBar(of: $0) }
      if barCount > 0, let first, barCount >= first { break }
      while try writer.step(cancellation: cancellation) {}
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
