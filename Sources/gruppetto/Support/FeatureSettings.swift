public import ArgumentParser
internal import Arithmetic
internal import Listening

/// The frames, the filters and the cepstrum, with the names and defaults of Kaldi's programs.
struct FeatureSettings: ParsableArguments {
  @Option(help: ArgumentHelp("Length of a frame in milliseconds.", valueName: "ms"))
  var frameLength = 25.0

  @Option(help: ArgumentHelp("Time between the starts of two frames in milliseconds.", valueName: "ms"))
  var frameShift = 10.0

  @Option(help: ArgumentHelp("The window function.", valueName: "name"))
  var window: Window = .povey

  @Option(help: ArgumentHelp("Number of mel filters (default: 80 for fbank, 23 for mfcc).", valueName: "n"))
  var numMelBins: Int?

  @Option(help: ArgumentHelp("Lower end of the mel filters in Hz.", valueName: "hz"))
  var lowFreq = 20.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Upper end of the mel filters in Hz; 0 or less is relative to half the sample rate.", valueName: "hz"))
  var highFreq = 0.0

  @Option(help: ArgumentHelp("Number of cepstral coefficients.", valueName: "n"))
  var numCeps = 13

  @Flag(
    inversion: .prefixedNo,
    help: "Use the energy of the frame as the first value (default: yes for mfcc, no for fbank).")
  var useEnergy: Bool?

  /// The settings of the extractor for features of this kind.
  func options(_ kind: FeatureKind, details: FeatureDetails, seed: UInt64) -> FeatureOptions {
    var energy = EnergyMeasure()
    energy.isRaw = details.rawEnergy
    energy.floor = details.energyFloor
    switch kind {
    case .fbank:
      var options = FbankOptions()
      options.frames = frames(details, seed: seed)
      options.mel = mel(details, count: numMelBins ?? 80)
      options.usesLog = details.useLogFbank
      options.usesPower = details.usePower
      options.usesEnergy = useEnergy ?? false
      options.energy = energy
      options.putsEnergyLast = details.htkCompat
      return .fbank(options)
    case .mfcc:
      var options = MFCCOptions()
      options.frames = frames(details, seed: seed)
      options.mel = mel(details, count: numMelBins ?? 23)
      options.count = numCeps
      options.usesEnergy = useEnergy ?? true
      options.energy = energy
      options.cepstralLifter = details.cepstralLifter
      options.isHTKCompatible = details.htkCompat
      return .mfcc(options)
    case .spectrogram:
      var options = SpectrogramOptions()
      options.frames = frames(details, seed: seed)
      options.energy = energy
      return .spectrogram(options)
    case .energy:
      var options = EnergyOptions()
      options.frames = frames(details, seed: seed)
      options.energy = energy
      return .energy(options)
    }
  }

  private func frames(_ details: FeatureDetails, seed: UInt64) -> FrameOptions {
    var frames = FrameOptions()
    frames.lengthMilliseconds = frameLength
    frames.shiftMilliseconds = frameShift
    frames.window = window
    frames.preemphasis = details.preemphasis
    frames.dither = details.dither
    frames.seed = seed
    frames.sampleScale = details.sampleScale
    frames.removesMean = details.removeDcOffset
    frames.snipsEdges = details.snipEdges
    frames.padsToPowerOfTwo = details.roundToPowerOfTwo
    return frames
  }

  private func mel(_ details: FeatureDetails, count: Int) -> MelOptions {
    var mel = MelOptions()
    mel.count = count
    mel.lowFrequency = lowFreq
    mel.highFrequency = highFreq
    mel.warpFactor = details.vtlnWarp
    mel.warpLowFrequency = details.vtlnLow
    mel.warpHighFrequency = details.vtlnHigh
    mel.convention = details.htkCompat ? .htk : .kaldi
    return mel
  }
}

/// Settings of the frontend that rarely need a change, with the names and defaults of Kaldi's programs.
struct FeatureDetails: ParsableArguments {
  @Option(help: ArgumentHelp("Pre-emphasis coefficient; 0 for none.", valueName: "a"))
  var preemphasis: Float = 0.97

  @Option(help: ArgumentHelp("Standard deviation of noise added to the samples; 0 for none.", valueName: "d"))
  var dither = 0.0

  @Option(
    help: ArgumentHelp("Factor for the samples, which are read as -1 to 1.", valueName: "factor"))
  var sampleScale: Float = 32_768

  @Flag(inversion: .prefixedNo, help: "Subtract the mean of each frame.")
  var removeDcOffset = true

  @Flag(inversion: .prefixedNo, help: "Take only frames that lie within the sound.")
  var snipEdges = true

  @Flag(inversion: .prefixedNo, help: "Pad frames to a power of two.")
  var roundToPowerOfTwo = true

  @Option(
    help: ArgumentHelp("Warping factor of vocal tract length normalization; 1 for none.", valueName: "factor")
  )
  var vtlnWarp = 1.0

  @Option(help: ArgumentHelp("Lower end of the warping in Hz.", valueName: "hz"))
  var vtlnLow = 100.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Upper end of the warping in Hz; below 0 is relative to half the sample rate.", valueName: "hz"))
  var vtlnHigh = -500.0

  @Option(help: ArgumentHelp("Coefficient of the cepstral lifter; 0 for none.", valueName: "l"))
  var cepstralLifter = 22.0

  @Flag(inversion: .prefixedNo, help: "Measure the energy before pre-emphasis and window.")
  var rawEnergy = true

  @Option(help: ArgumentHelp("Lower limit of the energy; 0 for none.", valueName: "e"))
  var energyFloor: Float = 0

  @Flag(inversion: .prefixedNo, help: "Filter the power spectrum instead of the magnitude spectrum.")
  var usePower = true

  @Flag(inversion: .prefixedNo, help: "Take the logarithm of the filter outputs.")
  var useLogFbank = true

  @Flag(help: "Be compatible with HTK: use its mel filters, and put the energy last.")
  var htkCompat = false
}

/// The kinds of features.
enum FeatureKind: String, ExpressibleByArgument, CaseIterable {
  case fbank
  case mfcc
  case spectrogram
  case energy
}

extension Window: ExpressibleByArgument {}
