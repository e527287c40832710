internal import Groundwork

/// A chunk of a RIFF file: four letters, a size, and as many bytes, padded to an even number.
struct RIFFChunk {
  /// Its four letters.
  var name: String
  /// Where its first letter is.
  var offset: Int
  /// Its bytes, without its letters and size.
  var content: ByteReader

  /// The next chunk; nil at the end.
  /// - Throws: `.damaged` where it claims more than there is. Up to seven bytes that are no chunk at the end are passed.
  static func next(_ reader: inout ByteReader, path: String) throws(SoundFontError) -> RIFFChunk? {
    let offset = reader.offset
    guard reader.remaining >= 8, let letters = try? reader.readBytes(4),
      let size = (try? reader.readLittleEndian(UInt32.self)).map({ Int($0) })
    else { return nil }
    let name = Self.letters(letters)
    guard let content = try? reader.readSlice(size) else {
      throw .damaged(
        path: path, offset: offset,
        fault: .chunkTooLong(chunk: name, size: size, available: reader.remaining))
    }
    if !size.isMultiple(of: 2), !reader.isAtEnd { try? reader.skip(1) }
    return RIFFChunk(name: name, offset: offset, content: content)
  }

  /// The kind of a list, its first four letters, which are then passed; nil where it is none.
  mutating func listKind() -> String? {
    guard name == "LIST" || name == "RIFF", content.remaining >= 4 else { return nil }
    return (try? content.readBytes(4)).map(Self.letters)
  }

  /// Letters of ASCII; others as question marks.
  private static func letters(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.map { (0x20..<0x7F).contains($0) ? $0 : 0x3F }, as: UTF8.self)
  }
}

/// A text of a file: up to its first zero byte, Latin-1 where it is not UTF-8, without control characters and outer spaces.
func bankText(_ bytes: some Sequence<UInt8>) -> String {
  let bytes = Array(bytes.prefix { $0 != 0 })
  let text =
    String(validating: bytes, as: UTF8.self)
    ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  let isSpace = { (scalar: Unicode.Scalar) in scalar.value <= 0x20 || (0x7F..<0xA0).contains(scalar.value) }
  var scalars = text.unicodeScalars.map { isSpace($0) ? " " : $0 }[...]
  while scalars.first == " " { scalars.removeFirst() }
  while scalars.last == " " { scalars.removeLast() }
  return String(String.UnicodeScalarView(scalars))
}
