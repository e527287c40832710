internal import MIDI

/// Makes messages of the bytes of a MIDI 1.0 cable, one byte at a time.
///
/// Whatever comes, the parser goes on: what is no message is dropped and counted in `faults`. Nothing is allocated but for
/// system-exclusive messages.
///
/// - A status byte breaks off a message that is incomplete; so a system-exclusive message without its F7 is dropped too,
///   since it cannot be told from one that lost its end.
/// - Real-time messages (F8...FF) may stand anywhere, between the bytes of other messages and in system-exclusive ones. FF
///   alone ends what is under way.
/// - System messages F0...F7 end the running status; undefined ones (F4, F5, F9, FD) are dropped, and of them F4 and F5 end it.
///
/// Source: *MIDI 1.0 Detailed Specification* 4.2, pages 5, A-1 to A-3 (running status, and what receivers are to do).
public struct MIDIStreamParser: Sendable {
  /// What was dropped.
  public struct Faults: Sendable, Hashable {
    /// Data bytes that belong to no message.
    public var strayBytes = 0
    /// Messages that another broke off.
    public var brokenMessages = 0
    /// Status bytes that the standard does not define, and F7 without a beginning.
    public var undefinedBytes = 0
    /// System-exclusive messages over the limit.
    public var oversizedExclusives = 0

    /// None.
    public init() {}

    /// How many there are of all kinds.
    public var count: Int { strayBytes + brokenMessages + undefinedBytes + oversizedExclusives }
  }

  /// What was dropped so far.
  public private(set) var faults = Faults()
  /// The most bytes that a system-exclusive message may have between F0 and F7.
  public let systemExclusiveLimit: Int

  /// The status that data bytes belong to; 0 for none.
  private var status: UInt8 = 0
  private var firstData: UInt8 = 0
  /// Data bytes of the current message so far.
  private var dataCount = 0
  private var exclusive: [UInt8] = []
  private var isOversized = false

  /// A parser at the beginning of a stream.
  /// - Parameter systemExclusiveLimit: the most bytes that a system-exclusive message may have; longer ones are dropped.
  public init(systemExclusiveLimit: Int = 65_536) { self.systemExclusiveLimit = systemExclusiveLimit }

  /// Takes the next byte.
  /// - Returns: the message that it completes.
  public mutating func consume(_ byte: UInt8) -> WireMessage? {
    switch byte {
    case ..<0x80: return data(byte)
    case 0xF8...: return realTime(byte)
    case 0xF7: return endOfExclusive()
    case 0xF4, 0xF5:
      breakOff()
      faults.undefinedBytes += 1
      return nil
    case 0xF6:
      breakOff()
      return .tuneRequest
    default:
      breakOff()
      status = byte
      return nil
    }
  }

  /// Takes bytes in their order.
  /// - Parameters:
  ///   - bytes: what came in.
  ///   - body: called with each message that they complete.
  public mutating func consume(_ bytes: some Sequence<UInt8>, _ body: (WireMessage) -> Void) {
    for byte in bytes {
      if let message = consume(byte) { body(message) }
    }
  }

  /// Forgets what is incomplete and the running status: the stream begins anew.
  public mutating func reset() { breakOff() }

  /// Ends the running status, and counts a message that is incomplete.
  private mutating func breakOff() {
    // Not its storage: a message that was given out may still hold it.
    if status == 0xF0 {
      exclusive = []
      isOversized = false
      faults.brokenMessages += 1
    } else if dataCount > 0 || (status >= 0xF1) {
      faults.brokenMessages += 1
    }
    status = 0
    dataCount = 0
  }

  private mutating func data(_ byte: UInt8) -> WireMessage? {
    switch status {
    case 0:
      faults.strayBytes += 1
      return nil
    case 0xF0:
      if exclusive.count < systemExclusiveLimit { exclusive.append(byte) } else { isOversized = true }
      return nil
    case 0xC0...0xDF, 0xF1, 0xF3:
      return complete(byte, 0)
    default:
      if dataCount == 0 {
        firstData = byte
        dataCount = 1
        return nil
      }
      return complete(firstData, byte)
    }
  }

  private mutating func complete(_ first: UInt8, _ second: UInt8) -> WireMessage {
    dataCount = 0
    let current = status
    if current >= 0xF0 { status = 0 }
    switch current {
    case 0xF1: return .quarterFrame(Int(first))
    case 0xF2: return .songPosition(Int(first) | Int(second) << 7)
    case 0xF3: return .songSelect(Int(first))
    default: return .midi(Self.channelMessage(current, first, second))
    }
  }

  /// The channel message of a status in 0x80...0xEF and its data bytes.
  static func channelMessage(_ status: UInt8, _ first: UInt8, _ second: UInt8) -> MIDIMessage {
    let (channel, first, second) = (Int(status & 0x0F), Int(first), Int(second))
    switch status >> 4 {
    case 0x8: return .noteOff(channel: channel, key: first, velocity: second)
    case 0x9: return .noteOn(channel: channel, key: first, velocity: second)
    case 0xA: return .keyPressure(channel: channel, key: first, pressure: second)
    case 0xB: return .controlChange(channel: channel, controller: first, value: second)
    case 0xC: return .programChange(channel: channel, program: first)
    case 0xD: return .channelPressure(channel: channel, pressure: first)
    default: return .pitchBend(channel: channel, value: (first | second << 7) - 8_192)
    }
  }

  private mutating func endOfExclusive() -> WireMessage? {
    guard status == 0xF0 else {
      breakOff()
      faults.undefinedBytes += 1
      return nil
    }
    status = 0
    defer {
      exclusive = []
      isOversized = false
    }
    guard !isOversized else {
      faults.oversizedExclusives += 1
      return nil
    }
    exclusive.append(0xF7)
    return .midi(.systemExclusive(exclusive))
  }

  private mutating func realTime(_ byte: UInt8) -> WireMessage? {
    switch byte {
    case 0xF8: return .clock
    case 0xFA: return .start
    case 0xFB: return .resume
    case 0xFC: return .stop
    case 0xFE: return .activeSensing
    case 0xFF:
      breakOff()
      return .reset
    default:
      faults.undefinedBytes += 1
      return nil
    }
  }
}
