internal import Arithmetic
package import Groundwork
internal import Recurrent
package import Tokenization

/// A phrase search in small portions, for music that may be heard while it is composed: a session's piece stays as it is until a phrase is
/// chosen, so that a search can be given up at any moment.
///
///     let writer = PhraseWriter(session, search: search, ending: ending, critic: critic)
///     while try writer.step() {}        // in spare time
///     try writer.settle()               // the phrase is needed now
///
/// The same session, search and seed give the same phrases. It is used by one thread at a time; several writers may be under way at once,
/// since each has streams of its own.
package final class PhraseWriter {
  private let session: CompositionSession
  private let search: PhraseSearch
  private let ending: EndingSearch?
  private let critic: Critic
  /// Where tries run; nil before the first search. What is under way there belongs to `current`.
  private var bench: StreamBench<Continuations.Attempt>?
  private var random: RandomStream
  private var current: Phrase?

  /// A phrase whose tries are under way.
  private struct Phrase {
    var ways: Continuations
    var judged = JudgedTries()
    /// How many new bars have begun when the phrase is over; nil for the piece's end.
    var end: Int?
    var notesBefore: Int
  }

  /// A writer of a session's further phrases.
  /// - Parameters:
  ///   - session: The piece, at a bar line or at its beginning whenever a search begins.
  ///   - search: How to search.
  ///   - ending: How the last bars are searched where the piece says how many there are; nil leaves them as they come. They are written
  ///     twice as often as a phrase, or as often as this asks for, if that is less.
  ///   - critic: What judges the tries.
  package init(
    _ session: CompositionSession, search: PhraseSearch, ending: EndingSearch?, critic: Critic
  ) {
    self.session = session
    self.search = search
    self.ending = ending
    self.critic = critic
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
    let bench = bench ?? CompositionSession.bench(for: search.tries, weights: session.weights)
    self.bench = bench
    current = Phrase(
      ways: session.continuations(count: tries, random: &random, bench: bench),
      end: isEnding ? nil : end, notesBefore: session.piece.progress.newNotes)
  }

  private func isComplete(_ piece: PieceInProgress) -> Bool {
    guard let end = current?.end, piece.newBars > 0 else { return false }
    return piece.newBars >= min(end, ending.flatMap { piece.firstBar(of: $0) } ?? end)
  }

  private func take(_ attempt: Continuations.Attempt, state: [Float]) {
    guard !attempt.piece.isFinished || attempt.piece.progress.newNotes > 0 else { return }
    let isSilent = attempt.piece.progress.newNotes == current?.notesBefore
    let isEnding = current.map { $0.end == nil } ?? false
    current?.judged.add(
      attempt, state: state, by: critic, ending: isEnding ? ending : nil, isSilent: isSilent)
  }

  /// Ends the search of a phrase now: the session goes on with one of the tries that are complete; where none is, it stays where it was.
  /// - Returns: Whether the session went on.
  package func settle() throws(ComposingError) -> Bool {
    defer { giveUp() }
    guard let chosen = current?.judged.drawn(&random) else { return false }
    session.take(chosen.piece, state: chosen.state)
    return true
  }

  /// Gives the search of a phrase up, if one is under way; the session stays where it is.
  package func giveUp() {
    current = nil
    bench?.removeAll()
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
