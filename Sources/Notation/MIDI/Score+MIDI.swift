public import MIDI
public import Music

extension Score {
  /// The score that a MIDI file holds.
  ///
  /// A track of format 1 becomes a `Track`, or several where it plays on several channels; format 0 is split by channel;
  /// channel 10 is drums. Tempo, metre, key and markers are taken from any track. Ticks of SMPTE time become ticks at a
  /// constant tempo. Events that have no meaning here stay in `otherEvents`, in order.
  ///
  /// `sequences(in:)` gives the scores of a file of format 2; `reading(_:)` the warnings too.
  /// - Throws: `ScoreError.severalSequences` where the file is of format 2 with several tracks.
  public init(midi: MIDIFile, options: MIDIScoreOptions = MIDIScoreOptions()) throws(ScoreError) {
    guard midi.format != .independent || midi.tracks.count < 2 else {
      throw .severalSequences(count: midi.tracks.count)
    }
    var reader = MIDIScoreReader(division: midi.division, options: options)
    self = reader.read(midi.tracks)
  }

  /// The scores that a MIDI file holds: one, or in format 2 one for each track.
  public static func sequences(
    in midi: MIDIFile, options: MIDIScoreOptions = MIDIScoreOptions()
  ) -> [Score] {
    reading(midi, options: options).scores
  }

  /// The scores that a MIDI file holds, and everything that is wrong with it: what the reader of the bytes
  /// said, then what the making of the scores did.
  public static func reading(_ midi: MIDIFile, options: MIDIScoreOptions = MIDIScoreOptions()) -> ScoreReading
  {
    var reading = ScoreReading(scores: [], warnings: midi.warnings.map(ScoreWarning.init))
    let groups = midi.format == .independent ? midi.tracks.map { [$0] } : [midi.tracks]
    for tracks in groups {
      var reader = MIDIScoreReader(division: midi.division, options: options)
      reading.scores.append(reader.read(tracks))
      reading.warnings += reader.warnings.warnings
    }
    return reading
  }

  /// Reads the MIDI file at `path` as one score.
  /// - Throws: `FileError`, `MIDIError`, or `ScoreError.severalSequences` for a file of format 2 with several tracks.
  public static func read(
    midiPath path: String, options: MIDIScoreOptions = MIDIScoreOptions()
  ) throws -> (score: Score, warnings: [ScoreWarning]) {
    let reading = Score.reading(try MIDIFile(path: path), options: options)
    guard let score = reading.scores.first, reading.scores.count == 1 else {
      throw ScoreError.severalSequences(count: reading.scores.count)
    }
    return (score, reading.warnings)
  }
}

/// What was read from one file: its scores, and what was wrong with it.
public struct ScoreReading: Sendable {
  /// The scores, in the order of the file; one, but for MIDI files of format 2 and tune books.
  public var scores: [Score]
  /// What was wrong, and what was made of it.
  public var warnings: [ScoreWarning]

  /// A reading.
  public init(scores: [Score], warnings: [ScoreWarning] = []) {
    self.scores = scores
    self.warnings = warnings
  }
}
