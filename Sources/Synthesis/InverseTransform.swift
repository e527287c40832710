/// The inverse Fourier transform of the waves and noises that are computed before anything sounds: radix 2, in place.
struct InverseTransform {
  /// Values in a period, a power of two.
  let size: Int
  private let bits: Int
  private let cosines: [Float]
  private let sines: [Float]

  /// - Parameter bits: The binary logarithm of the size.
  init(bits: Int) {
    self.bits = bits
    size = 1 << bits
    let size = size
    cosines = (0..<(size / 2)).map { Float(cosine(2 * Double.pi * Double($0) / Double(size))) }
    sines = (0..<(size / 2)).map { Float(sine(2 * Double.pi * Double($0) / Double(size))) }
  }

  /// Puts x[k] = Σ X[m]·exp(2πi·m·k / size) in the place of X, unscaled.
  func apply(_ real: UnsafeMutablePointer<Float>, _ imaginary: UnsafeMutablePointer<Float>) {
    for index in 0..<size {
      var reversed = 0
      var rest = index
      for _ in 0..<bits {
        reversed = reversed << 1 | rest & 1
        rest >>= 1
      }
      guard index < reversed else { continue }
      (real[index], real[reversed]) = (real[reversed], real[index])
      (imaginary[index], imaginary[reversed]) = (imaginary[reversed], imaginary[index])
    }
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        var half = 1
        while half < size {
          let stride = size / (2 * half)
          var start = 0
          while start < size {
            for offset in 0..<half {
              let c = cosines[offset &* stride]
              let s = sines[offset &* stride]
              let low = start &+ offset
              let high = low &+ half
              let x = real[high] * c - imaginary[high] * s
              let y = real[high] * s + imaginary[high] * c
              real[high] = real[low] - x
              imaginary[high] = imaginary[low] - y
              real[low] += x
              imaginary[low] += y
            }
            start += 2 * half
          }
          half *= 2
        }
      }
    }
  }
}
