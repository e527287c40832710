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

  /// Options; running status as it was read by default.
  public init(runningStatus: RunningStatus = .asRead) { self.runningStatus = runningStatus }
}

extension MIDIFile {
  /// The file's bytes: a header of six bytes, then the tracks, each closed by an end of track at its length.
  ///
  /// Quantities take as few bytes as they can. A pause longer than the longest delta time (2²⁸ − 1 ticks) is
  /// bridged by empty text events.
  public func encoded(options: MIDIWritingOptions = MIDIWritingOptions()) -> [UInt8] {
    precondition(tracks.count <= 65_535, "\(tracks.count) tracks are more than the 65535 of a file")
    let bound = tracks.reduce(14) { $0 + $1.encodedBound }
    return [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      var writer = ByteWriter(buffer)
      writer.write("MThd")
      writer.write(bigEndian: UInt32(6))
      writer.write(bigEndian: UInt16(format.rawValue))
      writer.write(bigEndian: UInt16(tracks.count))
      writer.write(bigEndian: division.word)
      for track in tracks { track.encode(into: &writer, options) }
      count = writer.count
    }
  }
}

extension MIDITrack {
  /// No fewer bytes than the track's chunk has.
  fileprivate var encodedBound: Int {
    let payloads = events.reduce(0) { $0 + ($1.status < 0xF0 ? 0 : Int($1.payloadLength) + 4) }
    return 8 + 7 + 7 * events.count + payloads + 7 * (length / longestDelta)
  }

  fileprivate func encode(into writer: inout ByteWriter, _ options: MIDIWritingOptions) {
    writer.write("MTrk")
    let lengthOffset = writer.count
    writer.write(bigEndian: UInt32(0))
    let oneByteMessages = MessageTable.oneByteMessages
    let always = options.runningStatus == .always
    let asRead = options.runningStatus == .asRead
    var tick = 0
    var running: UInt8 = 0
    for event in events {
      if event.tick - tick > longestDelta { running = 0 }
      writer.writeDelta(from: tick, to: event.tick)
      tick = event.tick
      if event.status >= 0xF0 {
        writer.write(event.status)
        if event.isMeta { writer.write(event.data1) }
        writer.writeQuantity(Int(event.payloadLength))
        writer.write(payload(of: event))
        running = 0
        continue
      }
      if event.status != running || !(always || (asRead && event.hadRunningStatus)) {
        writer.write(event.status)
      }
      running = event.status
      writer.write(event.data1)
      if oneByteMessages >> UInt16(event.status >> 4) & 1 == 0 { writer.write(event.data2) }
    }
    writer.writeDelta(from: tick, to: length)
    writer.write([0xFF, 0x2F, 0x00])
    writer.setBigEndian32(writer.count - lengthOffset - 4, at: lengthOffset)
  }
}

/// The longest delta time: what 28 bits hold.
private let longestDelta = 0x0FFF_FFFF

/// Puts bytes one after the other into a buffer that was made large enough for all of them.
private struct ByteWriter {
  private let buffer: UnsafeMutableBufferPointer<UInt8>
  private(set) var count = 0

  init(_ buffer: UnsafeMutableBufferPointer<UInt8>) { self.buffer = buffer }

  @inline(__always)
  mutating func write(_ byte: UInt8) {
    precondition(count < buffer.count, "a buffer of \(buffer.count) bytes is full")
    buffer.initializeElement(at: count, to: byte)
    count += 1
  }

  mutating func write(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { write(byte) }
  }

  mutating func write(_ text: String) { write(text.utf8) }

  mutating func write<T: FixedWidthInteger>(bigEndian value: T) {
    for shift in stride(from: T.bitWidth - 8, through: 0, by: -8) {
      write(UInt8(truncatingIfNeeded: value >> T(shift)))
    }
  }

  /// Overwrites four bytes that were written before.
  mutating func setBigEndian32(_ value: Int, at offset: Int) {
    precondition(value <= Int(UInt32.max), "a track of \(value) bytes is more than a chunk can hold")
    for index in 0..<4 { buffer[offset + index] = UInt8(truncatingIfNeeded: value >> (24 - 8 * index)) }
  }

  /// A variable-length quantity, in as few bytes as it takes.
  @inline(__always)
  mutating func writeQuantity(_ value: Int) {
    if value >= 1 << 7 {
      if value >= 1 << 14 {
        if value >= 1 << 21 { write(UInt8(truncatingIfNeeded: value >> 21) | 0x80) }
        write(UInt8(truncatingIfNeeded: value >> 14) | 0x80)
      }
      write(UInt8(truncatingIfNeeded: value >> 7) | 0x80)
    }
    write(UInt8(truncatingIfNeeded: value) & 0x7F)
  }

  /// A delta time; one that is too long begins with empty text events, which end running status.
  @inline(__always)
  mutating func writeDelta(from start: Int, to end: Int) {
    var delta = end - start
    while delta > longestDelta {
      writeQuantity(longestDelta)
      write([0xFF, 0x01, 0x00])
      delta -= longestDelta
    }
    writeQuantity(delta)
  }
}
