/// A 64-bit hash that is the same on every machine and in every version: FNV-1a over whole words (offset basis
/// 0xCBF29CE484222325, prime 0x100000001B3), finished by the mixing function of SplitMix64 so that the high bits are even.
struct StableHash {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  init() {}

  @inline(__always)
  mutating func combine(_ word: UInt64) {
    state = (state ^ word) &* 0x0000_0100_0000_01B3
  }

  mutating func combine(_ ids: some Collection<Int32>) {
    for id in ids { combine(UInt64(UInt32(bitPattern: id))) }
  }

  /// Takes whole little-endian words of 8 bytes; a rest is filled with zeros.
  mutating func combine(bytes: UnsafeRawBufferPointer) {
    let whole = bytes.count & ~7
    var offset = 0
    while offset < whole {
      combine(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
      offset += 8
    }
    guard whole < bytes.count else { return }
    var rest: UInt64 = 0
    for index in whole..<bytes.count { rest |= UInt64(bytes[index]) << UInt64(8 * (index - whole)) }
    combine(rest)
  }

  /// The hash of some bytes.
  static func value(of bytes: [UInt8]) -> UInt64 {
    var hash = StableHash()
    hash.combine(UInt64(bytes.count))
    bytes.withUnsafeBytes { hash.combine(bytes: $0) }
    return hash.value
  }

  /// The hash of what was combined so far.
  var value: UInt64 { mix(state) }
}

/// The finishing function of SplitMix64 (Steele, Lea and Flood, 2014): every bit of the result depends on every bit of `word`.
func mix(_ word: UInt64) -> UInt64 {
  var word = word
  word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
  word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
  return word ^ word >> 31
}
