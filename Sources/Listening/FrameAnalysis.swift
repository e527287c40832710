internal import Arithmetic

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What happens to one frame before filters see it: dither, mean, energy, pre-emphasis, window, Fourier transform
/// (Kaldi's `ProcessWindow` and `ComputePowerSpectrum`).
final class FrameAnalysis {
  /// The frame, then its windowed form, padded with zeros.
  let frame: AlignedBuffer<Float>
  /// |X[k]|² for k = 0 … N / 2.
  let power: AlignedBuffer<Float>

  private let options: FrameOptions
  private let window: AlignedBuffer<Float>
  private let transform: Transform
  private var noise: RandomStream

  private enum Transform {
    case splitRadix(SplitRadixTransform)
    case any(RealFFT)
  }

  init(_ options: FrameOptions) {
    self.options = options
    frame = AlignedBuffer(count: options.transformLength)
    let size = options.transformLength
    transform =
      options.padsToPowerOfTwo && size >= 4
      ? .splitRadix(SplitRadixTransform(size: size)) : .any(RealFFT(size: size))
    power = AlignedBuffer(count: size / 2 + 1)
    window = AlignedBuffer(
      options.window.values(count: options.length, blackmanCoefficient: options.blackmanCoefficient))
    noise = RandomStream(seed: options.seed, name: "dither")
  }

  /// Turns the samples that stand in `frame` into the windowed frame.
  /// - Returns: the frame's log energy as `measure` wants it.
  func prepare(_ measure: EnergyMeasure) -> Float {
    let length = options.length
    let samples = frame.baseAddress
    if options.dither != 0 {
      for index in 0..<length { samples[index] += Float(noise.normal() * options.dither) }
    }
    if options.removesMean {
      var sum = 0.0
      for index in 0..<length { sum += Double(samples[index]) }
      let mean = Float(sum) / Float(length)
      for index in 0..<length { samples[index] -= mean }
    }
    let raw = measure.isRaw ? energy(measure) : 0
    let coefficient = options.preemphasis
    var previous = samples[0]
    for index in 0..<length {
      let sample = samples[index]
      samples[index] = (sample - coefficient * previous) * window.baseAddress[index]
      previous = sample
    }
    return measure.isRaw ? raw : energy(measure)
  }

  /// Takes the windowed frame's power spectrum.
  func transformFrame() {
    (frame.baseAddress + options.length).update(
      repeating: 0, count: options.transformLength - options.length)
    switch transform {
    case .splitRadix(let transform): transform.powerSpectrum(of: frame.baseAddress, into: power.baseAddress)
    case .any(let transform):
      transform.powerSpectrum(of: UnsafeBufferPointer(frame.elements), into: power.elements)
    }
  }

  private func energy(_ measure: EnergyMeasure) -> Float {
    var sum = 0.0
    for index in 0..<options.length {
      let sample = Double(frame.baseAddress[index])
      sum += sample * sample
    }
    return logf(max(Float(sum), .ulpOfOne, measure.floor))
  }
}
