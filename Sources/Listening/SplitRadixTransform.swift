internal import Arithmetic

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The power spectrum of a power of two of real samples in single precision, rounded where Kaldi rounds.
///
/// Kaldi runs a split-radix transform of half the length with three multiplications a rotation (Malvar 1992, *Signal
/// Processing with Lapped Transforms*) and separates the halves with factors that it makes by repeated multiplication.
/// The rounding error is 100 dB below the strongest bin, but changes the logarithms of the weakest filters by more than
/// 0.01; to give Kaldi's values there, the same rounding is needed.
///
/// The partial transforms are in a list that is made once, each before its parts, and all frames of a group run in step.
final class SplitRadixTransform {
  /// How many samples it takes.
  let size: Int

  /// The partial transforms, each before its parts.
  private let parts: [Part]
  /// For each length 2^l, the rotations of the third and the fourth quarter.
  private let rotations: [[Rotation]]
  private let reversed: [Int]
  /// e^(−2πik / N) for k = 1 … N / 4.
  private let separation: [(real: Float, imaginary: Float)]

  /// A transform of 2^level complex numbers from `start` on.
  private struct Part {
    var start: Int
    var level: Int

    /// This transform and those that it is made of: one of half the length and two of a quarter.
    var withParts: [Part] {
      guard level > 1 else { return level == 1 ? [self] : [] }
      let quarter = 1 << (level - 2)
      return [self] + Part(start: start, level: level - 1).withParts
        + Part(start: start + 2 * quarter, level: level - 2).withParts
        + Part(start: start + 3 * quarter, level: level - 2).withParts
    }
  }

  /// A complex number of each frame: two consecutive samples at first.
  private struct Complex {
    var real: Lanes
    var imaginary: Lanes
  }

  /// A rotation by −a in three multiplications: cos a, −(sin a + cos a), sin a − cos a.
  private struct Factor {
    var cosine: Float
    var negativeSum: Float
    var difference: Float

    init(angle: Double) {
      // The angle is rounded to single precision first, as in Kaldi.
      let c = Float(cos(Double(Float(angle))))
      let s = Float(sin(Double(Float(angle))))
      cosine = c
      negativeSum = -(s + c)
      difference = s - c
    }

    @inline(__always)
    func rotated(_ z: Complex) -> Complex {
      let shared = cosine * (z.real + z.imaginary)
      return Complex(real: difference * z.imaginary + shared, imaginary: negativeSum * z.real + shared)
    }
  }

  /// The rotations by once and three times the angle.
  private struct Rotation {
    var single: Factor
    var triple: Factor
  }

  /// A transform of `size` samples, a power of two, at least 4.
  init(size: Int) {
    precondition(size >= 4 && size & (size - 1) == 0, "\(size) is not a power of two of at least 4")
    self.size = size
    let half = size / 2
    let levels = half.trailingZeroBitCount
    parts = Part(start: 0, level: levels).withParts
    rotations = (0...levels).map { level in
      let length = 1 << level
      return (0..<length / 4).map { n in
        let angle = Double(n) * 2 * Double.pi / Double(length)
        return Rotation(single: Factor(angle: angle), triple: Factor(angle: 3 * angle))
      }
    }
    reversed = (0..<half).map { index in
      (0..<levels).reduce(0) { $0 << 1 | (index >> $1 & 1) }
    }
    let angle = Double(Float(-2 * Double.pi / Double(size)))
    let root = (real: Float(cos(angle)), imaginary: Float(sin(angle)))
    var factor: (real: Float, imaginary: Float) = (1, 0)
    separation = (0..<size / 4).map { _ in
      factor = (
        factor.real * root.real - factor.imaginary * root.imaginary,
        factor.real * root.imaginary + factor.imaginary * root.real
      )
      return factor
    }
  }

