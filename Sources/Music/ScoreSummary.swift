/// What there is to know of a score at a glance. Its JSON has the names of the command line's manual.
public struct ScoreSummary: Sendable, Hashable, Codable {
  /// One part.
  public struct Part: Sendable, Hashable, Codable {
    /// Its name, empty where none was given.
    public var name: String
    /// Its General MIDI program; nil if none was given.
    public var program: Int?
    /// Whether its pitches are drums.
    public var isDrum: Bool
    /// How many notes it has.
    public var notes: Int
  }

  /// A tempo, from a tick on.
  public struct Tempo: Sendable, Hashable, Codable {
    /// From when on.
    public var tick: Int
    /// Quarter notes a minute.
    public var beatsPerMinute: Double
  }

  /// A time signature, from a tick on.
  public struct TimeSignatureEntry: Sendable, Hashable, Codable {
    /// From when on.
    public var tick: Int
    /// Beats in a bar.
    public var numerator: Int
    /// The beat's note value.
    public var denominator: Int
  }

  /// The title, where the source gave one.
  public var title: String?
  /// Ticks in a quarter note.
  public var ticksPerQuarter: Int
  /// How long the piece is in seconds, to its end; as `Score.seconds`.
  public var seconds: Double
  /// When its last note ends, in seconds, never later than `seconds`; as `Score.lastNoteSeconds`.
  public var lastNoteSeconds: Double
  /// How many bars it has.
  public var bars: Int
  /// How many notes it has.
  public var notes: Int
  /// Its parts, in order.
  public var tracks: [Part]
  /// Its tempos, the first at tick 0.
  public var tempos: [Tempo]
  /// Its time signatures, the first at tick 0; `metres` in JSON.
  public var timeSignatures: [TimeSignatureEntry]
  /// The key that its notes suggest, such as `D minor`; nil if it has no pitched notes.
  public var key: String?
  /// The key signature at its beginning, where the source gave one.
  public var keySignature: String?

  private enum CodingKeys: String, CodingKey {
    case title, ticksPerQuarter, seconds, lastNoteSeconds, bars, notes, tracks, tempos
    case timeSignatures = "metres"
    case key, keySignature
  }

  /// The summary of `score`.
  public init(_ score: Score) {
    title = score.title
    ticksPerQuarter = score.ticksPerQuarter
    seconds = score.seconds
    lastNoteSeconds = score.lastNoteSeconds
    bars = score.bars.count
    notes = score.noteCount
    tracks = score.tracks.map {
      Part(name: $0.name, program: $0.program, isDrum: $0.isDrum, notes: $0.notes.count)
    }
    tempos = ((score.tempos.first?.tick == 0 ? [] : [.standard]) + score.tempos)
      .map { Tempo(tick: $0.tick, beatsPerMinute: $0.quartersPerMinute) }
    timeSignatures = ((score.timeSignatures.first?.tick == 0 ? [] : [.standard]) + score.timeSignatures)
      .map {
        TimeSignatureEntry(
          tick: $0.tick, numerator: $0.timeSignature.numerator, denominator: $0.timeSignature.denominator)
      }
    key = KeyEstimate(score)?.name
    keySignature = score.keys.first.map { keyName(fifths: $0.fifths, isMinor: $0.isMinor) }
  }
}
