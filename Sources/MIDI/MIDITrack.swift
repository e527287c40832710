/// A track: its events in order of time, and the tick at which it ends.
///
/// The end-of-track event is not among the events; its time is `length`. Two tracks are equal if they have the
/// same at the same times, wherever in a file that stood.
public struct MIDITrack: Sendable, Equatable {
  /// The events, by tick, in the order of the file.
  public private(set) var events: [MIDIEvent]
  /// The tick of the end of track; never before the last event.
  public private(set) var length: Int
  /// What the events' payloads are ranges of: the whole file's bytes, shared by its tracks, or the track's own.
  private var storage: [UInt8]

  /// An empty track.
  public init() {
    events = []
    length = 0
    storage = []
  }

  init(events: [MIDIEvent], length: Int, storage: [UInt8]) {
    self.events = events
    self.length = length
    self.storage = storage
  }

  /// The payload of a system-exclusive, escape or meta event of this track, without length; empty for others.
  public func payload(of event: MIDIEvent) -> ArraySlice<UInt8> {
    let start = Int(event.payloadStart)
    let end = start + Int(event.payloadLength)
    precondition(end <= storage.count, "the event at tick \(event.tick) is not one of this track")
    return storage[start..<end]
  }

  /// An event of this track as a value with names.
  public func message(of event: MIDIEvent) -> MIDIMessage {
    let data1 = Int(event.data1)
    let data2 = Int(event.data2)
    switch event.status >> 4 {
    case 0x8: return .noteOff(channel: event.channel, key: data1, velocity: data2)
    case 0x9: return .noteOn(channel: event.channel, key: data1, velocity: data2)
    case 0xA: return .keyPressure(channel: event.channel, key: data1, pressure: data2)
    case 0xB: return .controlChange(channel: event.channel, controller: data1, value: data2)
    case 0xC: return .programChange(channel: event.channel, program: data1)
    case 0xD: return .channelPressure(channel: event.channel, pressure: data1)
    case 0xE: return .pitchBend(channel: event.channel, value: (data2 << 7 | data1) - 8_192)
    default: break
    }
    switch event.status {
    case 0xF0: return .systemExclusive(Array(payload(of: event)))
    case 0xF7: return .escape(Array(payload(of: event)))
    default: return .meta(MIDIMeta(type: event.data1, payload: payload(of: event)))
    }
  }

  /// Appends a message.
  /// - Parameter message: what happens.
  /// - Parameter tick: when; not before the last event.
  public mutating func append(_ message: MIDIMessage, at tick: Int) {
    if let bytes = message.channelBytes {
      appendEvent(status: bytes.status, data1: bytes.data1, data2: bytes.data2, at: tick)
      return
    }
    switch message {
    case .systemExclusive(let payload): append(status: 0xF0, payload: payload, at: tick)
    case .escape(let payload): append(status: 0xF7, payload: payload, at: tick)
    case .meta(let meta):
      precondition(meta.type != 0x2F, "the end of a track is its length, not an event")
      append(status: 0xFF, data1: meta.type, payload: meta.payload, at: tick)
    default: preconditionFailure("\(message) has neither channel nor payload")
    }
  }

  /// Moves the end of the track.
  /// - Parameter tick: where it ends; not before the last event.
  public mutating func end(at tick: Int) {
    precondition(
      tick >= events.last?.tick ?? 0, "end \(tick) lies before the last event (\(events.last?.tick ?? 0))")
    length = tick
  }

  private mutating func append(status: UInt8, data1: UInt8 = 0, payload: [UInt8], at tick: Int) {
    let start = storage.count
    precondition(
      payload.count < 1 << 28 && start + payload.count < Int(UInt32.max),
      "\(payload.count) bytes are more than an event or a track can hold")
    storage += payload
    appendEvent(
      status: status, data1: data1, data2: 0, at: tick, payload: start..<start + payload.count)
  }

  private mutating func appendEvent(
    status: UInt8, data1: UInt8, data2: UInt8, at tick: Int, payload: Range<Int> = 0..<0
  ) {
    precondition(tick >= events.last?.tick ?? 0, "tick \(tick) lies before \(events.last?.tick ?? 0)")
    events.append(
      MIDIEvent(
        tick: tick, offset: MIDIEvent.nowhere, status: status, data1: data1, data2: data2,
        payloadStart: UInt32(payload.lowerBound), payloadLength: UInt32(payload.count)))
    length = max(length, tick)
  }

  /// Appends a channel message by its bytes, which must be what the standard has for the status.
  package mutating func append(status: UInt8, data1: UInt8, data2: UInt8, at tick: Int) {
    precondition(
      (0x80...0xEF).contains(status) && (data1 | data2) < 0x80, "\(status) \(data1) \(data2) is no message")
    appendEvent(status: status, data1: data1, data2: data2, at: tick)
  }

  /// Merges the events of `other` at their ticks; at the same tick this track's events come first. The track ends with
  /// whichever of the two is longer. Its own events stay as they are, down to their running status.
  public mutating func merge(_ other: MIDITrack) {
    length = max(length, other.length)
    guard !other.events.isEmpty else { return }
    var shift = 0
    if other.events.contains(where: { $0.payloadLength > 0 }) {
      shift = storage.count
      precondition(
        shift + other.storage.count < Int(UInt32.max),
        "\(other.storage.count) bytes are more than a track of \(shift) has room for")
      storage += other.storage
    }
    var merged: [MIDIEvent] = []
    merged.reserveCapacity(events.count + other.events.count)
    var own = events[...]
    for event in other.events {
      while let first = own.first, first.tick <= event.tick {
        merged.append(first)
        own.removeFirst()
      }
      merged.append(event.withPayload(movedBy: UInt32(shift)))
    }
    merged += own
    events = merged
  }

  /// The track with only some of its events; it ends where it did.
  package func filter(_ isKept: (MIDIEvent) -> Bool) -> MIDITrack {
    MIDITrack(events: events.filter(isKept), length: length, storage: storage)
  }

  /// Makes room for more events.
  package mutating func reserveCapacity(_ count: Int) { events.reserveCapacity(count) }

  /// The text of the first track-name event, decoded; nil if there is none.
  public var name: String? {
    events.first { $0.isMeta && $0.data1 == 0x03 }.map { MIDIText.decode(payload(of: $0)) }
  }

  /// Whether the tracks have the same messages at the same times and the same length.
  public static func == (a: MIDITrack, b: MIDITrack) -> Bool {
    a.length == b.length && a.events.count == b.events.count
      && zip(a.events, b.events).allSatisfy { x, y in
        x.tick == y.tick && x.status == y.status && x.data1 == y.data1 && x.data2 == y.data2
          && a.payload(of: x) == b.payload(of: y)
      }
  }
}
