/// The discrete Fourier transform of a power of two of complex numbers in place, real and imaginary parts apart, in
/// double precision: decimation in time (Cooley & Tukey 1965).
struct ComplexFFT: Sendable {
  let size: Int
  /// cos and −sin of 2πk / size for k < size / 2.
  private let cosines: [Double]
  private let sines: [Double]
  private let reversed: [Int32]

  init(size: Int) {
    precondition(size > 0 && size & (size - 1) == 0, "\(size) is no power of two")
    self.size = size
    let bits = size.trailingZeroBitCount
    let angle = -2 * Double.pi / Double(size)
    cosines = (0..<size / 2).map { cosine(angle * Double($0)) }
    sines = (0..<size / 2).map { sine(angle * Double($0)) }
    reversed = (0..<size).map { index in
      (0..<bits).reduce(Int32(0)) { $0 << 1 | Int32(index >> $1 & 1) }
    }
  }

  /// X[k] = Σ x[n] e^(−2πi kn / size).
  func forward(_ real: UnsafeMutablePointer<Double>, _ imaginary: UnsafeMutablePointer<Double>) {
    for index in 0..<size {
      let other = Int(reversed[index])
      guard other > index else { continue }
      (real[index], real[other]) = (real[other], real[index])
      (imaginary[index], imaginary[other]) = (imaginary[other], imaginary[index])
    }
    var half = 1
    while half < size {
      combine(real, imaginary, half: half)
      half *= 2
    }
  }

  /// Joins pairs of transforms of `half` values each.
  private func combine(
    _ real: UnsafeMutablePointer<Double>, _ imaginary: UnsafeMutablePointer<Double>, half: Int
  ) {
    let step = size / (2 * half)
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        for start in stride(from: 0, to: size, by: 2 * half) {
          for k in 0..<half {
            let c = cosines[k * step], s = sines[k * step]
            let i = start + k, j = i + half
            let a = real[j] * c - imaginary[j] * s, b = real[j] * s + imaginary[j] * c
            (real[j], imaginary[j]) = (real[i] - a, imaginary[i] - b)
            (real[i], imaginary[i]) = (real[i] + a, imaginary[i] + b)
          }
        }
      }
    }
  }
}
