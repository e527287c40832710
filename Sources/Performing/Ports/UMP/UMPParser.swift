internal import MIDI

/// Makes messages of Universal MIDI Packets, word by word: what MIDI 2.0 devices send, in terms of MIDI 1.0.
///
/// | packets | become |
/// | --- | --- |
/// | utility (type 0) | jitter-reduction clocks and time stamps set the messages' moments |
/// | system (1), MIDI 1.0 channel voice (2) | the messages that they are |
/// | data of 7 bits (3) | system-exclusive messages |
/// | MIDI 2.0 channel voice (4) | messages with 7 or 14 bits; registered and assignable controllers as four control changes, a program with its bank |
/// | all else | nothing; counted in `skippedCount` |
///
/// All groups come in together. Values are scaled down by leaving out low bits, which keeps the least, the center and the greatest value; a velocity
/// that would become 0 becomes 1, since it is not the end of a note.
///
/// Sources: *Universal MIDI Packet (UMP) Format and MIDI 2.0 Protocol* 1.1 (M2-104-UM), sections 2 to 7 and appendix D; *MIDI 2.0 Bit Scaling
/// and Resolution* (M2-115-U).
public struct UMPParser: Sendable {
  /// Packets that have no meaning in MIDI 1.0.
  public private(set) var skippedCount = 0
  /// Packets that break the specification, and system-exclusive messages that are broken off or too long.
  public private(set) var faultCount = 0

  private var words: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
  private var count = 0
  private var wanted = 0
  private var clock = JitterReduction()
  /// The time stamp for the messages that follow; nil for their arrival.
  private var stamp: UInt16?
  /// System-exclusive messages that have begun, by group.
  private var exclusives: [[UInt8]?] = Array(repeating: nil, count: 16)

  /// The most bytes of a system-exclusive message.
  static let systemExclusiveLimit = 65_536
  /// How many words a packet of each type has.
  private static let sizes = [1, 1, 1, 2, 2, 4, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4]

  /// A parser at the beginning of a stream.
  public init() {}

  /// Forgets what is incomplete: the stream begins anew.
  public mutating func reset() {
    count = 0
    wanted = 0
    stamp = nil
    clock = JitterReduction()
    exclusives = Array(repeating: nil, count: 16)
  }

  /// Takes the next word.
  /// - Parameters:
  ///   - word: 32 bits.
  ///   - time: when it arrived.
  ///   - body: called with each message that it completes.
  public mutating func consume(_ word: UInt32, at time: PerformanceTime, _ body: (TimedMessage) -> Void) {
    switch count {
    case 0:
      wanted = Self.sizes[Int(word >> 28)]
      words = (word, 0, 0, 0)
    case 1: words.1 = word
    case 2: words.2 = word
    default: words.3 = word
    }
    count += 1
    guard count == wanted else { return }
    count = 0
    let moment = stamp.map { clock.time(of: $0, arrival: time) } ?? time
    let type = words.0 >> 28
    if type != 0 { stamp = nil }
    switch type {
    case 0: utility(at: time)
    case 1, 2: if let message = midi1() { body(TimedMessage(time: moment, message: message)) }
    case 3: if let message = exclusive() { body(TimedMessage(time: moment, message: message)) }
    case 4: midi2 { body(TimedMessage(time: moment, message: .midi($0))) }
    default: skippedCount += 1
    }
  }

  private mutating func utility(at time: PerformanceTime) {
    let value = UInt16(truncatingIfNeeded: words.0)
    switch words.0 >> 20 & 0xF {
    case 0: break
    case 1: clock.take(value, at: time)
    case 2: stamp = value
    default: skippedCount += 1
    }
  }

  /// A message of types 1 and 2: status and data bytes.
  private mutating func midi1() -> WireMessage? {
    let bytes = [UInt8(words.0 >> 16 & 0xFF), UInt8(words.0 >> 8 & 0xFF), UInt8(words.0 & 0xFF)]
    let isSystem = words.0 >> 28 == 1
    guard isSystem ? bytes[0] >= 0xF1 && bytes[0] != 0xF7 : (0x80...0xEF).contains(bytes[0]) else {
      faultCount += 1
      return nil
    }
    var parser = MIDIStreamParser()
    var message: WireMessage?
    for byte in bytes where message == nil { message = parser.consume(byte) }
    if message == nil { faultCount += 1 }
    return message
  }

