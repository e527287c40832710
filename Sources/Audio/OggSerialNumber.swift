internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Gives the one stream of an Ogg file (RFC 3533) a serial number that follows from its content, in place of the random one
/// of the encoder, so that the same sound makes the same file. Streams of different content keep different numbers, as chained ones must.
enum OggSerialNumber {
  /// A page's header up to the number of its segments.
  private static let headerLength = 27
  /// The longest page: its header, 255 segments and their lengths.
  private static let longestPage = headerLength + 255 + 255 * 255
  /// Where in a page's header the two fields are.
  private static let serialNumber = 14..<18, checksum = 22..<26

  /// Rewrites the pages of the file at `path`.
  /// - Throws: `FileError` if it cannot be read or written; `.unwritable` where it is no sequence of pages.
  static func settle(inFileAt path: String) throws(FileError) {
    let descriptor = withSystemPath(path) { open($0, O_RDWR | O_CLOEXEC) }
    guard descriptor >= 0 else { throw FileError.writing(path) }
    defer { close(descriptor) }
    var content: UInt32 = 0
    try forEachPage(of: descriptor, path: path) { page, _ throws(FileError) in
      content = OggChecksum.value(of: cleared(page), from: content)
    }
    try forEachPage(of: descriptor, path: path) { page, offset throws(FileError) in
      var page = cleared(page)
      set(content, at: serialNumber, of: &page)
      set(OggChecksum.value(of: page), at: checksum, of: &page)
      let header = page.prefix(headerLength)
      let written = header.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
      guard written == headerLength else { throw FileError.writing(path) }
    }
  }

  /// Calls `body` with the bytes of each page and where it begins.
  private static func forEachPage(
    of descriptor: Int32, path: String, _ body: (ArraySlice<UInt8>, Int) throws(FileError) -> Void
  ) throws(FileError) {
    var buffer = [UInt8](repeating: 0, count: longestPage)
    var offset = 0
    while true {
      let count = buffer.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress, $0.count, off_t(offset))
      }
      guard count != 0 else { return }
      guard count > 0 else { throw FileError.reading(path) }
      guard let length = pageLength(buffer[..<count]), length <= count else {
        throw .unwritable(path: path, reason: "the encoder wrote no Ogg pages")
      }
      try body(buffer[..<length], offset)
      offset += length
    }
  }

  /// How long the page is that some bytes begin with; nil if they begin with none.
  private static func pageLength(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= headerLength, bytes.starts(with: Array("OggS".utf8)) else { return nil }
    let segments = Int(bytes[headerLength - 1])
    guard bytes.count >= headerLength + segments else { return nil }
    return headerLength + segments + bytes[headerLength..<headerLength + segments].reduce(0) { $0 + Int($1) }
  }

  /// A page with zeros for serial number and checksum.
  private static func cleared(_ page: ArraySlice<UInt8>) -> [UInt8] {
    var page = Array(page)
    for index in [serialNumber, checksum].joined() { page[index] = 0 }
    return page
  }

  private static func set(_ value: UInt32, at range: Range<Int>, of page: inout [UInt8]) {
    for (place, index) in range.enumerated() { page[index] = UInt8(truncatingIfNeeded: value >> (8 * place)) }
  }
}

/// The checksum of an Ogg page: a CRC of 32 bits with the polynomial 0x04C11DB7, the highest bit first, beginning with 0 (RFC 3533).
enum OggChecksum {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index) << 24) { value, _ in
      value & 0x8000_0000 == 0 ? value << 1 : value << 1 ^ 0x04C1_1DB7
    }
  }

  /// The checksum of some bytes after others whose checksum is given.
  static func value(of bytes: [UInt8], from start: UInt32 = 0) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      bytes.withUnsafeBufferPointer { bytes in
        var value = start
        for byte in bytes { value = value << 8 ^ table[Int(value >> 24 ^ UInt32(byte))] }
        return value
      }
    }
  }
}
