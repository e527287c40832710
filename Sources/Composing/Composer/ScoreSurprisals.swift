public import Music
public import Tokenization

/// How surprising a model finds a score: −log p of each token, given all before it, in nats.
public struct ScoreSurprisals: Sendable {
  /// A note and its surprise.
  public struct NoteSurprisal: Sendable, Hashable {
    /// The note, with the range of its ids.
    public var decoded: DecodedNote
    /// Its position in `score`.
    public var place: NotePlace
    /// The sum of −log p over the ids of the note and no other, in nats. Other ids encode its place in time.
    public var surprisal: Double
    /// The note.
    public var note: Note { decoded.note }
  }

  /// The ids of the score.
  public let ids: [Int32]
  /// −log p of each id; 0 for the first, which is given.
  public let surprisals: [Double]
  /// The notes in the order of their ids.
  public let notes: [NoteSurprisal]
  /// The bars in order.
  public let bars: [DecodedBar]
  /// The score as the tokens have it.
  public let score: Score

  init(ids: [Int32], surprisals: [Double], spans: TokenSpans) {
    self.ids = ids
    self.surprisals = surprisals
    notes = spans.notes.map { span in
      NoteSurprisal(
        decoded: span.decoded, place: span.place,
        surprisal: surprisals[span.decoded.ids].reduce(0, +))
    }
    bars = spans.bars
    score = spans.score
  }

  /// The sum over all ids, in nats.
  public var total: Double { surprisals.reduce(0, +) }
  /// The mean over all ids but the first.
  public var perToken: Double { total / Double(max(1, ids.count - 1)) }
  /// The sum over all ids, bar lines and times among them, for each note of the score: this compares tokenizers.
  public var perNote: Double { total / Double(max(1, notes.count)) }
}
