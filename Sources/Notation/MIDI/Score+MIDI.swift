public import Groundwork
public import MIDI
public import Music

extension Score {
  /// The score that a MIDI file holds.
  ///
  /// A track of format 1 becomes a `Track`, or several where it plays on several channels; format 0 is split by channel;
  /// channel 10 is drums. A program change after a note of its tick is for the notes after it (`MIDIPartReader`). Tempo, time signature, key and markers are taken from any track. Ticks of SMPTE time become ticks at a
  /// constant tempo. Events that have no meaning here stay in `otherEvents`, in order.
  ///
  /// `sequences(in:)` gives the scores of a file of format 2; `reading(_:)` the warnings too.
  /// - Throws: `ScoreError.severalSequences` if the file is of format 2 with several tracks.
  public init(midi: MIDIFile, options: MIDIScoreOptions = MIDIScoreOptions()) throws(ScoreError) {
    guard midi.format != .independent || midi.tracks.count < 2 else {
      throw .severalSequences(count: midi.tracks.count)
    }
    var notes = MIDIPartReader(policy: options.overlap)
    var reader = MIDIScoreReader(division: midi.division)
    self = reader.read(midi.tracks[...], with: &notes)
  }

  /// The scores that a MIDI file holds: one, or in format 2 one for each track.
  public static func sequences(
    in midi: MIDIFile, options: MIDIScoreOptions = MIDIScoreOptions()
  ) -> [Score] {
    reading(midi, options: options).scores
  }

  /// The scores that a MIDI file holds, and everything that is wrong with it: what the reader of the bytes
  /// reported, then what making the scores reported.
  public static func reading(_ midi: MIDIFile, options: MIDIScoreOptions = MIDIScoreOptions()) -> ScoreReading
  {
    var reading = ScoreReading(scores: [], diagnostics: midi.diagnostics)
    var notes = MIDIPartReader(policy: options.overlap)
    let groups =
      midi.format == .independent ? midi.tracks.indices.map { $0..<$0 + 1 } : [midi.tracks.indices]
    for group in groups {
      var reader = MIDIScoreReader(division: midi.division)
      reading.scores.append(reader.read(midi.tracks[group], with: &notes))
      reading.diagnostics.merge(reader.diagnostics)
    }
    return reading
  }

  /// Reads the MIDI file at `path` as one score.
  /// - Throws: `FileError`, `MIDIError`, or `ScoreError.severalSequences` for a file of format 2 with several tracks.
  public static func read(
    midiPath path: String, options: MIDIScoreOptions = MIDIScoreOptions()
  ) throws -> (score: Score, warnings: [Diagnostic]) {
    let reading = Score.reading(try MIDIFile(path: path), options: options)
    guard let score = reading.scores.first, reading.scores.count == 1 else {
      throw ScoreError.severalSequences(count: reading.scores.count)
    }
    return (score, reading.warnings)
  }
}
