/// A piece of music: tracks of notes on one timeline, with its tempos, time signatures and keys.
///
/// All times are integer *ticks* since the beginning; `ticksPerQuarter` ticks make a quarter note. Seconds are
/// derived from the tempo map, bars from the time signatures, and neither is stored. Lists are kept in order of time; changes
/// that are at tick 0 or are absent there follow the defaults of Standard MIDI Files 1.0: 120 quarter notes a minute, 4/4.
public struct Score: Sendable, Hashable {
  /// Ticks in a quarter note, 1...32,767.
  public var ticksPerQuarter: Int
  /// The tracks, in the order of the file.
  public var tracks: [Track]
  /// Changes of tempo, by tick.
  public var tempos: [TempoChange]
  /// Changes of time signature, by tick.
  public var timeSignatures: [TimeSignatureChange]
  /// Changes of key, by tick.
  public var keys: [KeyChange]
  /// Rehearsal marks and other markers, by tick.
  public var markers: [Marker]
  /// Where the piece ends, in ticks; never before the last note's end when a reader made it.
  public var length: Int
  /// The title, where the source gave one.
  public var title: String?
  /// The length of a pickup in ticks: how much of the first bar is real. 0 if the piece begins on a bar line.
  public var pickup: Int
  /// Events that are no track's own and have no meaning here, kept for writing.
  public var otherEvents: [OpaqueEvent]

  /// A score.
  public init(
    ticksPerQuarter: Int, tracks: [Track] = [], tempos: [TempoChange] = [],
    timeSignatures: [TimeSignatureChange] = [],
    keys: [KeyChange] = [], markers: [Marker] = [], length: Int = 0, title: String? = nil, pickup: Int = 0,
    otherEvents: [OpaqueEvent] = []
  ) {
    precondition(
      (1...32_767).contains(ticksPerQuarter), "\(ticksPerQuarter) ticks a quarter is outside 1...32767")
    self.ticksPerQuarter = ticksPerQuarter
    self.tracks = tracks
    self.tempos = tempos
    self.timeSignatures = timeSignatures
    self.keys = keys
    self.markers = markers
    self.length = length
    self.title = title
    self.pickup = pickup
    self.otherEvents = otherEvents
  }

  /// The end of the last note in ticks; 0 if there is none.
  @inlinable public var lastNoteEnd: Int { tracks.lazy.map(\.lastNoteEnd).max() ?? 0 }

  /// How many notes there are in all tracks.
  public var noteCount: Int { tracks.reduce(0) { $0 + $1.notes.count } }
}

/// From here on the tempo is this.
public struct TempoChange: Sendable, Hashable {
  /// When, in ticks.
  public var tick: Int
  /// Microseconds in a quarter note, 1...16,777,215 in a Standard MIDI File.
  public var microsecondsPerQuarter: Int

  /// A change of tempo.
  public init(tick: Int, microsecondsPerQuarter: Int) {
    self.tick = tick
    self.microsecondsPerQuarter = microsecondsPerQuarter
  }

  /// The same tempo in quarter notes a minute.
  public var quartersPerMinute: Double { 60_000_000 / Double(max(1, microsecondsPerQuarter)) }

  /// The default: 120 quarter notes per minute.
  public static let standard = TempoChange(tick: 0, microsecondsPerQuarter: 500_000)
}

/// From here on the key signature is this.
public struct KeyChange: Sendable, Hashable {
  /// When, in ticks.
  public var tick: Int
  /// Sharps (positive) or flats (negative), −7...7.
  public var fifths: Int
  /// Whether the mode is minor.
  public var isMinor: Bool

  /// A change of key.
  public init(tick: Int, fifths: Int, isMinor: Bool) {
    self.tick = tick
    self.fifths = fifths
    self.isMinor = isMinor
  }
}

/// A named place.
public struct Marker: Sendable, Hashable {
  /// Where, in ticks.
  public var tick: Int
  /// Its text.
  public var text: String

  /// A marker.
  public init(tick: Int, text: String) {
    self.tick = tick
    self.text = text
  }
}

/// An event that this package keeps in its place without a meaning of its own: lyrics, text, system-exclusive
/// and meta events. `type` is the meta event's type; 0xF0 is a system-exclusive packet and 0xF7 an escape.
public struct OpaqueEvent: Sendable, Hashable {
  /// When, in ticks.
  public var tick: Int
  /// Meta type 0x00...0x7F, or 0xF0 or 0xF7.
  public var type: UInt8
  /// The payload without type and length.
  public var payload: [UInt8]

  /// An event.
  public init(tick: Int, type: UInt8, payload: [UInt8]) {
    self.tick = tick
    self.type = type
    self.payload = payload
  }
}
