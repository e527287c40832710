/// The content of an event. Channels are 0...15, keys, velocities and other data bytes 0...127.
public enum MIDIMessage: Sendable, Hashable {
  /// A key is released, at this speed.
  case noteOff(channel: Int, key: Int, velocity: Int)
  /// A key is struck; velocity 0 releases it.
  case noteOn(channel: Int, key: Int, velocity: Int)
  /// Pressure on one key that is down.
  case keyPressure(channel: Int, key: Int, pressure: Int)
  /// A controller's new value.
  case controlChange(channel: Int, controller: Int, value: Int)
  /// Another sound.
  case programChange(channel: Int, program: Int)
  /// Pressure on the whole keyboard.
  case channelPressure(channel: Int, pressure: Int)
  /// The pitch wheel, −8,192...8,191.
  case pitchBend(channel: Int, value: Int)
  /// A packet that begins with F0 on the cable; the payload is what follows, its closing F7 included where it has one.
  case systemExclusive([UInt8])
  /// Bytes sent to the cable as they are (F7 in the file): the rest of a divided packet, or anything else.
  case escape([UInt8])
  /// An event for the program that reads the file, not for the cable.
  case meta(MIDIMeta)

  /// The status byte and two data bytes; nil for messages with a payload. Traps on values outside their ranges.
  package var channelBytes: (status: UInt8, data1: UInt8, data2: UInt8)? {
    switch self {
    case .noteOff(let channel, let key, let velocity): Self.bytes(0x80, channel, key, velocity)
    case .noteOn(let channel, let key, let velocity): Self.bytes(0x90, channel, key, velocity)
    case .keyPressure(let channel, let key, let pressure): Self.bytes(0xA0, channel, key, pressure)
    case .controlChange(let channel, let controller, let value): Self.bytes(0xB0, channel, controller, value)
    case .programChange(let channel, let program): Self.bytes(0xC0, channel, program, 0)
    case .channelPressure(let channel, let pressure): Self.bytes(0xD0, channel, pressure, 0)
    case .pitchBend(let channel, let value):
      Self.bytes(0xE0, channel, (value + 8_192) & 0x7F, (value + 8_192) >> 7)
    case .systemExclusive, .escape, .meta: nil
    }
  }

  private static func bytes(
    _ status: UInt8, _ channel: Int, _ data1: Int, _ data2: Int
  ) -> (status: UInt8, data1: UInt8, data2: UInt8) {
    precondition((0...15).contains(channel), "channel \(channel) is outside 0...15")
    precondition(
      (0...127).contains(data1) && (0...127).contains(data2),
      "data bytes \(data1) and \(data2) must be in 0...127")
    return (status | UInt8(channel), UInt8(data1), UInt8(data2))
  }
}

/// The meta events of Standard MIDI Files 1.0, and any other type as it is.
///
/// A payload that does not have the form of its type is `.other`.
public enum MIDIMeta: Sendable, Hashable {
  /// The number of this sequence, 0...65,535; nil for its place in the file.
  case sequenceNumber(Int?)
  /// Text of one of the types 0x01...0x0F, in whatever encoding the writer used (see `MIDIText`).
  case text(MIDITextKind, [UInt8])
  /// The channel that the next meta events are about, 0...255 as written.
  case channelPrefix(Int)
  /// The port that the track plays on, 0...255.
  case port(Int)
  /// Microseconds in a quarter note, 0...16,777,215.
  case tempo(Int)
  /// Where on the tape the track begins. The frame rate is in bits 5 and 6 of `hours`.
  case smpteOffset(hours: Int, minutes: Int, seconds: Int, frames: Int, hundredths: Int)
  /// Metre. The denominator is 2 to the power given; 24 clocks make a quarter note.
  case timeSignature(
    numerator: Int, denominatorPower: Int, clocksPerClick: Int, thirtySecondsPerQuarter: Int)
  /// Sharps (positive) or flats (negative), and the mode.
  case keySignature(fifths: Int, isMinor: Bool)
  /// Data for one maker's program, beginning with the maker's number.
  case sequencerSpecific([UInt8])
  /// Any other type, or a known one whose payload does not fit it.
  case other(type: UInt8, [UInt8])

