public import Audio

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Computes features of a sound that arrives in portions.
///
/// The values do not depend on the portions, bit for bit: no frame's values depend on another's, and a frame is
/// computed as soon as all its samples are there. Portions of ten frames and more are the fastest, because
/// several frames are computed at once.
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
  /// What the filters give.
  private let melEnergies: LaneBuffer
  /// What the cepstral transform gives.
  private let coefficients: LaneBuffer

  /// How many samples are taken at a time, so that they are still in the cache when frames are computed.
  private static let portionLength = 8192

  /// What is computed from an analyzed frame.
  private enum Recipe {
    case fbank(FbankOptions, MelFilterBank)
    case mfcc(MFCCOptions, MelFilterBank, CepstralTransform)
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
        .mfcc(mfcc, MelFilterBank(mfcc.mel, frames: mfcc.frames), CepstralTransform(mfcc))
      case .spectrogram(let spectrogram): .spectrogram(spectrogram)
      case .energy(let energy): .energy(energy)
      }
    switch options {
    case .fbank(let fbank):
      (melEnergies, coefficients) = (LaneBuffer(count: fbank.mel.count), LaneBuffer(count: 0))
    case .mfcc(let mfcc):
      (melEnergies, coefficients) = (LaneBuffer(count: mfcc.mel.count), LaneBuffer(count: mfcc.count))
    case .spectrogram, .energy: (melEnergies, coefficients) = (LaneBuffer(count: 0), LaneBuffer(count: 0))
    }
  }

  /// A matrix for the features, without frames.
  public var emptyMatrix: FeatureMatrix { FeatureMatrix(dimension: options.dimension) }

  /// Takes more samples of one channel, full scale at ±1, and appends the frames that are complete now.
  /// - Parameters:
  ///   - samples: the samples.
  ///   - stride: from one sample to the next: the number of channels, to take the first of interleaved ones.
  ///   - features: gets the frames.
  public func append(_ samples: Span<Float>, stride: Int = 1, to features: inout FeatureMatrix) {
    precondition(stride >= 1, "samples \(stride) elements apart")
    let step = Self.portionLength * stride
    for start in Swift.stride(from: 0, to: samples.count, by: step) {
      let portion = samples.extracting(start..<min(samples.count, start + step))
      portion.withUnsafeBufferPointer { stream.append($0, stride: stride) }
      drain(into: &features, isFinished: false)
    }
  }

  /// Takes more samples of one channel, full scale at ±1, and appends the frames that are complete now.
  public func append(_ samples: [Float], to features: inout FeatureMatrix) {
    append(samples.span, to: &features)
  }

  /// Appends the last frames, which reach beyond the sound's end. Nothing can be appended afterwards.
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
    precondition((0..<buffer.channelCount).contains(channel), "channel \(channel) of \(buffer.channelCount)")
    features.values.reserveCapacity((buffer.frameCount / options.frames.shift + 1) * options.dimension)
    let samples = buffer.samples.span.extracting(droppingFirst: channel)
    extractor.append(samples, stride: buffer.channelCount, to: &features)
    extractor.finish(into: &features)
    return features
  }

  private func drain(into features: inout FeatureMatrix, isFinished: Bool) {
    precondition(
      features.dimension == options.dimension,
      "frames of \(options.dimension) values for a matrix of \(features.dimension)")
    while case let count = stream.next(into: analysis.frames, isFinished: isFinished), count > 0 {
      let end = features.values.count
      features.values.append(contentsOf: repeatElement(0, count: count * options.dimension))
      features.values.withUnsafeMutableBufferPointer { values in
        guard let base = values.baseAddress else { return }
        compute(count: count, into: base + end)
      }
    }
  }

  /// Computes the features of the frames in `analysis`.
  private func compute(count: Int, into values: UnsafeMutablePointer<Float>) {
    switch recipe {
    case .fbank(let options, let bank): computeFbank(options, bank, count: count, into: values)
    case .mfcc(let options, let bank, let transform):
      computeMFCC(options, bank, transform, count: count, into: values)
    case .spectrogram(let options):
      let energies = analysis.prepare(count: count, energy: options.energy)
      analysis.transformFrames(count: count)
      store(analysis.power, count: count, takesLogarithm: true, into: values)
      store(energies, count: count, into: values)
    case .energy(let options):
      store(analysis.prepare(count: count, energy: options.energy), count: count, into: values)
    }
  }

  private func computeFbank(
    _ options: FbankOptions, _ bank: MelFilterBank, count: Int, into values: UnsafeMutablePointer<Float>
  ) {
    let energies = analysis.prepare(count: count, energy: options.usesEnergy ? options.energy : nil)
    analysis.transformFrames(count: count)
    if !options.usesPower {
      for bin in 0..<analysis.power.count {
        analysis.power.baseAddress[bin] = analysis.power.baseAddress[bin].squareRoot()
      }
    }
    bank.apply(to: analysis.power.baseAddress, into: melEnergies.baseAddress)
    let first = values + (options.usesEnergy && !options.putsEnergyLast ? 1 : 0)
    store(melEnergies, count: count, takesLogarithm: options.usesLog, into: first)
    if options.usesEnergy {
      store(energies, count: count, into: values + (options.putsEnergyLast ? options.mel.count : 0))
    }
  }

  private func computeMFCC(
    _ options: MFCCOptions, _ bank: MelFilterBank, _ transform: CepstralTransform, count: Int,
    into values: UnsafeMutablePointer<Float>
  ) {
    let energies = analysis.prepare(count: count, energy: options.usesEnergy ? options.energy : nil)
    analysis.transformFrames(count: count)
    bank.apply(to: analysis.power.baseAddress, into: melEnergies.baseAddress)
    for index in 0..<melEnergies.count * Lanes.scalarCount {
      melEnergies.scalars[index] = Self.logarithm(melEnergies.scalars[index])
    }
    transform.apply(to: melEnergies.baseAddress, into: coefficients.baseAddress)
    let c = coefficients.baseAddress
    if options.usesEnergy { c[0] = energies }
    if options.isHTKCompatible {
      let first = options.usesEnergy ? c[0] : c[0] * Float(2).squareRoot()
      for index in 1..<max(1, options.count) { c[index - 1] = c[index] }
      c[options.count - 1] = first
    }
    store(coefficients, count: count, takesLogarithm: false, into: values)
  }

  /// Writes the lanes of `buffer` to the rows of `values`, one row a frame.
  private func store(
    _ buffer: LaneBuffer, count: Int, takesLogarithm: Bool, into values: UnsafeMutablePointer<Float>
  ) {
    let dimension = options.dimension
    for lane in 0..<count {
      let row = values + lane * dimension
      for index in 0..<buffer.count {
        let value = buffer.scalars[index * Lanes.scalarCount + lane]
        row[index] = takesLogarithm ? Self.logarithm(value) : value
      }
    }
  }

  /// Writes one number of each frame, in the same place of each row.
  private func store(_ lanes: Lanes, count: Int, into values: UnsafeMutablePointer<Float>) {
    for lane in 0..<count { values[lane * options.dimension] = lanes[lane] }
  }

  /// The natural logarithm, of at least Float's epsilon, as Kaldi has it.
  @inline(__always)
  private static func logarithm(_ value: Float) -> Float { logf(max(value, .ulpOfOne)) }
}
