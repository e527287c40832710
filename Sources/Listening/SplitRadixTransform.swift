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
/// What this loses lies 100 dB below the strongest bin, and yet moves the logarithms of the weakest filters by more than
/// a hundredth; who wants Kaldi's values there has to lose the same.
final class SplitRadixTransform {
  /// How many samples it takes.
  let size: Int

  private let real: AlignedBuffer<Float>
  private let imaginary: AlignedBuffer<Float>
  /// For each length 2^l of a partial transform, the rotations of its third and fourth quarter.
  private let rotations: [[Rotation]]
  private let reversed: [Int]
  /// e^(−2πik / N) for k = 1 … N / 4.
  private let separation: [(real: Float, imaginary: Float)]

  /// A rotation by −a in three multiplications: cos a, −(sin a + cos a), sin a − cos a.
  private struct Factor {
    var cosine: Float
    var negativeSum: Float
    var difference: Float

    init(angle: Double) {
      // The angle is rounded to single precision first, as there.
      let c = Float(cos(Double(Float(angle))))
      let s = Float(sin(Double(Float(angle))))
      cosine = c
      negativeSum = -(s + c)
      difference = s - c
    }

    func rotate(_ x: inout Float, _ y: inout Float) {
      let shared = cosine * (x + y)
      (x, y) = (difference * y + shared, negativeSum * x + shared)
    }
  }

  /// The rotations by once and three times the angle.
  private struct Rotation {
    var single: Factor
    var triple: Factor
  }

  /// A transform of `size` samples, a power of two from 4 on.
  init(size: Int) {
    precondition(size >= 4 && size & (size - 1) == 0, "\(size) is no power of two from 4 on")
    self.size = size
    let half = size / 2
    real = AlignedBuffer(count: half)
    imaginary = AlignedBuffer(count: half)
    let levels = half.trailingZeroBitCount
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
  func powerSpectrum(of samples: UnsafePointer<Float>, into power: UnsafeMutablePointer<Float>) {
    let half = size / 2
    let x = real.baseAddress
    let y = imaginary.baseAddress
    for index in 0..<half {
      x[index] = samples[2 * index]
      y[index] = samples[2 * index + 1]
    }
    transform(x, y, level: half.trailingZeroBitCount)
    separation.withUnsafeBufferPointer { factors in
      reversed.withUnsafeBufferPointer { reversed in
        for k in 1...half / 2 {
          let i = reversed[k]
          let j = reversed[half - k]
          // C is the transform of the even samples, D that of the odd ones.
          let cReal = 0.5 * (x[i] + x[j])
          let cImaginary = 0.5 * (y[i] - y[j])
          let dReal = 0.5 * (y[i] + y[j])
          let dImaginary = -0.5 * (x[i] - x[j])
          let factor = factors[k - 1]
          let a = cReal + (factor.real * dReal - factor.imaginary * dImaginary)
          let b = cImaginary + (factor.real * dImaginary + factor.imaginary * dReal)
          let c = cReal + (-factor.real * dReal + factor.imaginary * dImaginary)
          let d = -cImaginary + (factor.real * dImaginary + factor.imaginary * dReal)
          power[k] = a * a + b * b
          if 2 * k != half { power[half - k] = c * c + d * d }
        }
      }
    }
    let first = x[0] + y[0]
    let last = x[0] - y[0]
    power[0] = first * first
    power[half] = last * last
  }

  /// Transforms 2^level complex numbers in place; the result stands in bit-reversed order.
  private func transform(_ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, level: Int) {
    guard level > 0 else { return }
    let half = 1 << (level - 1)
    for n in 0..<half {
      (x[n], x[n + half]) = (x[n] + x[n + half], x[n] - x[n + half])
      (y[n], y[n + half]) = (y[n] + y[n + half], y[n] - y[n + half])
    }
    transform(x, y, level: level - 1)
    guard level > 1 else { return }
    let quarter = half / 2
    rotateQuarters(x + half, y + half, quarter: quarter, level: level)
    transform(x + half, y + half, level: level - 2)
    transform(x + half + quarter, y + half + quarter, level: level - 2)
  }

  /// Joins the third and the fourth quarter and turns each number by its angle.
  private func rotateQuarters(
    _ x: UnsafeMutablePointer<Float>, _ y: UnsafeMutablePointer<Float>, quarter: Int, level: Int
  ) {
    let root = Float(0.5).squareRoot()
    rotations[level].withUnsafeBufferPointer { rotations in
      for n in 0..<quarter {
        let m = n + quarter
        var (a, b) = (x[n] + y[m], y[n] - x[m])
        var (c, d) = (x[n] - y[m], y[n] + x[m])
        if 2 * n == quarter {
          (a, b) = (root * (a + b), root * (b - a))
          (c, d) = (root * (d - c), -root * (c + d))
        } else if n > 0 {
          rotations[n].single.rotate(&a, &b)
          rotations[n].triple.rotate(&c, &d)
        }
        (x[n], y[n], x[m], y[m]) = (a, b, c, d)
      }
    }
  }
}