  private mutating func exclusive() -> WireMessage? {
    let (group, status, size) = (Int(words.0 >> 24 & 0xF), words.0 >> 20 & 0xF, Int(words.0 >> 16 & 0xF))
    guard size <= 6, status <= 3 else {
      faultCount += 1
      return nil
    }
    let data = UInt64(words.0 & 0xFFFF) << 32 | UInt64(words.1)
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: data >> UInt64(40 - 8 * $0)) & 0x7F }
    let isBeginning = status <= 1
    // A beginning within a message, or a part without its beginning.
    if isBeginning == (exclusives[group] != nil) { faultCount += 1 }
    if isBeginning { exclusives[group] = [] }
    guard let before = exclusives[group] else { return nil }
    guard before.count + size <= Self.systemExclusiveLimit else {
      faultCount += 1
      exclusives[group] = nil
      return nil
    }
    exclusives[group]?.append(contentsOf: bytes)
    guard status == 0 || status == 3 else { return nil }
    defer { exclusives[group] = nil }
    return .midi(.systemExclusive(before + bytes + [0xF7]))
  }

  /// The messages of type 4.
  private mutating func midi2(_ body: (MIDIMessage) -> Void) {
    let channel = Int(words.0 >> 16 & 0xF)
    let (first, second) = (Int(words.0 >> 8 & 0x7F), Int(words.0 & 0x7F))
    let value = words.1
    switch words.0 >> 20 & 0xF {
    case 0x2, 0x3:
      let isRegistered = words.0 >> 20 & 0xF == 0x2
      let data = Int(value >> 18)
      for (controller, value) in [
        (isRegistered ? 101 : 99, first), (isRegistered ? 100 : 98, second), (6, data >> 7),
        (38, data & 0x7F),
      ] {
        body(.controlChange(channel: channel, controller: controller, value: value))
      }
    case 0x8: body(.noteOff(channel: channel, key: first, velocity: Int(value >> 25)))
    case 0x9: body(.noteOn(channel: channel, key: first, velocity: max(1, Int(value >> 25))))
    case 0xA: body(.keyPressure(channel: channel, key: first, pressure: Int(value >> 25)))
    case 0xB: body(.controlChange(channel: channel, controller: first, value: Int(value >> 25)))
    case 0xC:
      // The last bit says that the bank is meant.
      if words.0 & 1 == 1 {
        body(.controlChange(channel: channel, controller: 0, value: Int(value >> 8 & 0x7F)))
        body(.controlChange(channel: channel, controller: 32, value: Int(value & 0x7F)))
      }
      body(.programChange(channel: channel, program: Int(value >> 24 & 0x7F)))
    case 0xD: body(.channelPressure(channel: channel, pressure: Int(value >> 25)))
    case 0xE: body(.pitchBend(channel: channel, value: Int(value >> 18) - 8_192))
    default: skippedCount += 1
    }
  }
}

/// Moments on a sender's clock in terms of ours: what its jitter-reduction messages are for.
///
/// A sender tells its clock, in steps of 1/31,250 of a second, several times a second. Of all its clocks the one that came fastest tells how the two
/// clocks stand to each other; messages with time stamps get the moment at which the fastest would have come.
struct JitterReduction: Sendable {
  private static let stepSeconds = 1 / 31_250.0
  /// How fast the estimate follows clocks that run apart: a ten-thousandth.
  private static let drift = 1e-4

  /// The last clock, and what it is in seconds since the first.
  private var last: UInt16 = 0
  private var seconds = 0.0
  /// When the first would have come.
  private var origin: PerformanceTime?
  private var lastArrival = PerformanceTime(nanoseconds: 0)

  mutating func take(_ value: UInt16, at time: PerformanceTime) {
    // Two seconds are the whole range of a clock; after that nothing is known.
    guard let origin, time.seconds(since: lastArrival) < 1 else {
      (last, seconds, origin, lastArrival) = (value, 0, time, time)
      return
    }
    seconds += Double(Int16(bitPattern: value &- last)) * Self.stepSeconds
    let slower = origin.advanced(bySeconds: time.seconds(since: lastArrival) * Self.drift)
    self.origin = min(slower, time.advanced(bySeconds: -seconds))
    (last, lastArrival) = (value, time)
  }

  /// The moment of a time stamp; its arrival where the clock is not known.
  func time(of value: UInt16, arrival: PerformanceTime) -> PerformanceTime {
    guard let origin, arrival.seconds(since: lastArrival) < 1 else { return arrival }
    let offset = seconds + Double(Int16(bitPattern: value &- last)) * Self.stepSeconds
    return min(arrival, origin.advanced(bySeconds: offset))
  }
}
