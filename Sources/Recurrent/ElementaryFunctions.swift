#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

// The C library's functions under names that say what they are, for this room alone.

func exponential(_ x: Double) -> Double { exp(x) }
func exponential(_ x: Float) -> Float { expf(x) }
func logarithm(_ x: Double) -> Double { log(x) }

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
