#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The text of meta events, whose encoding no file names.
public enum MIDIText {
  /// The text that `bytes` most likely mean: UTF-8 where they are that, Shift-JIS where most of them make its double-byte
  /// characters, else Latin-1 (with the printable characters that Windows-1252 has in the place of control codes).
  /// A byte-order mark and closing zeros are dropped.
  public static func decode(_ bytes: some Collection<UInt8>) -> String {
    var bytes = Array(bytes)
    while bytes.last == 0 { bytes.removeLast() }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    if looksLikeShiftJIS(bytes), let text = decodeShiftJIS(bytes) { return text }
    return String(String.UnicodeScalarView(bytes.map(latinScalar)))
  }

  /// Whether lead and trail bytes pair up (JIS X 0208 in Shift-JIS), more than half of the bytes are in such pairs, and a
  /// lead byte is one that Latin text has no use for.
  private static func looksLikeShiftJIS(_ bytes: [UInt8]) -> Bool {
    var index = 0
    var paired = 0
    var hasTypicalLead = false
    while index < bytes.count {
      switch bytes[index] {
      case 0x00...0x7F, 0xA1...0xDF: index += 1
      case 0x81...0x9F, 0xE0...0xEA:
        guard index + 1 < bytes.count, (0x40...0xFC).contains(bytes[index + 1]), bytes[index + 1] != 0x7F
        else { return false }
        hasTypicalLead = hasTypicalLead || bytes[index] <= 0x9F
        paired += 2
        index += 2
      default: return false
      }
    }
    return hasTypicalLead && paired * 2 > bytes.count
  }

  /// By way of the C library's `iconv`; nil if it has no table for it or a pair has no character.
  private static func decodeShiftJIS(_ bytes: [UInt8]) -> String? {
    guard let converter = iconv_open("UTF-8", "SHIFT_JIS"), Int(bitPattern: converter) != -1 else {
      return nil
    }
    defer { iconv_close(converter) }
    var input = bytes.map { CChar(bitPattern: $0) }
    var output = [CChar](repeating: 0, count: bytes.count * 3)
    let length = input.withUnsafeMutableBufferPointer { source in
      output.withUnsafeMutableBufferPointer { target -> Int? in
        var from = source.baseAddress
        var fromLeft = source.count
        var to = target.baseAddress
        var toLeft = target.count
        let status = iconv(converter, &from, &fromLeft, &to, &toLeft)
        return status == -1 || fromLeft != 0 ? nil : target.count - toLeft
      }
    }
    guard let length else { return nil }
    return String(validating: output[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func latinScalar(_ byte: UInt8) -> Unicode.Scalar {
    guard (0x80...0x9F).contains(byte) else { return Unicode.Scalar(byte) }
    return Unicode.Scalar(windows1252[Int(byte) - 0x80]) ?? Unicode.Scalar(byte)
  }

  /// The characters of Windows-1252 at 0x80...0x9F; 0xFFFD where it has none.
  private static let windows1252: [UInt16] = [
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152,
    0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122,
    0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178,
  ]
}