  /// The event of this type and payload.
  public init(type: UInt8, payload: some Collection<UInt8>) {
    let bytes = Array(payload)
    switch (type, bytes.count) {
    case (0x00, 0): self = .sequenceNumber(nil)
    case (0x00, 2): self = .sequenceNumber(Int(bytes[0]) << 8 | Int(bytes[1]))
    case (0x01...0x0F, _): self = .text(MIDITextKind(type: type), bytes)
    case (0x20, 1): self = .channelPrefix(Int(bytes[0]))
    case (0x21, 1): self = .port(Int(bytes[0]))
    case (0x51, 3): self = .tempo(Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2]))
    case (0x54, 5):
      self = .smpteOffset(
        hours: Int(bytes[0]), minutes: Int(bytes[1]), seconds: Int(bytes[2]), frames: Int(bytes[3]),
        hundredths: Int(bytes[4]))
    case (0x58, 4):
      self = .timeSignature(
        numerator: Int(bytes[0]), denominatorPower: Int(bytes[1]), clocksPerClick: Int(bytes[2]),
        thirtySecondsPerQuarter: Int(bytes[3]))
    case (0x59, 2) where bytes[1] <= 1:
      self = .keySignature(fifths: Int(Int8(bitPattern: bytes[0])), isMinor: bytes[1] == 1)
    case (0x7F, _): self = .sequencerSpecific(bytes)
    default: self = .other(type: type, bytes)
    }
  }

  /// The type's byte.
  public var type: UInt8 {
    switch self {
    case .sequenceNumber: 0x00
    case .text(let kind, _): kind.type
    case .channelPrefix: 0x20
    case .port: 0x21
    case .tempo: 0x51
    case .smpteOffset: 0x54
    case .timeSignature: 0x58
    case .keySignature: 0x59
    case .sequencerSpecific: 0x7F
    case .other(let type, _): type
    }
  }

  /// The bytes after type and length. Numbers are cut to the bits that the format has for them.
  public var payload: [UInt8] {
    switch self {
    case .sequenceNumber(let number): number.map { Self.bytes($0 >> 8, $0) } ?? []
    case .channelPrefix(let number), .port(let number): Self.bytes(number)
    case .tempo(let microseconds): Self.bytes(microseconds >> 16, microseconds >> 8, microseconds)
    case .smpteOffset(let hours, let minutes, let seconds, let frames, let hundredths):
      Self.bytes(hours, minutes, seconds, frames, hundredths)
    case .timeSignature(let numerator, let power, let clocks, let thirtySeconds):
      Self.bytes(numerator, power, clocks, thirtySeconds)
    case .keySignature(let fifths, let isMinor): Self.bytes(fifths, isMinor ? 1 : 0)
    case .text(_, let bytes), .sequencerSpecific(let bytes), .other(_, let bytes): bytes
    }
  }

  private static func bytes(_ numbers: Int...) -> [UInt8] { numbers.map { UInt8(truncatingIfNeeded: $0) } }
}

/// The meta types 0x01...0x0F, which hold text.
public struct MIDITextKind: Sendable, Hashable {
  /// The type's byte, 0x01...0x0F.
  public let type: UInt8

  /// The kind of a type in 0x01...0x0F.
  public init(type: UInt8) {
    precondition((0x01...0x0F).contains(type), "meta type \(type) is no text")
    self.type = type
  }

  /// Any text.
  public static let text = MIDITextKind(type: 0x01)
  /// A copyright notice.
  public static let copyright = MIDITextKind(type: 0x02)
  /// The name of the sequence (format 0, and the first track of format 1) or of the track.
  public static let trackName = MIDITextKind(type: 0x03)
  /// What plays in this track.
  public static let instrumentName = MIDITextKind(type: 0x04)
  /// A syllable that is sung here.
  public static let lyric = MIDITextKind(type: 0x05)
  /// A named place.
  public static let marker = MIDITextKind(type: 0x06)
  /// What happens on the screen or the stage here.
  public static let cuePoint = MIDITextKind(type: 0x07)
}
