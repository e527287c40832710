/// One part: its notes, and what is done to its sound.
public struct Track: Sendable, Hashable {
  /// The part's name, empty where none was given.
  public var name: String
  /// The General MIDI program, 0...127, at the beginning; nil if the source names none.
  public var program: Int?
  /// Whether the pitches are drums (General MIDI channel 10).
  public var isDrum: Bool
  /// What the part does in the piece; nil if nobody said so.
  public var role: PartRole?
  /// The MIDI channel it came from or should go to, 0...15; nil leaves the choice to the writer.
  public var channel: Int?
  /// The notes, in order of onset, then of pitch.
  public var notes: [Note]
  /// Changes of program after the beginning, by tick.
  public var programChanges: [ProgramChange]
  /// Control changes, by tick, in the order of the source.
  public var controlChanges: [ControlChange]
  /// Pitch bends, by tick.
  public var pitchBends: [PitchBend]
  /// Key and channel pressure, by tick.
  public var pressures: [Pressure]
  /// Lyrics, text, system-exclusive and unknown meta events, by tick, in the order of the source.
  public var otherEvents: [OpaqueEvent]

  /// A track.
  public init(
    name: String = "", program: Int? = nil, isDrum: Bool = false, role: PartRole? = nil, channel: Int? = nil,
    notes: [Note] = [], programChanges: [ProgramChange] = [], controlChanges: [ControlChange] = [],
    pitchBends: [PitchBend] = [], pressures: [Pressure] = [], otherEvents: [OpaqueEvent] = []
  ) {
    self.name = name
    self.program = program
    self.isDrum = isDrum
    self.role = role
    self.channel = channel
    self.notes = notes
    self.programChanges = programChanges
    self.controlChanges = controlChanges
    self.pitchBends = pitchBends
    self.pressures = pressures
    self.otherEvents = otherEvents
  }

  /// The end of the last note in ticks; 0 if there is none.
  @inlinable public var lastNoteEnd: Int { notes.lazy.map(\.end).max() ?? 0 }
}

/// A note: when, how long, how high, how loud.
public struct Note: Sendable, Hashable, Comparable {
  /// When it begins, in ticks.
  public var onset: Int
  /// How long it lasts, in ticks; 0 is possible.
  public var duration: Int
  /// MIDI key number, 0...127; 60 is middle C.
  public var pitch: Int
  /// How hard it is struck, 1...127.
  public var velocity: Int

  /// A note.
  @inlinable
  public init(onset: Int, duration: Int, pitch: Int, velocity: Int) {
    self.onset = onset
    self.duration = duration
    self.pitch = pitch
    self.velocity = velocity
  }

  /// When it ends, in ticks.
  @inlinable public var end: Int { onset + duration }

  /// By onset, then pitch, then duration, then velocity.
  @inlinable
  public static func < (a: Note, b: Note) -> Bool {
    (a.onset, a.pitch, a.duration, a.velocity) < (b.onset, b.pitch, b.duration, b.velocity)
  }
}

/// From here on the track sounds with another program.
public struct ProgramChange: Sendable, Hashable {
  /// When, in ticks.
  public var tick: Int
  /// General MIDI program, 0...127.
  public var program: Int

  /// A change of program.
  @inlinable
  public init(tick: Int, program: Int) {
    self.tick = tick
    self.program = program
  }
}

/// A controller's new value.
public struct ControlChange: Sendable, Hashable {
  /// When, in ticks.
  public var tick: Int
  /// The controller's number, 0...127: 7 volume, 10 pan, 11 expression, 64 sustain pedal.
  public var controller: Int
  /// Its value, 0...127.
  public var value: Int

  /// A control change.
  @inlinable
  public init(tick: Int, controller: Int, value: Int) {
    self.tick = tick
    self.controller = controller
    self.value = value
  }
}

/// The pitch wheel's new position.
public struct PitchBend: Sendable, Hashable {
  /// When, in ticks.
  public var tick: Int
  /// −8,192...8,191; 0 is no bend. The range in semitones is set by registered parameter 0 (two unless changed).
  public var value: Int

  /// A pitch bend.
  @inlinable
  public init(tick: Int, value: Int) {
    self.tick = tick
    self.value = value
  }
}

/// Pressure on a key that is down, or on all of them.
public struct Pressure: Sendable, Hashable {
  /// When, in ticks.
  public var tick: Int
  /// The key, 0...127; nil is channel pressure.
  public var pitch: Int?
  /// 0...127.
  public var value: Int

  /// A pressure.
  @inlinable
  public init(tick: Int, pitch: Int?, value: Int) {
    self.tick = tick
    self.pitch = pitch
    self.value = value
  }
}
