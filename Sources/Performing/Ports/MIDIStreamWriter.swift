internal import MIDI

/// Makes the bytes of a MIDI 1.0 cable of messages.
public struct MIDIStreamWriter: Sendable {
  /// Whether a channel message of the same status as the last leaves its status byte out.
  public let usesRunningStatus: Bool
  private var status: UInt8 = 0

  /// A writer at the beginning of a stream.
  /// - Parameter usesRunningStatus: whether repeated status bytes are left out. A receiver that joins later, as at a FIFO, cannot
  ///   understand such messages before the next status byte.
  public init(usesRunningStatus: Bool = false) { self.usesRunningStatus = usesRunningStatus }

  /// Forgets the running status: the next message has its status byte.
  public mutating func reset() { status = 0 }

  /// Appends a message's bytes: none for a meta event. Numbers must be in their ranges.
  /// - Parameters:
  ///   - message: what to write. The payload of a system-exclusive message and the bytes of an escape are written as they are.
  ///   - bytes: what the bytes are appended to.
  public mutating func write(_ message: WireMessage, to bytes: inout [UInt8]) {
    switch message {
    case .midi(let message): write(message, to: &bytes)
    case .quarterFrame(let value): common(0xF1, [value], &bytes)
    case .songPosition(let position):
      precondition((0...16_383).contains(position), "song position \(position) is outside 0...16,383")
      common(0xF2, [position & 0x7F, position >> 7], &bytes)
    case .songSelect(let song): common(0xF3, [song], &bytes)
    case .tuneRequest: common(0xF6, [], &bytes)
    case .clock: bytes.append(0xF8)
    case .start: bytes.append(0xFA)
    case .resume: bytes.append(0xFB)
    case .stop: bytes.append(0xFC)
    case .activeSensing: bytes.append(0xFE)
    case .reset:
      status = 0
      bytes.append(0xFF)
    }
  }

  private mutating func write(_ message: MIDIMessage, to bytes: inout [UInt8]) {
    switch message {
    case .systemExclusive(let payload):
      status = 0
      bytes.append(0xF0)
      bytes += payload
    case .escape(let payload):
      status = 0
      bytes += payload
    case .meta: break
    case .noteOff, .noteOn, .keyPressure, .controlChange, .programChange, .channelPressure, .pitchBend:
      guard let (status, first, second) = message.channelBytes else { return }
      if status != self.status || !usesRunningStatus { bytes.append(status) }
      self.status = status
      bytes.append(first)
      if !(0xC0...0xDF).contains(status) { bytes.append(second) }
    }
  }

  private mutating func common(_ byte: UInt8, _ data: [Int], _ bytes: inout [UInt8]) {
    status = 0
    bytes.append(byte)
    for value in data {
      precondition((0...127).contains(value), "data byte \(value) is outside 0...127")
      bytes.append(UInt8(value))
    }
  }
}
