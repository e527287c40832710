/// One timed event of a track in 24 bytes: the message's own bytes, and where the longer ones lie.
///
/// It belongs to the track that holds it: `MIDITrack.payload(of:)` gives the bytes of a system-exclusive, escape or
/// meta event, `MIDITrack.message(of:)` any event as a value with names.
public struct MIDIEvent: Sendable {
  /// When, in ticks since the track began.
  public let tick: Int
  /// The first payload byte in the track's storage.
  let payloadStart: UInt32
  /// How many payload bytes there are.
  let payloadLength: UInt32
  private let position: UInt32
  /// The status byte: 0x80...0xEF with the channel in the low four bits, 0xF0, 0xF7 or 0xFF.
  public let status: UInt8
  /// The first data byte; the type of a meta event.
  public let data1: UInt8
  /// The second data byte, 0 if there is none.
  public let data2: UInt8
  /// Whether the file left out the status byte, as running status allows.
  let hadRunningStatus: Bool

  @inline(__always)
  init(
    tick: Int, offset: UInt32, status: UInt8, data1: UInt8, data2: UInt8, payloadStart: UInt32 = 0,
    payloadLength: UInt32 = 0, hadRunningStatus: Bool = false
  ) {
    self.tick = tick
    self.payloadStart = payloadStart
    self.payloadLength = payloadLength
    position = offset
    self.status = status
    self.data1 = data1
    self.data2 = data2
    self.hadRunningStatus = hadRunningStatus
  }

  /// The same event of a track whose payloads lie this many bytes further on.
  func withPayload(movedBy bytes: UInt32) -> MIDIEvent {
    MIDIEvent(
      tick: tick, offset: position, status: status, data1: data1, data2: data2,
      payloadStart: payloadLength == 0 ? 0 : payloadStart + bytes, payloadLength: payloadLength,
      hadRunningStatus: hadRunningStatus)
  }

  /// What `offset` is for an event that came from no file.
  static let nowhere = UInt32.max

  /// The offset in the file of the event's first byte, that of its delta time; nil if it came from no file.
  public var offset: Int? { position == Self.nowhere ? nil : Int(position) }

  /// Whether the message is for one channel.
  public var isChannelMessage: Bool { status < 0xF0 }

  /// The channel of a channel message, 0...15.
  public var channel: Int { Int(status & 0x0F) }

  /// Whether it is a meta event.
  public var isMeta: Bool { status == 0xFF }

  /// The message's name in the standard, such as `note on` or `tempo`.
  public var name: String { MessageTable.name(status: status, type: data1) }
}
