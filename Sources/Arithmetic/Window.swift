/// The windows that a frame is multiplied with before its spectrum is taken.
///
/// All are symmetric: over N samples the argument is a = 2πn / (N − 1), as Kaldi and HTK compute them. A periodic window
/// of N samples is the first N of a symmetric one of N + 1.
public enum Window: String, Sendable, Codable, CaseIterable {
  /// 1
  case rectangular
  /// 0.5 − 0.5 cos a
  case hann
  /// 0.54 − 0.46 cos a
  case hamming
  /// (0.5 − 0.5 cos a)^0.85, Kaldi's default: like Hamming's, but it reaches zero at the edges
  case povey
  /// 0.42 − 0.5 cos a + 0.08 cos 2a
  case blackman
  /// sin(a / 2)
  case sine

  /// The window's `count` values.
  /// - Parameter count: how many values there are.
  /// - Parameter isPeriodic: divide by N instead of N − 1, which suits the spectrum of overlapping frames that are
  ///   added up again.
  /// - Parameter blackmanCoefficient: the 0.42 of Blackman's window, which Kaldi lets one choose; the others follow as
  ///   0.5 and 0.5 − it.
  public func values(count: Int, isPeriodic: Bool = false, blackmanCoefficient: Double = 0.42) -> [Float] {
    precondition(count >= 0, "a window of \(count) samples")
    guard count > 1 else { return [Float](repeating: 1, count: count) }
    let step = 2 * Double.pi / Double(isPeriodic ? count : count - 1)
    return (0..<count).map { Float(value(at: step * Double($0), blackmanCoefficient)) }
  }

  private func value(at a: Double, _ blackmanCoefficient: Double) -> Double {
    switch self {
    case .rectangular: 1
    case .hann: 0.5 - 0.5 * cosine(a)
    case .hamming: 0.54 - 0.46 * cosine(a)
    case .povey: power(max(0, 0.5 - 0.5 * cosine(a)), 0.85)
    case .blackman: blackmanCoefficient - 0.5 * cosine(a) + (0.5 - blackmanCoefficient) * cosine(2 * a)
    case .sine: cosine(0.5 * (a - Double.pi))
    }
  }
}
