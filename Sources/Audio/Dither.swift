/// Noise of a triangular distribution over two steps of an integer, which makes the error of rounding independent of the
/// sound, in its mean and in its power (Lipshitz, Wannamaker & Vanderkooy 1992, “Quantization and dither: a theoretical survey”).
/// Otherwise what is soft would be distorted when it is stored as integers of 16 bits.
package struct Dither: Sendable {
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// A generator at its beginning; all give the same numbers.
  package init() {}

  /// The next value in steps, −1...1: the difference of two even distributions.
  @inline(__always)
  package mutating func next() -> Float {
    // xorshift64 (Marsaglia 2003).
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    let first = Int32(truncatingIfNeeded: state >> 40)
    let second = Int32(truncatingIfNeeded: state >> 16 & 0xFF_FFFF)
    return Float(first - second) * 0x1p-24
  }
}
