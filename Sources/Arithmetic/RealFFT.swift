/// The discrete Fourier transform of real samples, of any length from 2 on, and its inverse.
///
/// Powers of two run as a complex transform of half the length; other lengths as a convolution (Bluestein 1970) at
/// about eight times the cost. Samples are Float, everything in between is Double. A transform owns the workspace that it
/// writes to: two threads need two.
public struct RealFFT {
  /// How many samples a transform takes, N.
  public let size: Int
  /// How many frequencies it gives: N / 2 + 1, from 0 Hz to half the sample rate.
  public var binCount: Int { size / 2 + 1 }

  private let method: any Method
  private let real: AlignedBuffer<Double>
  private let imaginary: AlignedBuffer<Double>

  /// A transform of `size` samples, at least 2.
  public init(size: Int) {
    precondition(size >= 2, "a Fourier transform of \(size) samples")
    self.size = size
    method = size & (size - 1) == 0 ? HalvedTransform(size: size) : BluesteinTransform(size: size)
    real = AlignedBuffer(count: method.workspaceCount)
    imaginary = AlignedBuffer(count: method.workspaceCount)
  }

  /// X[k] = Σ x[n] e^(−2πi kn / N) for k = 0 … N / 2, real and imaginary parts apart.
  /// - Parameters:
  ///   - samples: N samples.
  ///   - realPart: room for N / 2 + 1 values.
  ///   - imaginaryPart: room for N / 2 + 1 values.
  package func forward(
    _ samples: UnsafeBufferPointer<Float>, realPart: UnsafeMutableBufferPointer<Float>,
    imaginaryPart: UnsafeMutableBufferPointer<Float>
  ) {
    check(samples.count, realPart.count, imaginaryPart.count)
    method.transform({ Double(samples[$0]) }, real.baseAddress, imaginary.baseAddress)
    for k in 0..<binCount {
      realPart[k] = Float(real.baseAddress[k])
      imaginaryPart[k] = Float(imaginary.baseAddress[k])
    }
  }

  /// |X[k]|² for k = 0 … N / 2.
  /// - Parameters:
  ///   - samples: N samples.
  ///   - power: room for N / 2 + 1 values.
  package func powerSpectrum(
    of samples: UnsafeBufferPointer<Float>, into power: UnsafeMutableBufferPointer<Float>
  ) {
    check(samples.count, power.count, power.count)
    method.transform({ Double(samples[$0]) }, real.baseAddress, imaginary.baseAddress)
    for k in 0..<binCount {
      let a = real.baseAddress[k], b = imaginary.baseAddress[k]
      power[k] = Float(a * a + b * b)
    }
  }

  /// The samples whose transform this is: x[n] = 1/N Σ X[k] e^(2πi kn / N) over all N frequencies, those above N / 2
  /// being the conjugates of those below.
  /// - Parameters:
  ///   - realPart: N / 2 + 1 values.
  ///   - imaginaryPart: N / 2 + 1 values; the first (and for even N the last) is taken for 0.
  ///   - samples: room for N samples.
  package func inverse(
    realPart: UnsafeBufferPointer<Float>, imaginaryPart: UnsafeBufferPointer<Float>,
    into samples: UnsafeMutableBufferPointer<Float>
  ) {
    check(samples.count, realPart.count, imaginaryPart.count)
    // The Hartley sum of a Hermitian spectrum is a real transform: x[n] = 1/N Σ (Re − Im)(X[k]) cas(2πkn / N), and with
    // h = Re X − Im X over all k, Re H and Im H of its own transform give x = (Re H − Im H) / N.
    let n = size, bins = binCount
    method.transform(
      { k in
        if k < bins {
          let isReal = k == 0 || 2 * k == n
          return Double(realPart[k]) - (isReal ? 0 : Double(imaginaryPart[k]))
        }
        return Double(realPart[n - k]) + Double(imaginaryPart[n - k])
      }, real.baseAddress, imaginary.baseAddress)
    for index in 0..<n {
      let k = min(index, n - index)
      let a = real.baseAddress[k], b = imaginary.baseAddress[k]
      let isMirrored = index > n - index
      samples[index] = Float((isMirrored ? a + b : a - b) / Double(n))
    }
  }

  private func check(_ samples: Int, _ first: Int, _ second: Int) {
    precondition(samples == size, "\(samples) samples for a transform of \(size)")
    precondition(first == binCount && second == binCount, "\(first) and \(second) bins for \(binCount)")
  }
}

// The same for other packages.
extension RealFFT {
  /// Samples to spectrum.
  /// - Parameters:
  ///   - samples: N of them.
  ///   - realPart: room for N / 2 + 1 values.
  ///   - imaginaryPart: room for N / 2 + 1 values.
  public func forward(
    _ samples: Span<Float>, realPart: inout MutableSpan<Float>, imaginaryPart: inout MutableSpan<Float>
  ) {
    samples.withUnsafeBufferPointer { samples in
      realPart.withUnsafeMutableBufferPointer { realPart in
        imaginaryPart.withUnsafeMutableBufferPointer { imaginaryPart in
          forward(samples, realPart: realPart, imaginaryPart: imaginaryPart)
        }
      }
    }
  }

  /// Samples to power spectrum.
  /// - Parameters:
  ///   - samples: N of them.
  ///   - power: room for N / 2 + 1 values.
  public func powerSpectrum(of samples: Span<Float>, into power: inout MutableSpan<Float>) {
    samples.withUnsafeBufferPointer { samples in
      power.withUnsafeMutableBufferPointer { powerSpectrum(of: samples, into: $0) }
    }
  }

