/// A fingerprint of some parts, by which two things are told apart: 64 bits that find any accident, though not malice.
///
/// Every part is hashed by XXH64 with the hash of the part before as its seed, the first with 0. XXH64 covers the length of a part, so
/// that "ab" and "c" are not "a" and "bc".
package struct Fingerprint: Sendable, Hashable {
  /// The hash of all parts so far.
  package private(set) var value: UInt64 = 0

  /// The fingerprint of nothing.
  package init() {}

  /// The fingerprint of some bytes.
  package init(of bytes: [UInt8]) { add(bytes) }

  /// Adds a part.
  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    value = XXHash64.hash(bytes, seed: value)
  }

  /// Adds a part.
  package mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

  /// Adds a part: the text in UTF-8.
  package mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// 16 hexadecimal digits.
  package var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
