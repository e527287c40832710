#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

// The system's functions under names that are readable in formulas.

@inline(__always) func power(_ base: Float, _ exponent: Float) -> Float { powf(base, exponent) }
@inline(__always) func sine(_ angle: Float) -> Float { sinf(angle) }
@inline(__always) func cosine(_ angle: Float) -> Float { cosf(angle) }
@inline(__always) func tangent(_ angle: Float) -> Float { tanf(angle) }
@inline(__always) func exponential(_ x: Float) -> Float { expf(x) }
@inline(__always) func exponential2(_ x: Float) -> Float { exp2f(x) }
@inline(__always) func logarithm2(_ x: Float) -> Float { log2f(x) }
@inline(__always) func arctangent(_ y: Float, _ x: Float) -> Float { atan2f(y, x) }
@inline(__always) func logarithm10(_ x: Float) -> Float { log10f(x) }
@inline(__always) func logarithm2(_ x: Double) -> Double { log2(x) }
@inline(__always) func exponential2(_ x: Double) -> Double { exp2(x) }
@inline(__always) func sine(_ angle: Double) -> Double { sin(angle) }
@inline(__always) func cosine(_ angle: Double) -> Double { cos(angle) }

/// 20·log₁₀ 2: what doubling an amplitude adds.
let decibelsPerDoubling: Float = 6.020_6

/// The amplitude that `level` decibels stand for.
func decibels(_ level: Float) -> Float { power(10, level / 20) }

/// A decay's time constants until −60 dB: ln 1000.
let timeConstantsTo60Decibels: Float = 6.907_755

/// The frequency of a MIDI key in hertz, equally tempered at A = 440 Hz.
func frequency(ofKey key: Float) -> Float { 440 * exponential2((key - 69) / 12) }

/// The finalizer of SplitMix64 (Steele, Lea & Flood 2014): well-mixed bits for a counter.
func mixed(_ counter: UInt64) -> UInt64 {
  var z = counter &+ 0x9E37_79B9_7F4A_7C15
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}

/// Noise for one voice: xorshift (Marsaglia 2003), the same from the same seed.
struct NoiseGenerator {
  private var state: UInt32

  init(seed: UInt64) { state = UInt32(truncatingIfNeeded: mixed(seed)) | 1 }

  /// The next value, evenly spread over −1..<1.
  @inline(__always)
  mutating func next() -> Float {
    state ^= state << 13
    state ^= state >> 17
    state ^= state << 5
    return Float(Int32(bitPattern: state)) * 0x1p-31
  }
}