  /// Writes |X[k]|² for k = 0 … N / 2 to `power`.
  /// - Parameters:
  ///   - samples: N samples of each frame, which are overwritten.
  ///   - power: room for N / 2 + 1 values of each frame.
  func powerSpectrum(
    of samples: UnsafeMutablePointer<Lanes>, into power: UnsafeMutablePointer<Lanes>
  ) {
    let half = size / 2
    samples.withMemoryRebound(to: Complex.self, capacity: half) { z in
      for part in parts {
        if part.level == 1 {
          Self.transformPair(z + part.start)
        } else {
          rotations[part.level].withUnsafeBufferPointer { Self.divide(z + part.start, rotations: $0) }
        }
      }
      separate(z, into: power)
    }
  }

  /// Separates the transforms of the even and the odd samples, which are in bit-reversed order.
  private func separate(_ z: UnsafePointer<Complex>, into power: UnsafeMutablePointer<Lanes>) {
    let half = size / 2
    separation.withUnsafeBufferPointer { factors in
      reversed.withUnsafeBufferPointer { reversed in
        for k in 1...half / 2 {
          let (p, q) = (z[reversed[k]], z[reversed[half - k]])
          // C is the transform of the even samples, D that of the odd ones.
          let cReal = 0.5 * (p.real + q.real)
          let cImaginary = 0.5 * (p.imaginary - q.imaginary)
          let dReal = 0.5 * (p.imaginary + q.imaginary)
          let dImaginary = -0.5 * (p.real - q.real)
          let factor = factors[k - 1]
          let turnedReal = factor.real * dReal - factor.imaginary * dImaginary
          let turnedImaginary = factor.real * dImaginary + factor.imaginary * dReal
          let a = cReal + turnedReal
          let b = cImaginary + turnedImaginary
          let c = cReal - turnedReal
          let d = turnedImaginary - cImaginary
          power[k] = a * a + b * b
          if 2 * k != half { power[half - k] = c * c + d * d }
        }
      }
    }
    let first = z[0].real + z[0].imaginary
    let last = z[0].real - z[0].imaginary
    power[0] = first * first
    power[half] = last * last
  }

  @inline(__always)
  private static func transformPair(_ z: UnsafeMutablePointer<Complex>) {
    let (p, q) = (z[0], z[1])
    z[0] = Complex(real: p.real + q.real, imaginary: p.imaginary + q.imaginary)
    z[1] = Complex(real: p.real - q.real, imaginary: p.imaginary - q.imaginary)
  }

  /// Divides a transform of four times as many numbers as there are rotations into one of half the length and two of a
  /// quarter, whose numbers are turned by once and three times their angles.
  private static func divide(
    _ z: UnsafeMutablePointer<Complex>, rotations: UnsafeBufferPointer<Rotation>
  ) {
    let quarter = rotations.count
    let root = Float(0.5).squareRoot()
    for n in 0..<quarter {
      var (third, fourth) = fold(z + n, quarter: quarter)
      if 2 * n == quarter {
        // An eighth of a turn needs two multiplications.
        third = Complex(
          real: root * (third.real + third.imaginary), imaginary: root * (third.imaginary - third.real))
        fourth = Complex(
          real: root * (fourth.imaginary - fourth.real), imaginary: -root * (fourth.real + fourth.imaginary))
      } else if n > 0 {
        third = rotations[n].single.rotated(third)
        fourth = rotations[n].triple.rotated(fourth)
      }
      z[n + 2 * quarter] = third
      z[n + 3 * quarter] = fourth
    }
  }

  /// Adds the second half to the first in its place.
  /// - Returns: what goes into the third and the fourth quarter before it is turned.
  @inline(__always)
  private static func fold(
    _ z: UnsafeMutablePointer<Complex>, quarter: Int
  ) -> (third: Complex, fourth: Complex) {
    let (p0, p1, p2, p3) = (z[0], z[quarter], z[2 * quarter], z[3 * quarter])
    z[0] = Complex(real: p0.real + p2.real, imaginary: p0.imaginary + p2.imaginary)
    z[quarter] = Complex(real: p1.real + p3.real, imaginary: p1.imaginary + p3.imaginary)
    let (x, y) = (p0.real - p2.real, p0.imaginary - p2.imaginary)
    let (u, v) = (p1.real - p3.real, p1.imaginary - p3.imaginary)
    return (Complex(real: x + v, imaginary: y - u), Complex(real: x - v, imaginary: y + u))
  }
}