  /// Spectrum to samples.
  /// - Parameters:
  ///   - realPart: N / 2 + 1 values.
  ///   - imaginaryPart: N / 2 + 1 values; the first (and for even N the last) is taken for 0.
  ///   - samples: room for N samples.
  public func inverse(
    realPart: Span<Float>, imaginaryPart: Span<Float>, into samples: inout MutableSpan<Float>
  ) {
    realPart.withUnsafeBufferPointer { realPart in
      imaginaryPart.withUnsafeBufferPointer { imaginaryPart in
        samples.withUnsafeMutableBufferPointer { samples in
          inverse(realPart: realPart, imaginaryPart: imaginaryPart, into: samples)
        }
      }
    }
  }
}

extension RealFFT {
  /// A way to transform real samples; the result is in the first N / 2 + 1 elements of the workspace.
  fileprivate protocol Method: Sendable {
    var workspaceCount: Int { get }
    func transform(
      _ sample: (Int) -> Double, _ real: UnsafeMutablePointer<Double>,
      _ imaginary: UnsafeMutablePointer<Double>)
  }

  /// Even samples as real parts, odd ones as imaginary parts of half as many numbers.
  private struct HalvedTransform: Method {
    let size: Int
    let half: ComplexFFT
    /// cos and −sin of 2πk / N for k ≤ N / 4.
    let cosines: [Double]
    let sines: [Double]

    var workspaceCount: Int { size / 2 + 1 }

    init(size: Int) {
      self.size = size
      half = ComplexFFT(size: size / 2)
      let angle = -2 * Double.pi / Double(size)
      cosines = (0...size / 4).map { cosine(angle * Double($0)) }
      sines = (0...size / 4).map { sine(angle * Double($0)) }
    }

    func transform(
      _ sample: (Int) -> Double, _ real: UnsafeMutablePointer<Double>,
      _ imaginary: UnsafeMutablePointer<Double>
    ) {
      let n = size / 2
      for index in 0..<n {
        real[index] = sample(2 * index)
        imaginary[index] = sample(2 * index + 1)
      }
      half.forward(real, imaginary)
      real[n] = real[0] - imaginary[0]
      real[0] += imaginary[0]
      imaginary[0] = 0
      imaginary[n] = 0
      guard n > 1 else { return }
      for k in 1...n / 2 {
        // E is the transform of the even samples, O that of the odd ones; X[k] = E[k] + w^k O[k].
        let j = n - k
        let evenReal = 0.5 * (real[k] + real[j]), evenImaginary = 0.5 * (imaginary[k] - imaginary[j])
        let oddReal = 0.5 * (imaginary[k] + imaginary[j]), oddImaginary = -0.5 * (real[k] - real[j])
        let turnedReal = oddReal * cosines[k] - oddImaginary * sines[k]
        let turnedImaginary = oddReal * sines[k] + oddImaginary * cosines[k]
        real[k] = evenReal + turnedReal
        imaginary[k] = evenImaginary + turnedImaginary
        real[j] = evenReal - turnedReal
        imaginary[j] = turnedImaginary - evenImaginary
      }
    }
  }

  /// kn = (k² + n² − (k − n)²) / 2 makes the transform a convolution with e^(πi n² / N).
  private struct BluesteinTransform: Method {
    let size: Int
    let convolution: ComplexFFT
    /// cos and −sin of π n² / N.
    let chirpReal: [Double]
    let chirpImaginary: [Double]
    /// The transform of the conjugate chirp, divided by the convolution's length.
    let kernelReal: [Double]
    let kernelImaginary: [Double]

    var workspaceCount: Int { convolution.size }

    init(size: Int) {
      self.size = size
      var length = 1
      while length < 2 * size - 1 { length *= 2 }
      convolution = ComplexFFT(size: length)
      let angles = (0..<size).map { -Double.pi * Double($0 * $0 % (2 * size)) / Double(size) }
      chirpReal = angles.map(cosine)
      chirpImaginary = angles.map(sine)
      let real = AlignedBuffer<Double>(count: length), imaginary = AlignedBuffer<Double>(count: length)
      for n in 0..<size {
        for index in [n, (length - n) % length] {
          real[index] = chirpReal[n]
          imaginary[index] = -chirpImaginary[n]
        }
      }
      convolution.forward(real.baseAddress, imaginary.baseAddress)
      kernelReal = real.array.map { $0 / Double(length) }
      kernelImaginary = imaginary.array.map { $0 / Double(length) }
    }

    func transform(
      _ sample: (Int) -> Double, _ real: UnsafeMutablePointer<Double>,
      _ imaginary: UnsafeMutablePointer<Double>
    ) {
      for n in 0..<convolution.size {
        let x = n < size ? sample(n) : 0
        real[n] = n < size ? x * chirpReal[n] : 0
        imaginary[n] = n < size ? x * chirpImaginary[n] : 0
      }
      convolution.forward(real, imaginary)
      // Conjugated, so that the forward transform runs backwards.
      for k in 0..<convolution.size {
        let a = real[k], b = imaginary[k]
        real[k] = a * kernelReal[k] - b * kernelImaginary[k]
        imaginary[k] = -(a * kernelImaginary[k] + b * kernelReal[k])
      }
      convolution.forward(real, imaginary)
      for k in 0...size / 2 {
        let a = real[k], b = -imaginary[k]
        real[k] = a * chirpReal[k] - b * chirpImaginary[k]
        imaginary[k] = a * chirpImaginary[k] + b * chirpReal[k]
      }
    }
  }
}
