#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

func exponential(_ x: Float) -> Float { expf(x) }

/// log(e^a + e^b); −∞ stands for the logarithm of 0.
func logSum(_ a: Double, _ b: Double) -> Double {
  let largest = max(a, b)
  guard largest > -.infinity else { return largest }
  return largest + log1p(exp(min(a, b) - largest))
}

/// log(e^a + e^b + e^c).
func logSum(_ a: Double, _ b: Double, _ c: Double) -> Double {
  let largest = max(a, b, c)
  guard largest > -.infinity else { return largest }
  return largest + log(exp(a - largest) + exp(b - largest) + exp(c - largest))
}
