#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The K-weighting of ITU-R BS.1770-4, annex 1: a shelf that raises what the head raises, then a high-pass filter.
///
/// The recommendation prints coefficients for 48 kHz. Here they are made for any rate by the bilinear transform of the
/// analog filters from which those came; at 48 kHz they agree with the printed ones.
struct KWeighting {
  /// The shelf, then the high-pass filter.
  let shelf: Biquad
  let highPass: Biquad

  /// The filters at a sample rate, in Hz. A filter whose frequency is not below half the rate is left out.
  init(sampleRate: Int) {
    shelf = Self.shelf(sampleRate: Double(sampleRate))
    highPass = Self.highPass(sampleRate: Double(sampleRate))
  }

  /// Raises what is above 1682 Hz by 4 dB.
  private static func shelf(sampleRate: Double) -> Biquad {
    let (frequency, quality, decibels) = (1681.974450955533, 0.7071752369554196, 3.999843853973347)
    guard 2 * frequency < sampleRate else { return .identity }
    let k = tan(Double.pi * frequency / sampleRate)
    let top = pow(10, decibels / 20)
    let middle = pow(top, 0.4996667741545416)
    let scale = 1 / (1 + k / quality + k * k)
    return Biquad(
      b0: (top + middle * k / quality + k * k) * scale, b1: 2 * (k * k - top) * scale,
      b2: (top - middle * k / quality + k * k) * scale, a1: 2 * (k * k - 1) * scale,
      a2: (1 - k / quality + k * k) * scale)
  }

  /// Attenuates what is below 38 Hz.
  private static func highPass(sampleRate: Double) -> Biquad {
    let (frequency, quality) = (38.13547087602444, 0.5003270373238773)
    guard 2 * frequency < sampleRate else { return .identity }
    let k = tan(Double.pi * frequency / sampleRate)
    let scale = 1 / (1 + k / quality + k * k)
    return Biquad(
      b0: 1, b1: -2, b2: 1, a1: 2 * (k * k - 1) * scale, a2: (1 - k / quality + k * k) * scale)
  }
}

/// A filter y[n] = b0 x[n] + b1 x[n−1] + b2 x[n−2] − a1 y[n−1] − a2 y[n−2].
struct Biquad {
  var b0, b1, b2, a1, a2: Double

  static let identity = Biquad(b0: 1, b1: 0, b2: 0, a1: 0, a2: 0)

  /// A filter's state for one channel.
  struct Memory {
    var first = 0.0
    var second = 0.0

    /// Sets inaudible values to zero before they become denormal numbers, which are slow.
    mutating func flush() {
      if abs(first) < 1e-30 { first = 0 }
      if abs(second) < 1e-30 { second = 0 }
    }
  }

  /// The filter's next output (direct form II, transposed).
  @inline(__always)
  func next(_ x: Double, _ memory: inout Memory) -> Double {
    let y = b0 * x + memory.first
    memory.first = b1 * x - a1 * y + memory.second
    memory.second = b2 * x - a2 * y
    return y
  }
}
