/// A second-order filter by trapezoidal integration (Zavalishin, The Art of VA Filter Design, 2012, chapter 4),
/// which stays stable and in tune while its cutoff moves.
struct StateVariableFilter {
  /// What a cutoff and a resonance mean for each sample.
  struct Coefficients {
    fileprivate var g: Float
    fileprivate var damping: Float
    fileprivate var kind: Filter.Kind

    /// - Parameter cutoff: In cycles a sample; kept below 0.45.
    init(kind: Filter.Kind, cutoff: Float, resonance: Float) {
      g = tangent(.pi * min(max(cutoff, 0.0002), 0.45))
      damping = 1 / resonance
      self.kind = kind
    }
  }

  private var first: Float = 0
  private var second: Float = 0

  /// Filters `frames` samples in place.
  mutating func process(_ samples: UnsafeMutablePointer<Float>, _ frames: Int, _ coefficients: Coefficients) {
    let g = coefficients.g
    let k = coefficients.damping
    let a1 = 1 / (1 + g * (g + k))
    let a2 = g * a1
    let a3 = g * a2
    // output = input·high + band·(…) + low·(…), so that one loop serves all kinds.
    let (direct, bandPart, lowPart): (Float, Float, Float) =
      switch coefficients.kind {
      case .lowpass: (0, 0, 1)
      case .bandpass: (0, k, 0)
      case .highpass: (1, -k, -1)
      }
    var s1 = first
    var s2 = second
    for index in 0..<frames {
      let input = samples[index]
      let v3 = input - s2
      let band = a1 * s1 + a2 * v3
      let low = s2 + a2 * s1 + a3 * v3
      s1 = 2 * band - s1
      s2 = 2 * low - s2
      samples[index] = direct * input + bandPart * band + lowPart * low
    }
    first = abs(s1) < 1e-15 ? 0 : s1
    second = abs(s2) < 1e-15 ? 0 : s2
  }
}
