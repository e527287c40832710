internal import Testing

@testable import Arithmetic

@Suite struct RealFFTTests {
  /// The definition, term by term.
  private func directTransform(_ samples: [Float]) -> [(Double, Double)] {
    let n = samples.count
    return (0...n / 2).map { k in
      samples.enumerated().reduce((0, 0)) { sum, sample in
        let angle = -2 * Double.pi * Double(k * sample.offset % n) / Double(n)
        return (sum.0 + Double(sample.element) * cosine(angle), sum.1 + Double(sample.element) * sine(angle))
      }
    }
  }

  @Test(
    "Transforms agree with the definition and invert",
    arguments: [2, 3, 4, 5, 6, 7, 8, 15, 16, 25, 64, 100, 121, 400, 512])
  func transformsAgreeWithTheDefinitionAndInvert(size: Int) {
    let samples = randomFloats(size, seed: UInt64(size))
    let fft = RealFFT(size: size)
    var real = [Float](repeating: 0, count: fft.binCount), imaginary = real, power = real
    var back = [Float](repeating: 0, count: size)
    samples.withUnsafeBufferPointer { samples in
      real.withUnsafeMutableBufferPointer { real in
        imaginary.withUnsafeMutableBufferPointer { imaginary in
          fft.forward(samples, realPart: real, imaginaryPart: imaginary)
          back.withUnsafeMutableBufferPointer {
            fft.inverse(
              realPart: UnsafeBufferPointer(real), imaginaryPart: UnsafeBufferPointer(imaginary), into: $0)
          }
        }
      }
      power.withUnsafeMutableBufferPointer { fft.powerSpectrum(of: samples, into: $0) }
    }
    // The results are Floats of size up to about √N: half a unit in their last place is 3e-8 of that.
    let tolerance = 2e-7 * Double(size).squareRoot()
    for (k, expected) in directTransform(samples).enumerated() {
      #expect(
        abs(Double(real[k]) - expected.0) < tolerance && abs(Double(imaginary[k]) - expected.1) < tolerance)
      let square = expected.0 * expected.0 + expected.1 * expected.1
      #expect(abs(Double(power[k]) - square) < 2e-7 * max(1, square))
    }
    expectClose(back, samples, tolerance: 1e-6, "inverse of \(size)")
  }
}

@Suite struct WindowTests {
  @Test("Windows are symmetric and one in the middle", arguments: Window.allCases)
  func windowsAreSymmetricAndOneInTheMiddle(window: Window) {
    for count in [1, 2, 5, 400, 401] {
      let values = window.values(count: count)
      #expect(values.count == count)
      expectClose(values, values.reversed(), tolerance: 1e-6, "\(window) of \(count)")
      if count % 2 == 1 { #expect(abs(values[count / 2] - 1) < 1e-6) }
    }
  }

  @Test("Edges are those of the definitions") func edgesAreThoseOfTheDefinitions() {
    let edges = Dictionary(uniqueKeysWithValues: Window.allCases.map { ($0, $0.values(count: 9)[0]) })
    for (window, edge) in [
      (Window.rectangular, Float(1)), (.hann, 0), (.hamming, 0.08), (.povey, 0), (.blackman, 0),
    ] {
      #expect(abs((edges[window] ?? .nan) - edge) < 1e-6, "\(window)")
    }
  }

  @Test("A periodic window is a symmetric one without its last")
  func aPeriodicWindowIsASymmetricOneWithoutItsLast() {
    expectClose(
      Window.hann.values(count: 8, isPeriodic: true), Array(Window.hann.values(count: 9).dropLast()),
      tolerance: 1e-7, "periodic")
  }
}
