/// Reads bytes, integers and slices out of a buffer and never beyond its end.
///
/// The caller keeps the buffer alive. Offsets are absolute: a reader of a part of the buffer counts as the
/// whole does, so that an error can name the place in the file.
package struct ByteReader {
  /// A read that the buffer was too short for.
  package struct EndReached: Error, Equatable {
    /// Where the read began.
    package var offset: Int
    /// How many bytes it wanted.
    package var wanted: Int
    /// How many there were.
    package var available: Int

    package init(offset: Int, wanted: Int, available: Int) {
      self.offset = offset
      self.wanted = wanted
      self.available = available
    }
  }

  @usableFromInline let bytes: UnsafeRawBufferPointer
  /// The offset of the next byte.
  package private(set) var offset: Int
  /// The offset after the last byte that may be read.
  package let end: Int

  /// A reader of all of `bytes`.
  package init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    offset = 0
    end = bytes.count
  }

  private init(_ bytes: UnsafeRawBufferPointer, from offset: Int, to end: Int) {
    self.bytes = bytes
    self.offset = offset
    self.end = end
  }

  /// How many bytes are left.
  package var remaining: Int { end - offset }
  /// Whether every byte has been read.
  package var isAtEnd: Bool { offset >= end }

  /// The next byte, which stays unread; nil at the end.
  package var peek: UInt8? { offset < end ? bytes[offset] : nil }

  /// Reads one byte.
  package mutating func readByte() throws(EndReached) -> UInt8 {
    guard offset < end else { throw EndReached(offset: offset, wanted: 1, available: 0) }
    defer { offset += 1 }
    return bytes[offset]
  }

  /// Reads an integer of the type's width, most significant byte first.
  package mutating func readBigEndian<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(EndReached) -> T {
    T(bigEndian: try readUnaligned(type))
  }

  /// Reads an integer of the type's width, least significant byte first.
  package mutating func readLittleEndian<T: FixedWidthInteger>(
    _ type: T.Type = T.self
  ) throws(EndReached) -> T {
    T(littleEndian: try readUnaligned(type))
  }

  /// Passes over `count` bytes.
  package mutating func skip(_ count: Int) throws(EndReached) {
    try require(count)
    offset += count
  }

  /// The next `count` bytes, which are then passed.
  package mutating func readBytes(_ count: Int) throws(EndReached) -> UnsafeRawBufferPointer {
    try require(count)
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  /// A reader of the next `count` bytes, which this one then passes.
  package mutating func readSlice(_ count: Int) throws(EndReached) -> ByteReader {
    try require(count)
    defer { offset += count }
    return ByteReader(bytes, from: offset, to: offset + count)
  }

  private mutating func readUnaligned<T: FixedWidthInteger>(_: T.Type) throws(EndReached) -> T {
    let width = MemoryLayout<T>.size
    try require(width)
    defer { offset += width }
    return bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
  }

  private func require(_ count: Int) throws(EndReached) {
    guard count >= 0, count <= end - offset else {
      throw EndReached(offset: offset, wanted: count, available: end - offset)
    }
  }
}
