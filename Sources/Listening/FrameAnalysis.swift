internal import Arithmetic

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What happens to frames before filters see them: dither, mean, energy, pre-emphasis, window, Fourier transform
/// (Kaldi's `ProcessWindow` and `ComputePowerSpectrum`), for a group of frames at once.
final class FrameAnalysis {
  /// The frames, then their windowed forms, padded with zeros.
  let frames: LaneBuffer
  /// |X[k]|² for k = 0 … N / 2.
  let power: LaneBuffer

  private let options: FrameOptions
  private let window: AlignedBuffer<Float>
  private let transform: Transform
  private var noise: RandomStream

  private enum Transform {
    case splitRadix(SplitRadixTransform)
    case any(RealFFT, samples: AlignedBuffer<Float>, power: AlignedBuffer<Float>)
  }

  init(_ options: FrameOptions) {
    self.options = options
    let size = options.transformLength
    frames = LaneBuffer(count: size)
    power = LaneBuffer(count: size / 2 + 1)
    transform =
      options.padsToPowerOfTwo && size >= 4
      ? .splitRadix(SplitRadixTransform(size: size))
      : .any(
        RealFFT(size: size), samples: AlignedBuffer(count: size), power: AlignedBuffer(count: size / 2 + 1))
    window = AlignedBuffer(
      options.window.values(count: options.length, blackmanCoefficient: options.blackmanCoefficient))
    noise = RandomStream(seed: options.seed, name: "dither")
  }

  /// Turns the samples in `frames` into windowed frames.
  /// - Parameters:
  ///   - count: how many frames there are.
  ///   - measure: how their energies are measured; nil if they are not needed.
  /// - Returns: the frames' log energies.
  func prepare(count: Int, energy measure: EnergyMeasure?) -> Lanes {
    let length = options.length
    let samples = frames.baseAddress
    if options.dither != 0 { addNoise(count: count) }
    if options.removesMean {
      var sum = SIMD8<Double>()
      for index in 0..<length { sum += SIMD8<Double>(samples[index]) }
      let mean = Lanes(sum) / Float(length)
      for index in 0..<length { samples[index] -= mean }
    }
    var energies = Lanes()
    if let measure, measure.isRaw { energies = logEnergies(measure) }
    let coefficient = options.preemphasis
    let window = window.baseAddress
    var previous = samples[0]
    for index in 0..<length {
      let sample = samples[index]
      samples[index] = (sample - coefficient * previous) * window[index]
      previous = sample
    }
    if let measure, !measure.isRaw { energies = logEnergies(measure) }
    return energies
  }

  /// Takes the windowed frames' power spectra.
  func transformFrames(count: Int) {
    let (length, size) = (options.length, options.transformLength)
    (frames.baseAddress + length).update(repeating: Lanes(), count: size - length)
    switch transform {
    case .splitRadix(let transform):
      transform.powerSpectrum(of: frames.baseAddress, into: power.baseAddress)
    case .any(let transform, let samples, let spectrum):
      for lane in 0..<count {
        for index in 0..<size { samples.baseAddress[index] = frames.baseAddress[index][lane] }
        transform.powerSpectrum(of: UnsafeBufferPointer(samples.elements), into: spectrum.elements)
        for bin in 0..<power.count { power.baseAddress[bin][lane] = spectrum.baseAddress[bin] }
      }
    }
  }

  /// Adds noise to one frame after the other, so that the noise is the same for frames that are computed one by one.
  private func addNoise(count: Int) {
    for lane in 0..<count {
      for index in 0..<options.length {
        frames.baseAddress[index][lane] += Float(noise.normal() * options.dither)
      }
    }
  }

  private func logEnergies(_ measure: EnergyMeasure) -> Lanes {
    var sum = SIMD8<Double>()
    for index in 0..<options.length {
      let samples = SIMD8<Double>(frames.baseAddress[index])
      sum += samples * samples
    }
    var energies = Lanes(sum)
    for lane in energies.indices { energies[lane] = logf(max(energies[lane], .ulpOfOne, measure.floor)) }
    return energies
  }
}
