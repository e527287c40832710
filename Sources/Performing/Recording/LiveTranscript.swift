internal import Groundwork
internal import MIDI

/// What a player and a model have played, as a MIDI file with a track for each, in which no note is left hanging: whatever came in, a key that is struck
/// again while it is down is released before, all-notes-off is written out key by key, and keys that are still down end where the file does.
struct LiveTranscript {
  /// The resolution of the file: at 60 quarter notes a minute a tick is a millisecond and a little more.
  static let ticksPerQuarter = 960
  /// The tempo of the file where the player's is not known, in quarter notes a minute.
  static let usualTempo = 120.0
  /// Messages may come late by so many seconds and still be put in their place.
  private static let lateness = 1.0

  private struct Event {
    var tick: Int
    var message: MIDIMessage
  }

  /// A track, with what is not in it yet because something before it may still come.
  private struct Part {
    var track = MIDITrack()
    var pending: [Event] = []
    /// Which keys of which channels are down, in the track.
    var held: Set<Int> = []

    mutating func add(_ event: Event) {
      var place = pending.count
      while place > 0, pending[place - 1].tick > event.tick { place -= 1 }
      pending.insert(event, at: place)
    }

    /// Puts all events before a tick into the track.
    mutating func settle(before tick: Int) {
      let count = pending.firstIndex { $0.tick >= tick } ?? pending.count
      for event in pending[..<count] { append(event.message, at: max(event.tick, track.length)) }
      pending.removeFirst(count)
    }

    private mutating func append(_ message: MIDIMessage, at tick: Int) {
      switch message {
      case .noteOn(let channel, let key, let velocity) where velocity > 0:
        if !held.insert(Self.number(channel, key)).inserted { release(Self.number(channel, key), at: tick) }
        held.insert(Self.number(channel, key))
        track.append(message, at: tick)
      case .noteOn(let channel, let key, _), .noteOff(let channel, let key, _):
        if held.remove(Self.number(channel, key)) != nil { track.append(message, at: tick) }
      // All sound off, and all notes off in their several forms (MIDI 1.0 Detailed Specification 4.2, channel mode messages).
      case .controlChange(let channel, 120, _), .controlChange(let channel, 123...127, _):
        for number in held.sorted() where number >> 7 == channel { release(number, at: tick) }
        track.append(message, at: tick)
      default: track.append(message, at: tick)
      }
    }

    private static func number(_ channel: Int, _ key: Int) -> Int { channel << 7 | key & 127 }

    private mutating func release(_ number: Int, at tick: Int) {
      held.remove(number)
      track.append(.noteOff(channel: number >> 7, key: number & 127, velocity: 64), at: tick)
    }

    /// The track, with the ends of the keys that are down.
    func complete(at end: Int) -> MIDITrack {
      var part = self
      part.settle(before: .max)
      let end = max(end, part.track.length)
      for number in part.held.sorted() { part.release(number, at: end) }
      part.track.end(at: end)
      return part.track
    }
  }

  private var player = Part()
  private var model = Part()
  private var first: PerformanceTime?
  private var end = 0

  private let ticksPerSecond: Double

  /// - Parameter quartersPerMinute: The tempo that the player keeps to.
  init(quartersPerMinute: Double = usualTempo) {
    // As the file can say it: whole microseconds, of 24 bits.
    let microseconds = min(max((60_000_000 / quartersPerMinute).rounded(), 1), 0xff_ffff)
    ticksPerSecond = Double(Self.ticksPerQuarter) * 1e6 / microseconds
    player.track.append(.meta(.tempo(Int(microseconds))), at: 0)
    player.track.append(.meta(.text(.trackName, Array("player".utf8))), at: 0)
    model.track.append(.meta(.text(.trackName, Array("model".utf8))), at: 0)
  }

  /// How long it is, in seconds.
  var seconds: Double { isEmpty ? 0 : Double(end + 1) / ticksPerSecond }

  /// Whether nothing was played.
  var isEmpty: Bool { first == nil }

  /// Takes a message.
  /// - Parameters:
  ///   - message: The message, one for a channel.
  ///   - isPlayer: Whether it is the player's, and not the model's.
  ///   - time: When it was played. The file begins with the first that was taken.
  mutating func add(_ message: MIDIMessage, isPlayer: Bool, at time: PerformanceTime) {
    let start = first ?? time
    first = start
    let tick = max(0, Int((time.seconds(since: start) * ticksPerSecond).rounded()))
    end = max(end, tick)
    if isPlayer {
      player.add(Event(tick: tick, message: message))
    } else {
      model.add(Event(tick: tick, message: message))
    }
    let settled = end - Int(Self.lateness * ticksPerSecond)
    player.settle(before: settled)
    model.settle(before: settled)
  }

  /// All of it.
  var file: MIDIFile {
    // A note that has just begun has some length.
    let tracks = [player, model].map { $0.complete(at: end + 1) }
    return MIDIFile(format: .simultaneous, division: .ticksPerQuarter(Self.ticksPerQuarter), tracks: tracks)
  }
}
