/// One argument of an OSC message.
///
/// Source: *The Open Sound Control 1.0 Specification* (M. Wright, 2002), types i, f, s and b, and the optional ones h, d, t, T, F,
/// N, I, m, S and c.
public enum OSCArgument: Sendable, Hashable {
  /// i: a whole number of 32 bits.
  case int(Int32)
  /// f: a number of 32 bits.
  case float(Float)
  /// s: a text without the character 0.
  case string(String)
  /// b: bytes.
  case blob([UInt8])
  /// h: a whole number of 64 bits.
  case long(Int64)
  /// d: a number of 64 bits.
  case double(Double)
  /// t: a moment.
  case time(OSCTimeTag)
  /// T and F.
  case boolean(Bool)
  /// N.
  case null
  /// I: an event without a value.
  case impulse
  /// m: a MIDI message of one port: status, and data bytes.
  case midi(port: UInt8, status: UInt8, data1: UInt8, data2: UInt8)

  /// The number that it is or that its text spells; nil where it is none, or not a finite one.
  public var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .float(let value): value.isFinite ? Double(value) : nil
    case .long(let value): Double(value)
    case .double(let value): value.isFinite ? value : nil
    case .boolean(let value): value ? 1 : 0
    case .string(let text): Double(text).flatMap { $0.isFinite ? $0 : nil }
    case .blob, .time, .null, .impulse, .midi: nil
    }
  }

  /// The whole number that it is nearest to, between the bounds; nil where it is no number.
  /// - Parameter range: the bounds; what lies outside is none.
  public func whole(in range: ClosedRange<Int>) -> Int? {
    guard let number else { return nil }
    let rounded = number.rounded()
    guard rounded >= Double(range.lowerBound), rounded <= Double(range.upperBound) else { return nil }
    return Int(rounded)
  }

  /// The text that it is; nil for anything else.
  public var text: String? { if case .string(let text) = self { text } else { nil } }
}

/// A message of OSC: an address and arguments.
public struct OSCMessage: Sendable, Hashable {
  /// Where it goes, such as `/gruppetto/note`. As it is received, it may be a pattern.
  public var address: String
  /// What comes with it.
  public var arguments: [OSCArgument]

  /// A message.
  /// - Parameters:
  ///   - address: begins with a slash.
  ///   - arguments: what comes with it.
  public init(_ address: String, _ arguments: [OSCArgument] = []) {
    self.address = address
    self.arguments = arguments
  }
}

/// A moment as OSC writes it: seconds since the beginning of 1900 in 32 bits, and their fraction in 32.
public struct OSCTimeTag: Sendable, Hashable {
  /// The 64 bits.
  public var bits: UInt64

  /// These bits.
  public init(bits: UInt64) { self.bits = bits }

  /// The moment that means at once.
  public static let immediately = OSCTimeTag(bits: 1)

  /// From 1900 to 1970, in seconds.
  private static let epochSeconds: Int64 = 2_208_988_800

  /// The moment that many nanoseconds after the beginning of 1970.
  /// - Parameter unixNanoseconds: the system's clock of the day.
  public init(unixNanoseconds: Int64) {
    let seconds = unixNanoseconds / 1_000_000_000 + Self.epochSeconds
    let fraction = (UInt64(bitPattern: unixNanoseconds % 1_000_000_000) << 32) / 1_000_000_000
    bits = UInt64(truncatingIfNeeded: seconds) << 32 | fraction
  }

  /// Nanoseconds since the beginning of 1970; of no meaning for `immediately`.
  public var unixNanoseconds: Int64 {
    let fraction = (bits & 0xFFFF_FFFF) * 1_000_000_000 + 0x8000_0000
    return (Int64(bits >> 32) - Self.epochSeconds) * 1_000_000_000 + Int64(fraction >> 32)
  }
}

/// What one datagram holds: a message, or a bundle of such that are due together.
public indirect enum OSCPacket: Sendable, Hashable {
  /// A message.
  case message(OSCMessage)
  /// What is due at a moment, in its order; bundles may hold bundles.
  case bundle(time: OSCTimeTag, [OSCPacket])

  /// Visits all messages in their order, with the moment of the bundle that they are in.
  /// - Parameter body: is given the message and its moment.
  public func forEachMessage(_ body: (OSCMessage, OSCTimeTag) -> Void) { visit(.immediately, body) }

  private func visit(_ time: OSCTimeTag, _ body: (OSCMessage, OSCTimeTag) -> Void) {
    switch self {
    case .message(let message): body(message, time)
    case .bundle(let time, let packets): for packet in packets { packet.visit(time, body) }
    }
  }
}

/// Why bytes are no OSC packet: what was expected at which byte.
public struct OSCError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The byte, counted from the beginning of the packet.
  public var offset: Int
  /// What should have been there.
  public var expected: String

  /// A fault at a byte.
  public init(offset: Int, expected: String) {
    self.offset = offset
    self.expected = expected
  }

  /// The fault in words.
  public var description: String { "byte \(offset): expected \(expected)" }
}
