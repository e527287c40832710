/// A second-order filter by trapezoidal integration (Zavalishin, The Art of VA Filter Design, 2012, chapter 4),
/// which stays stable and in tune while its cutoff moves.
struct StateVariableFilter {
  /// What a cutoff and a resonance mean for each sample.
  struct Coefficients {
    fileprivate var g: Float
    fileprivate var damping: Float
    fileprivate var kind: Filter.Kind

    /// - Parameter cutoff: In cycles a sample; limited to 0.45.
    init(kind: Filter.Kind, cutoff: Float, resonance: Float) {
      g = tangent(.pi * min(max(cutoff, 0.0002), 0.45))
      damping = 1 / resonance
      self.kind = kind
    }
  }

  /// The two integrators, for each of two channels.
  private var first = SIMD2<Float>(repeating: 0)
  private var second = SIMD2<Float>(repeating: 0)

  /// Filters `frames` samples of one channel in place.
  mutating func process(_ samples: UnsafeMutablePointer<Float>, _ frames: Int, _ coefficients: Coefficients) {
    let step = Step(coefficients)
    var s1 = first.x
    var s2 = second.x
    for index in 0..<frames {
      let input = samples[index]
      let difference = input - s2
      samples[index] =
        step.direct * input + step.band * (step.a1 * s1 + step.a2 * difference)
        + step.low * (s2 + step.a2 * s1 + step.a3 * difference)
      let next = step.keep * s1 + step.a2Twice * difference
      s2 += step.a2Twice * s1 + step.a3Twice * difference
      s1 = next
    }
    first.x = Self.settled(s1)
    second.x = Self.settled(s2)
  }

  /// Filters `frames` samples of two channels in place: in one loop, since each sample depends on the one before.
  mutating func process(
    _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>, _ frames: Int,
    _ coefficients: Coefficients
  ) {
    let step = Step(coefficients)
    var s1 = first
    var s2 = second
    for index in 0..<frames {
      let input = SIMD2(left[index], right[index])
      let difference = input - s2
      let output =
        step.direct * input + step.band * (step.a1 * s1 + step.a2 * difference)
        + step.low * (s2 + step.a2 * s1 + step.a3 * difference)
      left[index] = output.x
      right[index] = output.y
      let next = step.keep * s1 + step.a2Twice * difference
      s2 += step.a2Twice * s1 + step.a3Twice * difference
      s1 = next
    }
    first = SIMD2(Self.settled(s1.x), Self.settled(s1.y))
    second = SIMD2(Self.settled(s2.x), Self.settled(s2.y))
  }

  /// Sets to zero what would become denormal numbers, which are slow.
  private static func settled(_ state: Float) -> Float { abs(state) < 1e-15 ? 0 : state }

  /// The factors of one sample's step; the doubled ones shorten the dependency from one sample to the next.
  private struct Step {
    let a1: Float
    let a2: Float
    let a3: Float
    let a2Twice: Float
    let a3Twice: Float
    let keep: Float
    // output = input·direct + band·(…) + low·(…), so that one loop serves all kinds.
    let direct: Float
    let band: Float
    let low: Float

    init(_ coefficients: Coefficients) {
      let g = coefficients.g
      let k = coefficients.damping
      a1 = 1 / (1 + g * (g + k))
      a2 = g * a1
      a3 = g * a2
      a2Twice = 2 * a2
      a3Twice = 2 * a3
      keep = 2 * a1 - 1
      (direct, band, low) =
        switch coefficients.kind {
        case .lowpass: (0, 0, 1)
        case .bandpass: (0, k, 0)
        case .highpass: (1, -k, -1)
        }
    }
  }
}
