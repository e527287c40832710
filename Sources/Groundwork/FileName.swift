/// Names of files as strings, whatever bytes they are.
///
/// The system's names are bytes, and need not be UTF-8; a `String` that is made of such a name by the usual means holds
/// replacement characters and names nothing. Here each byte that is no part of valid UTF-8 becomes a code point of its own,
/// U+10FF00 + byte, at the end of Unicode's private use, and goes back to the byte at every system call. A name that has such a
/// code point of its own is taken byte by byte too, so that each name of the system has one string and each string one name.
package enum FileName {
  private static let bytePlane: UInt32 = 0x10FF00
  private static let standIns: ClosedRange<UInt32> = 0x10FF80...0x10FFFF

  /// The string for a name of the system.
  package static func string(_ bytes: some Collection<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0xF4) { return text }
    var rest = Array(bytes)[...]
    var scalars = String.UnicodeScalarView()
    while let byte = rest.first {
      if let scalar = scalar(in: rest), !standIns.contains(scalar.value) {
        scalars.append(scalar)
        rest = rest.dropFirst(UTF8.width(scalar))
      } else {
        if let standIn = Unicode.Scalar(bytePlane + UInt32(byte)) { scalars.append(standIn) }
        rest = rest.dropFirst()
      }
    }
    return String(scalars)
  }

  /// The code point that valid UTF-8 begins with.
  private static func scalar(in bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
    for width in 1...4 {
      guard let text = String(validating: bytes.prefix(width), as: UTF8.self) else { continue }
      return text.unicodeScalars.first
    }
    return nil
  }

  /// The system's name for a string.
  package static func bytes(_ name: String) -> [UInt8] {
    guard name.utf8.contains(0xF4) else { return Array(name.utf8) }
    var bytes: [UInt8] = []
    for scalar in name.unicodeScalars {
      if standIns.contains(scalar.value) {
        bytes.append(UInt8(truncatingIfNeeded: scalar.value))
      } else {
        bytes += UTF8.encode(scalar).map(Array.init) ?? []
      }
    }
    return bytes
  }

  /// A text for people, in which neither a raw byte nor a control character reaches the terminal: both are
  /// written as `\x1B`. Line breaks and tabs stay.
  package static func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isHidden) else { return text }
    return replacingHidden(in: text) { "\\x" + digits($0) }
  }

  /// JSON text in which raw bytes are written as in `printable`, and control characters that JSON lets
  /// pass as `\u009B`.
  package static func printable(json text: String) -> String {
    guard text.unicodeScalars.contains(where: isHidden) else { return text }
    return replacingHidden(in: text) { scalar in
      standIns.contains(scalar.value) ? "\\\\x" + digits(scalar) : "\\u00" + digits(scalar)
    }
  }

  private static func replacingHidden(in text: String, by words: (Unicode.Scalar) -> String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if isHidden(scalar) {
        result.append(contentsOf: words(scalar).unicodeScalars)
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }

  /// The byte that a code point stands for, or its own number, as two hexadecimal digits.
  private static func digits(_ scalar: Unicode.Scalar) -> String {
    let byte = UInt8(truncatingIfNeeded: scalar.value)
    return (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0..<0x20, 0x7F..<0xA0: true
    default: standIns.contains(scalar.value)
    }
  }
}

/// Calls the system with the bytes of a path.
package func withSystemPath<Result>(_ path: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
  guard path.utf8.contains(0xF4) else { return path.withCString(body) }
  return (FileName.bytes(path) + [0]).withUnsafeBufferPointer { bytes in
    bytes.withMemoryRebound(to: CChar.self) { characters in
      guard let base = characters.baseAddress else { preconditionFailure("a path has at least its end") }
      return body(base)
    }
  }
}
