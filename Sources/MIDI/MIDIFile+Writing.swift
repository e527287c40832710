/// How a file is written.
public struct MIDIWritingOptions: Sendable, Hashable {
  /// Where the status byte is left out because it is the same as that of the channel message before.
  public enum RunningStatus: Sendable, Hashable, CaseIterable {
    /// Where the file that the event was read from left it out too, so that most files come back byte for byte.
    case asRead
    /// Nowhere.
    case never
    /// Wherever that is allowed; a quarter to a third shorter.
    case always
  }

  /// Where the status byte is left out.
  public var runningStatus: RunningStatus

  /// Options; running status as it was read unless told otherwise.
  public init(runningStatus: RunningStatus = .asRead) { self.runningStatus = runningStatus }
}

extension MIDIFile {
  /// The file's bytes: a header of six bytes, then the tracks, each closed by an end of track at its length.
  ///
  /// Quantities take as few bytes as they can. A pause that is longer than a delta time can say (2²⁸ − 1 ticks) is
  /// bridged by empty text events.
  public func encoded(options: MIDIWritingOptions = MIDIWritingOptions()) -> [UInt8] {
    precondition(tracks.count <= 65_535, "\(tracks.count) tracks are more than the 65535 of a file")
    var bytes: [UInt8] = []
    bytes.reserveCapacity(14 + tracks.reduce(0) { $0 + 16 + $1.events.count * 5 })
    bytes += "MThd".utf8
    bytes.appendBigEndian(UInt32(6))
    bytes.appendBigEndian(UInt16(format.rawValue))
    bytes.appendBigEndian(UInt16(tracks.count))
    bytes.appendBigEndian(division.word)
    for track in tracks { track.encode(into: &bytes, options) }
    return bytes
  }
}

extension MIDITrack {
  fileprivate func encode(into bytes: inout [UInt8], _ options: MIDIWritingOptions) {
    bytes += "MTrk".utf8
    let lengthOffset = bytes.count
    bytes.appendBigEndian(UInt32(0))
    let oneByteMessages = MessageTable.oneByteMessages
    let always = options.runningStatus == .always
    let asRead = options.runningStatus == .asRead
    var tick = 0
    var running: UInt8 = 0
    for event in events {
      bytes.appendDelta(from: tick, to: event.tick)
      tick = event.tick
      if event.status >= 0xF0 {
        bytes.append(event.status)
        if event.isMeta { bytes.append(event.data1) }
        bytes.appendQuantity(Int(event.payloadLength))
        bytes += payload(of: event)
        running = 0
        continue
      }
      if event.status != running || !(always || (asRead && event.hadRunningStatus)) {
        bytes.append(event.status)
      }
      running = event.status
      bytes.append(event.data1)
      if oneByteMessages >> UInt16(event.status >> 4) & 1 == 0 { bytes.append(event.data2) }
    }
    bytes.appendDelta(from: tick, to: length)
    bytes += [0xFF, 0x2F, 0x00]
    let size = bytes.count - lengthOffset - 4
    precondition(size <= Int(UInt32.max), "a track of \(size) bytes is more than a chunk can hold")
    for index in 0..<4 { bytes[lengthOffset + index] = UInt8(truncatingIfNeeded: size >> (24 - 8 * index)) }
  }
}

extension [UInt8] {
  fileprivate mutating func appendBigEndian<T: FixedWidthInteger>(_ value: T) {
    for shift in stride(from: T.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: value >> T(shift)))
    }
  }

  /// A variable-length quantity, in as few bytes as it takes.
  @inline(__always)
  fileprivate mutating func appendQuantity(_ value: Int) {
    if value >= 1 << 7 {
      if value >= 1 << 14 {
        if value >= 1 << 21 { append(UInt8(truncatingIfNeeded: value >> 21) | 0x80) }
        append(UInt8(truncatingIfNeeded: value >> 14) | 0x80)
      }
      append(UInt8(truncatingIfNeeded: value >> 7) | 0x80)
    }
    append(UInt8(truncatingIfNeeded: value) & 0x7F)
  }

  @inline(__always)
  fileprivate mutating func appendDelta(from start: Int, to end: Int) {
    var delta = end - start
    while delta > 0x0FFF_FFFF {
      appendQuantity(0x0FFF_FFFF)
      self += [0xFF, 0x01, 0x00]
      delta -= 0x0FFF_FFFF
    }
    appendQuantity(delta)
  }
}
