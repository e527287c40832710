internal import Arithmetic

/// Noise of a color that was computed beforehand: a loop with random phases, so long that it is not heard to repeat.
final class NoiseTable: Sendable {
  static let bits = 15
  /// Samples in the loop.
  static let length = 1 << bits

  /// `length` samples and the first one again, at the root mean square of evenly spread noise, 1/√3.
  nonisolated(unsafe) let samples: UnsafePointer<Float>
  private nonisolated(unsafe) let storage: UnsafeMutablePointer<Float>

  /// - Parameters:
  ///   - curve: Levels of bands of equal ratio, a third of an octave for instance: a level curve is pink noise.
  ///   - shimmer: How far each third of an octave rises and falls by itself, root mean square, in decibels.
  ///   - sampleRate: Frames a second.
  init(_ curve: SpectralCurve, shimmer: Float, sampleRate: Float) {
    let length = Self.length
    storage = .allocate(capacity: length + 1)
    samples = UnsafePointer(storage)
    var real = [Float](repeating: 0, count: length)
    var imaginary = real
    let width = sampleRate / Float(length)
    // A frequency for each eighth of an octave is enough for a curve of straight lines.
    var (next, before, after) = (Float(0), Float(0), Float(0))
    var (low, high): (Float, Float) = (0, 1)
    for bin in 1..<(length / 2) {
      let frequency = Float(bin) * width
      if frequency < 20 { continue }
      if frequency >= next {
        low = frequency
        high = frequency * 1.09
        next = high
        before = curve.level(at: low)
        after = curve.level(at: high)
      }
      let level = before + (after - before) * (frequency - low) / (high - low)
      let amplitude = decibels(level) / frequency.squareRoot()
      let angle = 2 * .pi * Float(mixed(UInt64(bin)) >> 40) * 0x1p-24
      let (x, y) = (amplitude * cosine(angle), amplitude * sine(angle))
      real[bin] += x
      imaginary[bin] += y
      guard shimmer > 0 else { continue }
      Self.addSidebands(
        of: bin, (x, y), band: Int(3 * logarithm2(frequency / 20)), shimmer: shimmer, &real, &imaginary)
    }
    var energy: Float = 0
    for bin in 1..<(length / 2) {
      real[length - bin] = real[bin]
      imaginary[length - bin] = -imaginary[bin]
      energy += 2 * (real[bin] * real[bin] + imaginary[bin] * imaginary[bin])
    }
    real.withUnsafeMutableBufferPointer { real in
      imaginary.withUnsafeMutableBufferPointer { imaginary in
        guard let x = real.baseAddress, let y = imaginary.baseAddress else { return }
        InverseTransform(bits: Self.bits).apply(x, y)
      }
    }
    let scale = 0.577_35 / max(1e-12, energy.squareRoot())
    for index in 0...length {
      (storage + index).initialize(to: scale * real[index & (length - 1)])
    }
  }

  deinit { storage.deallocate() }

  /// How many sines a band's amplitude moves by, the slowest once in the loop.
  private static let turns = 6

  /// What a bin of a band has beside it when the amplitude of its band is 1 + Σ a·cos(2π·n·t + φ(n)), of phases that each band has
  /// of its own.
  private static func addSidebands(
    of bin: Int, _ value: (x: Float, y: Float), band: Int, shimmer: Float, _ real: inout [Float],
    _ imaginary: inout [Float]
  ) {
    // 8.7 dB is what an amplitude changes by at a small change of 1; half of a cosine lies on either side.
    let half = 0.5 * shimmer / 8.686 * (2 / Float(turns)).squareRoot()
    for turn in 1...turns {
      let phase = 2 * .pi * Float(mixed(UInt64(0x5000 + 16 * band + turn)) >> 40) * 0x1p-24
      let (c, s) = (half * cosine(phase), half * sine(phase))
      if bin + turn < length / 2 {
        real[bin + turn] += value.x * c - value.y * s
        imaginary[bin + turn] += value.x * s + value.y * c
      }
      if bin > turn {
        real[bin - turn] += value.x * c + value.y * s
        imaginary[bin - turn] += value.y * c - value.x * s
      }
    }
  }
}

/// A noise's loop as a voice reads it.
struct NoisePatch {
  var samples: UnsafePointer<Float>
  /// Octaves that the spectrum moves for an octave on the keys.
  var keyTracking: Float
  /// Whether the channels have noises of their own.
  var isStereo: Bool
}

/// Reads a noise's loop from a place of its own.
struct NoiseReader {
  private var position: UInt32 = 0
  /// 1 reads the loop sample by sample; other rates move its spectrum.
  private var rate: Float = 1

  init() {}

  init(seed: UInt64, rate: Float) {
    position = UInt32(truncatingIfNeeded: mixed(seed)) & 0xFFFF_FF00
    self.rate = min(max(rate, 0.02), 16)
    // Whole samples need no interpolation, which would soften the highest frequencies.
    if self.rate == 1 { position &= ~Self.fractionMask }
  }

  private static let shift = UInt32(32 - NoiseTable.bits)
  private static let fractionMask: UInt32 = (1 << shift) - 1

  /// Writes `frames` samples to one or two channels.
  mutating func fill(
    _ left: UnsafeMutablePointer<Float>, _ right: UnsafeMutablePointer<Float>?, _ frames: Int,
    _ samples: UnsafePointer<Float>, _ kernels: Kernels
  ) {
    let step = UInt32(rate * Float(UInt32(1) << Self.shift))
    if let right { read(right, frames, samples, from: position &+ 0x9000_0000, step, kernels) }
    read(left, frames, samples, from: position, step, kernels)
    position &+= step &* UInt32(frames)
  }

  private func read(
    _ output: UnsafeMutablePointer<Float>, _ frames: Int, _ samples: UnsafePointer<Float>,
    from start: UInt32, _ step: UInt32, _ kernels: Kernels
  ) {
    guard step == 1 << Self.shift else {
      output.update(repeating: 0, count: frames)
      kernels.addWave(
        samples, shift: Self.shift, phase: start, step: step, glide: 0, gain: 1, to: output, count: frames)
      return
    }
    let first = Int(start &>> Self.shift)
    let count = min(frames, NoiseTable.length - first)
    output.update(from: samples + first, count: count)
    (output + count).update(from: samples, count: frames - count)
  }
}
