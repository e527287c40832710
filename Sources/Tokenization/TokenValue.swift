public import Music

/// What a token says in the terms of music, so that a constraint such as "only the white keys" or "nothing below C3" can be
/// written without knowing the tokenizer:
///
///     let low = tokenizer.vocabulary.roles.ids { $0.pitch.map { $0 < 48 } ?? false }
///
/// Kinds may be added.
public enum TokenValue: Sendable, Hashable {
  /// A pitch as a MIDI key number, 0...127; 60 is middle C.
  case pitch(Int)
  /// A pitch as it is written in a piece whose tokens state its key: as a MIDI key number of the music moved by −5...6 semitones into
  /// C major or A minor. The key says by how much it sounds otherwise.
  case pitchInKey(Int)
  /// A drum as a key number of General MIDI, 0...127.
  case drum(Int)
  /// The instrument as a General MIDI program, 0...127; nil for drums.
  case instrument(program: Int?)
  /// How hard a note is struck, 1...127.
  case velocity(Int)
  /// How long a note is.
  case duration(GridTime)
  /// Where in the bar we are, from its bar line.
  case position(GridTime)
  /// By how much the token moves on in time.
  case advance(GridTime)
  /// A tempo in microseconds a quarter note.
  case tempo(microsecondsPerQuarter: Int)
  /// A time signature.
  case timeSignature(TimeSignature)
  /// What the part played this many bars ago: all of it, or its rhythm alone.
  case repetition(barsAgo: Int, isRhythmAlone: Bool)
  /// The key of a piece: the pitch class of its tonic, 0 (C) to 11 (B), and the mode.
  case key(tonic: Int, isMinor: Bool)

  /// The pitch; nil for all else, drums and pitches written in a key among it.
  public var pitch: Int? { if case .pitch(let pitch) = self { pitch } else { nil } }
  /// The duration; nil for all else.
  public var duration: GridTime? { if case .duration(let duration) = self { duration } else { nil } }
  /// Whether it says that there is a note.
  package var isNote: Bool {
    switch self {
    case .pitch, .pitchInKey, .drum: true
    case .instrument, .velocity, .duration, .position, .advance, .tempo, .timeSignature, .repetition, .key:
      false
    }
  }
}

/// A time in steps of a grid.
public struct GridTime: Sendable, Hashable {
  /// How many steps.
  public var steps: Int
  /// How many steps make a quarter note, at least 1.
  public var stepsPerQuarter: Int

  /// A time.
  public init(steps: Int, stepsPerQuarter: Int) {
    self.steps = steps
    self.stepsPerQuarter = stepsPerQuarter
  }

  /// The time in quarter notes.
  public var quarters: Double { Double(steps) / Double(stepsPerQuarter) }
}
