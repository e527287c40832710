internal import Arithmetic
package import Groundwork
internal import Recurrent
package import Tokenization

/// A phrase search in small portions, for music that is heard while it is composed: a session's piece stays as it is until a phrase is chosen, so
/// that a search can be given up at any moment.
///
///     let writer = PhraseWriter(session, search: search, ending: ending, bench: bench)
///     while try writer.step() {}        // in spare time
///     try writer.settle()               // the phrase is needed now
///
/// The same session, search and seed give the same phrases. It is used by one thread at a time.
package final class PhraseWriter {
  /// Where searches run, one at a time.
  package final class Bench {
    let streams: StreamBench<Continuations.Attempt>

    /// A bench for a search, which shares a composer's weights.
    package init(_ search: PhraseSearch, composer: Composer) {
      streams = CompositionSession.bench(for: search.tries, weights: composer.weights)
    }
  }

  private let session: CompositionSession
  private let search: PhraseSearch
  private let ending: EndingSearch?
  private let critic: Critic
  private let bench: Bench
  private var random: RandomStream
  private var current: Attempt?

  /// A phrase whose tries are under way.
  private struct Attempt {
    var ways: Continuations
    var judged = JudgedTries()
    /// How many new bars have begun when the phrase is over; nil for the piece's end.
    var end: Int?
    var notesBefore: Int
    var count = 0
  }

  /// A writer of a session's further phrases.
  /// - Parameters:
  ///   - session: The piece, at a bar line or at its beginning whenever a search begins.
  ///   - search: How to search.
  ///   - ending: How the last bars are searched where the piece says how many there are; nil leaves them as they come. They are written
  ///     twice as often as a phrase, or as often as this asks for, if that is less.
  ///   - critic: What judges the tries.
  ///   - bench: Where they run; nobody else uses it while a search is under way.
  package init(
    _ session: CompositionSession, search: PhraseSearch, ending: EndingSearch?, critic: Critic, bench: Bench
  ) {
    self.session = session
    self.search = search
    self.ending = ending
    self.critic = critic
    self.bench = bench
    random = RandomStream(seed: session.piece.options.seed, name: "phrases")
  }

  /// Whether a phrase is being searched.
  package var isSearching: Bool { current != nil }

  /// Goes one id further in all tries of a phrase, the next one if none is under way; the session goes on with one of them once all are
  /// complete.
  /// - Returns: Whether the phrase is still being searched.
  /// - Throws: `ComposingError`: as `CompositionSession.step`.
  package func step(cancellation: Cancellation? = nil) throws(ComposingError) -> Bool {
    if current == nil { begin() }
    guard let ways = current?.ways else { return false }
    let isGoingOn = try ways.step(cancellation: cancellation) { piece in
      isComplete(piece)
    } take: { attempt, state in
      take(attempt, state: state())
    }
    guard !isGoingOn else { return true }
    if try !settle() { throw ways.failure ?? .nothingComposed(tokens: session.piece.chosenCount) }
    return false
  }

  private func begin() {
    let first = ending.flatMap { session.firstBar(of: $0) }
    let isEnding = session.barCount > 0 && first.map { session.barCount >= $0 } ?? false
    // A phrase is over when the bar after it has begun.
    let end = (max(0, session.barCount - 1) / search.bars + 1) * search.bars + 1
    let tries = isEnding ? min(2 * search.tries, ending?.tries ?? search.tries) : search.tries
    current = Attempt(
      ways: session.continuations(count: tries, random: &random, bench: bench.streams),
      end: isEnding ? nil : end, notesBefore: session.piece.progress.newNotes)
  }

  private func isComplete(_ piece: PieceInProgress) -> Bool {
    guard let end = current?.end, piece.newBars > 0 else { return false }
    return piece.newBars >= min(end, ending.flatMap { piece.firstBar(of: $0) } ?? end)
  }

  private func take(_ attempt: Continuations.Attempt, state: [Float]) {
    guard let current, !attempt.piece.isFinished || attempt.piece.progress.newNotes > 0 else { return }
    let isSilent = attempt.piece.progress.newNotes == current.notesBefore
    self.current?.judged.add(
      attempt, state: state, by: critic, ending: current.end == nil ? ending : nil, isSilent: isSilent)
    self.current?.count += 1
  }

  /// Ends the search of a phrase now: the session goes on with one of the tries that are complete; where none is, it stays where it was.
  /// - Returns: Whether the session went on.
  package func settle() throws(ComposingError) -> Bool {
    defer { giveUp() }
    guard let chosen = current?.judged.drawn(&random) else { return false }
    session.take(chosen.piece, state: chosen.state)
    return true
  }

  /// Gives the search of a phrase up.
  package func giveUp() {
    current = nil
    bench.streams.removeAll()
  }
}

extension CompositionSession {
  /// The bars that are complete, without those of a primer.
  /// - Throws: `ComposingError.cause` if the ids cannot be read, because of a fault in the tokenizer.
  package func completeBars(_ tokenizer: any Tokenizer) throws(ComposingError) -> [DecodedBar] {
    var decoder = tokenizer.makeDecoder()
    var music = DecodedMusic()
    for id in ids {
      do { try decoder.take(id, into: &music) } catch { throw .cause(error) }
    }
    return music.bars.filter { $0.number >= givenBarCount }
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
    return tries < 4 ? nil : PhraseSearch(tries: tries)
  }
}
