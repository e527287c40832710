internal import Analysis
public import Music

/// A part as a line of single notes, in which passages of other pieces can be found.
///
/// Chords are no sequence of notes, so a rule makes one of them, the skyline of Uitdenbogerd and Zobel (1998): at each onset the
/// highest note counts, and a note below one that has begun before and goes on for a sixteenth note at least does not. Two parts that
/// share all their notes share this line too, so that no copy escapes; and where tune and chords stand in one part, the line is
/// the tune. Durations and velocities do not count, so that a copy is one however it is articulated. Onsets are rounded to twelve steps a quarter
/// note. Drums have no line.
public struct PassageLine: Sendable, Hashable {
  /// A note of the line.
  public struct Event: Sendable, Hashable {
    /// When it begins, in steps since the piece began.
    public var step: Int
    /// MIDI key number, 0...127.
    public var pitch: Int

    /// A note.
    public init(step: Int, pitch: Int) {
      self.step = step
      self.pitch = pitch
    }
  }

  /// Steps in a quarter note.
  public static let stepsPerQuarter = 12

  /// The index of the part's track in its score.
  public var track: Int
  /// The notes, by onset.
  public var events: [Event]

  /// The line of a track.
  /// - Parameters:
  ///   - track: The track.
  ///   - index: Its index in the score.
  ///   - ticksPerQuarter: The score's ticks in a quarter note.
  public init(_ track: Track, index: Int, ticksPerQuarter: Int) {
    self.track = index
    events = []
    let ordered = track.notes.sorted { ($0.onset, $0.pitch) < ($1.onset, $1.pitch) }
    var reader = PassageLineReader()
    for note in ordered {
      let (step, end) = Self.steps(of: note, ticksPerQuarter: ticksPerQuarter)
      let event = Event(step: step, pitch: note.pitch)
      switch reader.take(event, end: end) {
      case .nothing: continue
      case .added: events.append(event)
      case .raised: events[events.count - 1] = event
      }
    }
  }

  /// When a note begins and ends, in steps, each rounded to the nearest.
  package static func steps(of note: Note, ticksPerQuarter: Int) -> (start: Int, end: Int) {
    func step(_ tick: Int) -> Int {
      (2 * max(0, tick) * stepsPerQuarter + ticksPerQuarter) / (2 * ticksPerQuarter)
    }
    return (step(note.onset), step(note.end))
  }
}

extension Score {
  /// The lines of the parts that are no drums and have notes, in the order of the tracks.
  public var passageLines: [PassageLine] {
    tracks.indices.compactMap { index in
      let track = tracks[index]
      guard !track.isDrum, !track.notes.isEmpty else { return nil }
      return PassageLine(track, index: index, ticksPerQuarter: ticksPerQuarter)
    }
  }

  /// The index of the track that carries the tune: of those whose role is the melody, or of all where none is, the one whose line lies
  /// highest on average; nil where there are only drums.
  public var melodyTrack: Int? {
    let lines = passageLines
    let roles = partRoles
    let melodies = lines.filter { roles[$0.track] == .melody }
    func height(_ line: PassageLine) -> Double {
      Double(line.events.reduce(0) { $0 + $1.pitch }) / Double(max(1, line.events.count))
    }
    return (melodies.isEmpty ? lines : melodies).max { height($0) < height($1) }?.track
  }
}

extension Bars {
  /// The number of the bar in which a step of a line lies; asked of its middle, since bar lines may lie between two steps.
  func index(ofStep step: Int, in score: Score) -> Int {
    index(of: (2 * step + 1) * score.ticksPerQuarter / (2 * PassageLine.stepsPerQuarter))
  }
}

/// Takes the notes of a part by onset and says which of them are of its line. It is a value: a copy continues by itself.
package struct PassageLineReader: Sendable {
  /// What a note does to the line.
  package enum Change: Sendable {
    /// It is hidden below others.
    case nothing
    /// It comes after all others.
    case added
    /// It takes the place of the last one, which begins with it and is lower.
    case raised
  }

  private struct Sounding {
    var start: Int
    var end: Int
    var pitch: Int
  }

  /// How many steps a note must go on above another to hide it: a sixteenth note.
  private static let hidingSteps = PassageLine.stepsPerQuarter / 4

  private var sounding: [Sounding] = []
  /// The last note of the line.
  package private(set) var last: PassageLine.Event?

  package init() {}

  /// Takes a note that does not begin before the one that was taken last.
  /// - Parameters:
  ///   - event: When it begins, and its pitch.
  ///   - end: The step at which it ends.
  package mutating func take(_ event: PassageLine.Event, end: Int) -> Change {
    sounding.removeAll { $0.end < event.step + Self.hidingSteps }
    let isHidden = sounding.contains { $0.start < event.step && $0.pitch > event.pitch }
    if end >= event.step + Self.hidingSteps {
      sounding.append(Sounding(start: event.step, end: end, pitch: event.pitch))
    }
    if isHidden { return .nothing }
    if let last, last.step == event.step {
      guard event.pitch > last.pitch else { return .nothing }
      self.last = event
      return .raised
    }
    last = event
    return .added
  }
}
