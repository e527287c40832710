#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The level of an amplitude in decibels, 0 being full scale; no less than −200.
func level(ofAmplitude amplitude: Float) -> Float { 20 * log10f(max(amplitude, 1e-10)) }
