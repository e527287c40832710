/// What makes translations of different lengths comparable: each further id makes one less likely, so that a search for the
/// most probable prefers short ones. n is the number of ids, the end included.
public enum LengthNormalization: Sendable, Hashable {
  /// log p, the most probable.
  case none
  /// log p / n^α; with α = 1 the mean over the ids.
  case power(Double)
  /// log p / ((5 + n) / 6)^α (Wu et al. 2016, equation 14, without the coverage).
  case wu(Double)

  /// The score of a translation of `count` ids.
  public func score(logProbability: Double, count: Int) -> Double {
    switch self {
    case .none: logProbability
    case .power(let exponent): logProbability / raise(Double(count), to: exponent)
    case .wu(let exponent): logProbability / raise(Double(5 + count) / 6, to: exponent)
    }
  }
}

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

private func raise(_ x: Double, to exponent: Double) -> Double { pow(x, exponent) }
