public import Music
public import Tokenization

/// A note, and how little a model expected it.
public struct NoteSurprise: Sendable, Hashable {
  /// The note, in the ticks of the report's score.
  public var note: Note
  /// Where it is in the report's score.
  public var place: NotePlace
  /// The number of its bar, from 0.
  public var bar: Int
  /// The beat in the bar, from 0, with its fraction; beats are of the time signature's lower number.
  public var beat: Double
  /// −log p of the ids of this note, given all before, in nats. Where an id stands for several notes, as a repeated bar does, each
  /// has an equal share of it.
  public var surprisal: Double
  /// The entropy of the model's distributions over these ids, in nats, shared alike: how surprised it expected to be.
  public var entropy: Double
  /// How much more probable the music would be with another pitch instead: the log of the ratio between all pitches that were
  /// tried and the one that is written, in nats, from this note to the end of the following bar. Above 0 the model would
  /// rather have another. Nil for drums, and where no other pitch could be tried.
  public var wrongness: Double?
  /// How much more probable the music would be without the note, in nats, over the same music. Most notes are a little
  /// less probable than a rest, and an added or displaced one is much less. Nil where the note is the only one.
  public var superfluity: Double?
  /// The pitch that the model expected most of those that were tried.
  public var expected: ExpectedPitch?

  /// A pitch that could be in a note's place.
  public struct ExpectedPitch: Sendable, Hashable, Codable {
    /// MIDI key number, 0...127.
    public var pitch: Int
    /// Its probability among all pitches that were tried and the one that is written, 0...1, given all that comes before and
    /// what follows to the end of the following bar.
    public var probability: Double
  }
}

/// How to look for wrong notes.
public struct SurpriseOptions: Sendable, Hashable {
  /// Whether other pitches, and rests, are tried in the place of each note; otherwise there are surprisal and entropy alone, much
  /// sooner.
  public var triesAlternatives: Bool
  /// How many bars after a note's own are taken into account, at least 0: what follows shows whether a note was meant.
  public var followingBars: Int
  /// How many other pitches are read on to there, at least 1: the most probable at first sight.
  public var pitchesPerNote: Int
  /// In pieces of more notes no alternatives are tried: the work grows with the square of their number.
  public var mostNotes: Int

  /// Options.
  public init(
    triesAlternatives: Bool = true, followingBars: Int = 1, pitchesPerNote: Int = 6, mostNotes: Int = 4_000
  ) {
    precondition(followingBars >= 0 && pitchesPerNote > 0, "at least one pitch is tried")
    self.triesAlternatives = triesAlternatives
    self.followingBars = followingBars
    self.pitchesPerNote = pitchesPerNote
    self.mostNotes = mostNotes
  }
}
