public import Music

/// Reads ids one at a time and returns the notes and bars that each completes, so that music can be heard while it is
/// composed. It is a value: a copy continues by itself, so that a piece can be forked and taken back.
public protocol TokenDecoder: Sendable {
  /// Ticks in a quarter note of all that is given: those of the score.
  var ticksPerQuarter: Int { get }
  /// Takes the next id, and appends to `music` what is complete by it.
  ///
  /// Notes come in the order in which their last ids do. A bar is complete by the next bar line or by the end of the piece.
  /// - Throws: `TokenizationError.unknownID`, `.unexpectedToken`, `.tooLong`; the decoder is of no more use then.
  mutating func take(_ id: Int32, into music: inout DecodedMusic) throws(TokenizationError)
  /// Reserves memory for this many ids, so that none is allocated on the way.
  mutating func reserveCapacity(idCount: Int)
  /// All that was taken, as a score.
  /// - Throws: `TokenizationError.truncated` if a note or bar is incomplete, `.noNotes`.
  func finished() throws(TokenizationError) -> DecodedScore
}

extension TokenDecoder {
  /// Nothing.
  public mutating func reserveCapacity(idCount: Int) {}
}

/// What a decoder gives: a list to append to, used again for each id, so that no memory is taken for most.
public struct DecodedMusic: Sendable, Hashable {
  /// Notes that are complete.
  public var notes: [DecodedNote] = []
  /// Bars that are complete.
  public var bars: [DecodedBar] = []
  /// Changes of tempo.
  public var tempos: [TempoChange] = []

  /// Nothing.
  public init() {}

  /// Empties the lists and keeps their memory.
  public mutating func removeAll() {
    // An empty list that somebody shares would be given memory of its own.
    if !notes.isEmpty { notes.removeAll(keepingCapacity: true) }
    if !bars.isEmpty { bars.removeAll(keepingCapacity: true) }
    if !tempos.isEmpty { tempos.removeAll(keepingCapacity: true) }
  }
}

/// A note that was read from ids.
public struct DecodedNote: Sendable, Hashable {
  /// The note; its times are in ticks from the beginning of the piece.
  public var note: Note
  /// The General MIDI program, 0...127; nil for drums.
  public var program: Int?
  /// Which of the parts with this program it is of, where the tokens tell them apart; else 0.
  public var part: Int
  /// Whether it is a drum.
  public var isDrum: Bool { program == nil }
  /// The range of the ids of this note and no other, counted from the first id of the piece. Where tokens encode several
  /// others, the ids of neighboring notes may overlap.
  public var ids: Range<Int>

  /// A note.
  public init(note: Note, program: Int?, part: Int = 0, ids: Range<Int>) {
    self.note = note
    self.program = program
    self.part = part
    self.ids = ids
  }
}

/// A bar that was read from ids.
public struct DecodedBar: Sendable, Hashable {
  /// The number of the bar in the piece, from 0.
  public var number: Int
  /// The tick at which it begins.
  public var start: Int
  /// The tick at which the next begins.
  public var end: Int
  /// Its time signature.
  public var timeSignature: TimeSignature
  /// The range of its ids with its bar line, counted from the first id of the piece. The id that ends the piece is not included.
  public var ids: Range<Int>

  /// A bar.
  public init(number: Int, start: Int, end: Int, timeSignature: TimeSignature, ids: Range<Int>) {
    self.number = number
    self.start = start
    self.end = end
    self.timeSignature = timeSignature
    self.ids = ids
  }
}

/// The content of all ids of a piece.
public struct DecodedScore: Sendable {
  /// The music.
  public var score: Score
  /// For each note, in the order in which the decoder gave them, where it is in the score.
  public var places: [NotePlace]

  /// A score.
  public init(score: Score, places: [NotePlace]) {
    self.score = score
    self.places = places
  }
}

/// Where a note is in a score: `score.tracks[track].notes[index]`.
public struct NotePlace: Sendable, Hashable {
  /// The index of the track.
  public var track: Int
  /// The index of the note in its track.
  public var index: Int

  /// A place.
  public init(track: Int, index: Int) {
    self.track = track
    self.index = index
  }
}

/// The ids of each note and each bar of a piece.
public struct TokenSpans: Sendable {
  /// A note, its ids and its place.
  public struct NoteSpan: Sendable, Hashable {
    /// The note, with the range of its ids.
    public var decoded: DecodedNote
    /// Where it is in the score.
    public var place: NotePlace
  }

  /// The notes in the order of their last ids.
  public var notes: [NoteSpan]
  /// The bars in order.
  public var bars: [DecodedBar]
  /// The score that the ids describe: for the ids of an encoded score, `normalized(score).score`.
  public var score: Score
}

extension Encoding {
  /// The ids of each note and each bar.
  /// - Parameter tokenizer: The tokenizer that made them.
  /// - Throws: `TokenizationError` if it did not.
  public func spans(in tokenizer: any Tokenizer) throws(TokenizationError) -> TokenSpans {
    try tokenizer.spans(of: ids)
  }
}

extension Tokenizer {
  /// The ids of each note and each bar. Ids of time and tempo belong to bars and to no note.
  /// - Throws: `TokenizationError` if the ids do not describe a score.
  public func spans(of ids: [Int32]) throws(TokenizationError) -> TokenSpans {
    var decoder = makeDecoder()
    var music = DecodedMusic()
    for id in ids { try decoder.take(id, into: &music) }
    let finished = try decoder.finished()
    return TokenSpans(
      notes: zip(music.notes, finished.places).map { TokenSpans.NoteSpan(decoded: $0, place: $1) },
      bars: music.bars, score: finished.score)
  }
}
