/// An image of palette colors, encoded as Portable Network Graphics (ISO/IEC 15948) without compression:
/// the pictures are small, and every reader supports stored blocks.
public struct PNG: Sendable {
  /// Pixels in a row, at least 1.
  public let width: Int
  /// Rows, at least 1.
  public let height: Int
  /// The color of each index.
  public let palette: [Color]
  /// Palette indices, row by row from the top.
  public var pixels: [UInt8]

  /// An image; `pixels` has `width * height` indices, each below the palette's count (1...256).
  public init(width: Int, height: Int, palette: [Color], pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "an image of \(width) x \(height) pixels shows nothing")
    precondition(
      (1...256).contains(palette.count), "a palette of \(palette.count) colors is outside 1...256")
    precondition(pixels.count == width * height, "\(pixels.count) pixels are not \(width) x \(height)")
    self.width = width
    self.height = height
    self.palette = palette
    self.pixels = pixels
  }

  /// The file's bytes.
  public func encoded() -> [UInt8] {
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    let depthColorAndMethods: [UInt8] = [8, 3, 0, 0, 0]
    Self.appendChunk(
      "IHDR", Self.bigEndian(UInt32(width)) + Self.bigEndian(UInt32(height)) + depthColorAndMethods,
      to: &file)
    Self.appendChunk("PLTE", palette.flatMap { [$0.red, $0.green, $0.blue] }, to: &file)
    Self.appendChunk("IDAT", Self.zlibStored(filteredRows()), to: &file)
    Self.appendChunk("IEND", [], to: &file)
    return file
  }

  private func filteredRows() -> [UInt8] {
    var rows: [UInt8] = []
    rows.reserveCapacity((width + 1) * height)
    for row in 0..<height {
      rows.append(0)
      rows += pixels[row * width..<(row + 1) * width]
    }
    return rows
  }

  private static func appendChunk(_ type: String, _ data: [UInt8], to file: inout [UInt8]) {
    let content = Array(type.utf8) + data
    file += bigEndian(UInt32(data.count)) + content + bigEndian(crc32(content))
  }

  private static func zlibStored(_ data: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x78, 0x01]
    for start in stride(from: 0, to: data.count, by: 65_535) {
      let count = min(65_535, data.count - start)
      let isLast: UInt8 = start + count == data.count ? 1 : 0
      let low = UInt8(count & 0xFF)
      let high = UInt8(count >> 8)
      result += [isLast, low, high, ~low, ~high]
      result += data[start..<start + count]
    }
    return result + bigEndian(adler32(data))
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
  }

  private static let crcTable: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
  }

  /// The cyclic redundancy check of PNG's annex D.
  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { crcTable[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
  }

  /// The checksum of RFC 1950, section 8.2.
  static func adler32(_ bytes: [UInt8]) -> UInt32 {
    var a: UInt32 = 1
    var b: UInt32 = 0
    for byte in bytes {
      a = (a + UInt32(byte)) % 65_521
      b = (b + a) % 65_521
    }
    return b << 16 | a
  }
}
