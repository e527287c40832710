public import Composing
public import Groundwork
public import Music
internal import Tokenization

/// How surprising a model finds a piece, note by note, and which notes it takes for wrong.
///
/// A wrong note shows in what comes after it as well: by itself a bold step is as improbable as a mistake. So the whole piece is
/// written again with another pitch in the note's place, in the model's own tokens, and what the model says of both is
/// compared, to the end of the following bar. That needs to know nothing of the tokens, and holds where one note
/// changes the spelling of a whole bar.
public struct SurpriseReport: Sendable {
  /// The piece as the model's tokens have it.
  public let score: Score
  /// Its notes, by bar and onset, the highest first.
  public let notes: [NoteSurprise]
  /// The sum of −log p over all ids, in nats.
  public let total: Double
  /// How many ids were predicted.
  public let tokenCount: Int
  /// Whether other pitches, and rests, were tried in the place of each note.
  public let triedAlternatives: Bool

  /// Reads a piece.
  /// - Parameters:
  ///   - score: The piece.
  ///   - composer: The model.
  ///   - options: How to look for wrong notes.
  ///   - threadCount: How many threads write the piece with other notes; the result does not depend on it.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how far it is.
  /// - Throws: `ComposingError.cause` for a score that the tokenizer cannot express, `.interrupted`.
  public init(
    of score: Score, by composer: Composer, options: SurpriseOptions = SurpriseOptions(),
    threadCount: Int = 1, cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws(ComposingError) {
    let tokenizer = composer.tokenizer
    let piece: SpelledPiece
    do { piece = try SpelledPiece(score, tokenizer) } catch { throw .cause(error) }
    var alternatives = NoteAlternatives(piece, tokenizer, options)
    triedAlternatives = options.triesAlternatives && piece.notes.count <= options.mostNotes
    if triedAlternatives {
      try alternatives.write(threadCount: threadCount, cancellation: cancellation, progress: progress)
    }
    let read = try composer.distributions(
      over: piece.ids, variants: alternatives.variants.map(\.tokens), mostOfGroup: options.pitchesPerNote,
      cancellation: cancellation, progress: progress)
    self.score = piece.score
    total = read.surprisals.reduce(0, +)
    tokenCount = piece.ids.count - 1
    let judgments = alternatives.judgments(read)
    let bars = piece.score.bars
    var owners = [Double](repeating: 0, count: piece.ids.count)
    for span in piece.notes { for place in span.decoded.ids { owners[place] += 1 } }
    notes = piece.notes.indices.map { index in
      let span = piece.notes[index]
      let position = bars.position(of: span.decoded.note.onset)
      let signature = bars.indices.contains(position.bar) ? bars[position.bar].timeSignature : nil
      let ticksPerBeat =
        Double(4 * piece.score.ticksPerQuarter) / Double((signature ?? .common).denominator)
      return NoteSurprise(
        note: span.decoded.note, place: span.place, bar: position.bar,
        beat: Double(position.beat) + Double(position.ticksIntoBeat) / ticksPerBeat,
        surprisal: span.decoded.ids.reduce(0) { $0 + read.surprisals[$1] / owners[$1] },
        entropy: span.decoded.ids.reduce(0) { $0 + read.entropies[$1] / owners[$1] },
        wrongness: judgments[index].wrongness,
        superfluity: judgments[index].superfluity, expected: judgments[index].expected)
    }
    .sorted {
      ($0.note.onset, $1.note.pitch, $0.place.track) < ($1.note.onset, $0.note.pitch, $1.place.track)
    }
  }

  /// The notes that the model would most rather have at another pitch, the worst first: those in whose place others are more
  /// probable.
  public var likelyWrongNotes: [NoteSurprise] {
    notes.filter { $0.wrongness ?? 0 > 0 }.sorted { ($0.wrongness ?? 0) > ($1.wrongness ?? 0) }
  }

  /// The sum of −log p over all ids for each note, in nats.
  public var perNote: Double { total / Double(max(1, notes.count)) }
  /// The mean of −log p over all ids, in nats.
  public var perToken: Double { total / Double(max(1, tokenCount)) }
}

/// A piece in ids, with what is needed to write it again with changes.
struct SpelledPiece: Sendable {
  let ids: [Int32]
  let score: Score
  let notes: [TokenSpans.NoteSpan]
  private let barLines: Set<Int32>
  /// Where in ids each bar begins.
  private let barPlaces: [Int]
  /// Where each bar begins, in ticks and in ids.
  let barStarts: [Int]

  init(_ score: Score, _ tokenizer: any Tokenizer) throws(TokenizationError) {
    // What the tokenizer concludes from a score, such as its key, is stated in the normalized one; written from there it stays as it
    // is when a note changes.
    let normalized = try tokenizer.normalized(score).score
    let ids = try tokenizer.encode(normalized).ids
    self.ids = ids
    let spans = try tokenizer.spans(of: ids)
    self.score = spans.score
    notes = spans.notes
    let barLines = Set(tokenizer.vocabulary.roles.barLines)
    self.barLines = barLines
    barPlaces = ids.indices.filter { barLines.contains(ids[$0]) }
    barStarts = spans.bars.map(\.start)
  }

  /// The number of the bar in which a tick lies; 0 where the tokens know no bars.
  func bar(of tick: Int) -> Int { max(0, barStarts.partitioningIndex { $0 > tick } - 1) }

  /// Where the bar of a number begins; the end of the ids for a bar that they do not have.
  func beginning(ofBar number: Int) -> Int { number < barPlaces.count ? barPlaces[number] : ids.count }

  /// Where the bar of a number begins in other ids, which are those of the piece before `first`.
  func beginning(ofBar number: Int, in other: [Int32], first: Int) -> Int {
    var count = barPlaces.partitioningIndex { $0 >= first }
    if number < count { return barPlaces[number] }
    for place in first..<other.count where barLines.contains(other[place]) {
      if count == number { return place }
      count += 1
    }
    return other.count
  }
}
