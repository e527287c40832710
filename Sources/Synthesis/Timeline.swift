internal import Music

/// What a score asks the voices to do, by frame.
struct Timeline {
  struct Event: Hashable {
    /// In this order at the same moment: note-offs, then changes, then note-ons.
    enum Action: Hashable {
      case noteOff(note: Int)
      case program(Int)
      case control(Int, value: Int)
      case wheel(Int)
      case pressure(Int)
      case noteOn(note: Int, key: Int, velocity: Int)

      fileprivate var rank: Int {
        switch self {
        case .noteOff: 0
        case .program: 1
        case .control, .wheel, .pressure: 2
        case .noteOn: 3
        }
      }
    }

    var frame: Int
    var part: Int
    var action: Action
  }

  /// A part: the controllers of a channel apply to all of its tracks.
  struct PartDescription: Hashable {
    var channel: Int?
    var isDrum: Bool
    var program: Int?
  }

  private(set) var parts: [PartDescription] = []
  private(set) var events: [Event] = []

  /// A shorter note would not be heard on any instrument, in seconds.
  private static let shortestNote = 0.01

  /// Later events are moved here, in seconds: a damaged file can have times that no frame count can hold.
  private static let horizon = 1e9

  /// - Parameter start: The tick that is frame 0; what is before it happens at once.
  init(score: Score, sampleRate: Int, start: Int = 0) {
    let clock = score.timeMap
    let silence = start > 0 ? clock.seconds(at: start) : 0
    let frame = { (tick: Int) in
      let time = start > 0 ? max(0, clock.seconds(at: tick) - silence) : clock.seconds(at: tick)
      let seconds = min(max(time, -Self.horizon), Self.horizon)
      return Int((seconds * Double(sampleRate)).rounded())
    }
    var noteCount = 0
    for track in score.tracks {
      let part = partIndex(for: track)
      let shortest = Int(Self.shortestNote * Double(sampleRate))
      for note in track.notes where (0...127).contains(note.pitch) {
        let onset = frame(note.onset)
        let velocity = min(max(note.velocity, 1), 127)
        events.append(
          Event(
            frame: onset, part: part,
            action: .noteOn(note: noteCount, key: note.pitch, velocity: velocity)))
        events.append(
          Event(
            frame: max(frame(note.end), onset + shortest), part: part, action: .noteOff(note: noteCount)))
        noteCount += 1
      }
      let changes =
        track.programChanges.map { ($0.tick, Event.Action.program($0.program & 127)) }
        + track.controlChanges.map { ($0.tick, .control($0.controller & 127, value: $0.value & 127)) }
        + track.pitchBends.map { ($0.tick, .wheel($0.value)) }
        + track.pressures.filter { $0.pitch == nil }.map { ($0.tick, .pressure($0.value & 127)) }
      events += changes.map { Event(frame: frame($0.0), part: part, action: $0.1) }
    }
    sort()
  }

  /// By time, then by rank, then in their original order: a stable sort, so that controllers keep their order.
  private mutating func sort() {
    let order = events.indices.sorted { a, b in
      (events[a].frame, events[a].action.rank, a) < (events[b].frame, events[b].action.rank, b)
    }
    events = order.map { events[$0] }
  }

  /// The part that a track belongs to: its channel's, unless the two begin with different programs, as tracks that
  /// only happen to have the same channel do.
  private mutating func partIndex(for track: Track) -> Int {
    let program = track.program.map { $0 & 127 }
    if let channel = track.channel {
      for (index, part) in parts.enumerated()
      where part.channel == channel && part.isDrum == track.isDrum
        && (part.program == nil || program == nil || part.program == program)
      {
        parts[index].program = part.program ?? program
        return index
      }
    }
    parts.append(PartDescription(channel: track.channel, isDrum: track.isDrum, program: program))
    return parts.count - 1
  }
}
