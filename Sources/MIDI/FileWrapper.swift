/// What some systems put around a MIDI file: a RIFF form of type RMID (Microsoft's *Multimedia Programming
/// Interface*, 1991) or the 128-byte header of MacBinary II.
enum FileWrapper {
  /// Where in `bytes` the MIDI file itself is.
  static func contents(
    of bytes: UnsafeRawBufferPointer, _ diagnostics: inout MIDIDiagnostics
  ) throws(MIDIError) -> Range<Int> {
    var range = 0..<bytes.count
    if let inner = try macBinary(bytes, range, &diagnostics) { range = inner }
    if let inner = try riff(bytes, range, &diagnostics) { range = inner }
    return range
  }

  /// The data fork after a MacBinary header: byte 0 is 0, a name of 1 to 63 bytes follows, and the MIDI file
  /// begins at byte 128. The fork's length is at byte 83.
  private static func macBinary(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ diagnostics: inout MIDIDiagnostics
  ) throws(MIDIError) -> Range<Int>? {
    guard range.count >= 132, bytes[0] == 0, (1...63).contains(bytes[1]), bytes[74] == 0,
      matches("MThd", bytes, at: 128) || matches("RIFF", bytes, at: 128)
    else { return nil }
    try diagnostics.add(.wrapper, at: 0, "a MacBinary header of 128 bytes was removed")
    let length = (0..<4).reduce(0) { $0 << 8 | Int(bytes[83 + $1]) }
    guard length >= 14, length <= range.count - 128 else {
      try diagnostics.add(
        .wrapperSize, at: 83,
        "MacBinary gives \(length) bytes of data, but \(range.count - 128) follow; all were read")
      return 128..<range.upperBound
    }
    return 128..<128 + length
  }

  /// The `data` chunk of a RIFF form of type RMID. Both sizes, the form's and the chunk's, are written wrongly
  /// often enough that neither may cost a note: where they do not fit, the bytes to the file's end are read.
  private static func riff(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ diagnostics: inout MIDIDiagnostics
  ) throws(MIDIError) -> Range<Int>? {
    let start = range.lowerBound
    guard range.count >= 20, matches("RIFF", bytes, at: start), matches("RMID", bytes, at: start + 8)
    else { return nil }
    try diagnostics.add(.wrapper, at: start, "a RIFF wrapper (RMID) was removed")
    let formSize = littleEndian32(bytes, at: start + 4)
    if formSize != range.count - 8 {
      try diagnostics.add(
        .wrapperSize, at: start + 4, "RIFF gives \(formSize) bytes where \(range.count - 8) follow")
    }
    var position = start + 12
    while position <= range.upperBound - 8 {
      let size = littleEndian32(bytes, at: position + 4)
      let available = range.upperBound - position - 8
      if matches("data", bytes, at: position) {
        guard size >= 14, size <= available else {
          try diagnostics.add(
            .wrapperSize, at: position + 4,
            "the data chunk gives \(size) bytes, but \(available) follow; all were read")
          return position + 8..<range.upperBound
        }
        return position + 8..<position + 8 + size
      }
      guard size <= available else { break }
      position += 8 + size + size % 2
    }
    throw .notMIDI(offset: min(position, range.upperBound))
  }

  private static func matches(_ name: StaticString, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    guard offset <= bytes.count - 4 else { return false }
    return (0..<4).allSatisfy { bytes[offset + $0] == name.utf8Start[$0] }
  }

  private static func littleEndian32(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
    (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }
}
