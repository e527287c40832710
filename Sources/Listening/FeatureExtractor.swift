internal import Arithmetic
public import Audio

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Computes features of a sound that arrives bit by bit.
///
/// However the samples are cut into portions, the values are the same, bit for bit: each frame is computed by itself as
/// soon as all its samples are there.
///
///     let extractor = try FeatureExtractor(.fbank(FbankOptions()))
///     var features = extractor.emptyMatrix
///     for portion in portions { extractor.append(portion, to: &features) }
///     extractor.finish(into: &features)
public final class FeatureExtractor {
  /// What it computes.
  public let options: FeatureOptions
  /// How many samples it was given.
  public var sampleCount: Int { stream.sampleCount }

  private var stream: FrameStream
  private let analysis: FrameAnalysis
  private let recipe: Recipe

  /// What is made of an analysed frame.
  private enum Recipe {
    case fbank(FbankOptions, MelFilterBank)
    case mfcc(MFCCOptions, MelFilterBank, CepstralTransform, logEnergies: AlignedBuffer<Float>)
    case spectrogram(SpectrogramOptions)
    case energy(EnergyOptions)
  }

  /// An extractor at the beginning of a sound.
  /// - Throws: `FeatureError.unusable`.
  public init(_ options: FeatureOptions) throws(FeatureError) {
    try options.validate()
    self.options = options
    stream = FrameStream(options.frames)
    analysis = FrameAnalysis(options.frames)
    recipe =
      switch options {
      case .fbank(let fbank): .fbank(fbank, MelFilterBank(fbank.mel, frames: fbank.frames))
      case .mfcc(let mfcc):
        .mfcc(
          mfcc, MelFilterBank(mfcc.mel, frames: mfcc.frames), CepstralTransform(mfcc),
          logEnergies: AlignedBuffer(count: mfcc.mel.count))
      case .spectrogram(let spectrogram): .spectrogram(spectrogram)
      case .energy(let energy): .energy(energy)
      }
  }

  /// A matrix for the features, without frames.
  public var emptyMatrix: FeatureMatrix { FeatureMatrix(dimension: options.dimension) }

  /// Takes more samples of one channel, full scale at ±1, and appends the frames that are complete now.
  /// - Parameters:
  ///   - samples: the samples.
  ///   - stride: from one sample to the next: the number of channels, to take the first of interleaved ones.
  ///   - features: gets the frames.
  public func append(
    _ samples: UnsafeBufferPointer<Float>, stride: Int = 1, to features: inout FeatureMatrix
  ) {
    precondition(stride >= 1, "samples \(stride) elements apart")
    stream.append(samples, stride: stride)
    drain(into: &features, isFinished: false)
  }

  /// Takes more samples of one channel, full scale at ±1, and appends the frames that are complete now.
  public func append(_ samples: [Float], to features: inout FeatureMatrix) {
    samples.withUnsafeBufferPointer { append($0, to: &features) }
  }

  /// Appends the frames that reach over the sound's end. Nothing can be appended afterwards.
  public func finish(into features: inout FeatureMatrix) {
    drain(into: &features, isFinished: true)
  }

  /// The features of a whole sound, of one channel of it.
  /// - Throws: `FeatureError.unusable`.
  public static func features(
    of buffer: AudioBuffer, channel: Int = 0, options: FeatureOptions
  ) throws(FeatureError) -> FeatureMatrix {
    let extractor = try FeatureExtractor(options)
    var features = extractor.emptyMatrix
    extractor.append(buffer.channelCount == 1 ? buffer.samples : buffer.channel(channel), to: &features)
    extractor.finish(into: &features)
    return features
  }

  private func drain(into features: inout FeatureMatrix, isFinished: Bool) {
    precondition(
      features.dimension == options.dimension,
      "frames of \(options.dimension) values for a matrix of \(features.dimension)")
    let dimension = options.dimension
    while stream.next(into: analysis.frame.baseAddress, isFinished: isFinished) {
      let end = features.values.count
      features.values.append(contentsOf: repeatElement(0, count: dimension))
      features.values.withUnsafeMutableBufferPointer { values in
        guard let base = values.baseAddress else { return }
        compute(into: base + end)
      }
    }
  }

  /// Makes the features of the frame that stands in `analysis`.
  private func compute(into values: UnsafeMutablePointer<Float>) {
    switch recipe {
    case .fbank(let options, let bank): computeFbank(options, bank, into: values)
    case .mfcc(let options, let bank, let transform, let logEnergies):
      let energy = analysis.prepare(options.energy)
      analysis.transformFrame()
      bank.apply(to: analysis.power.baseAddress, into: logEnergies.baseAddress)
      Self.takeLogarithm(logEnergies.baseAddress, count: options.mel.count)
      transform.apply(to: logEnergies.baseAddress, into: values)
      if options.usesEnergy { values[0] = energy }
      if options.isHTKCompatible {
        let first = options.usesEnergy ? values[0] : values[0] * Float(2).squareRoot()
        for index in 1..<max(1, options.count) { values[index - 1] = values[index] }
        values[options.count - 1] = first
      }
    case .spectrogram(let options):
      let energy = analysis.prepare(options.energy)
      analysis.transformFrame()
      values.update(from: analysis.power.baseAddress, count: analysis.power.count)
      Self.takeLogarithm(values, count: analysis.power.count)
      values[0] = energy
    case .energy(let options): values[0] = analysis.prepare(options.energy)
    }
  }

  private func computeFbank(
    _ options: FbankOptions, _ bank: MelFilterBank, into values: UnsafeMutablePointer<Float>
  ) {
    let energy = analysis.prepare(options.energy)
    analysis.transformFrame()
    if !options.usesPower {
      for bin in 0..<analysis.power.count {
        analysis.power.baseAddress[bin] = analysis.power.baseAddress[bin].squareRoot()
      }
    }
    let count = options.mel.count
    let first = values + (options.usesEnergy && !options.putsEnergyLast ? 1 : 0)
    bank.apply(to: analysis.power.baseAddress, into: first)
    if options.usesLog { Self.takeLogarithm(first, count: count) }
    if options.usesEnergy { values[options.putsEnergyLast ? count : 0] = energy }
  }

  /// The natural logarithm, of at least Float's epsilon, as Kaldi has it.
  private static func takeLogarithm(_ values: UnsafeMutablePointer<Float>, count: Int) {
    for index in 0..<count { values[index] = logf(max(values[index], .ulpOfOne)) }
  }
}
