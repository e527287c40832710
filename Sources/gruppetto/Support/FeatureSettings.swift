public import ArgumentParser
internal import Arithmetic
internal import Listening

/// The options of the frontend, in the names and with the defaults of Kaldi's programs.
struct FeatureSettings: ParsableArguments {
  @Option(help: ArgumentHelp("Length of a frame in milliseconds.", valueName: "ms"))
  var frameLength = 25.0

  @Option(help: ArgumentHelp("From one frame to the next in milliseconds.", valueName: "ms"))
  var frameShift = 10.0

  @Option(
    help: ArgumentHelp("The window: povey, hamming, hann, rectangular, blackman or sine.", valueName: "name"))
  var window: Window = .povey

  @Option(help: ArgumentHelp("Coefficient of the pre-emphasis; 0 for none.", valueName: "a"))
  var preemphasis: Float = 0.97

  @Option(help: ArgumentHelp("Standard deviation of noise added to the samples; 0 for none.", valueName: "d"))
  var dither = 0.0

  @Option(help: ArgumentHelp("What samples of full scale 1 are multiplied with.", valueName: "factor"))
  var sampleScale: Float = 32_768

  @Flag(inversion: .prefixedNo, help: "Subtract the mean of each frame.")
  var removeDcOffset = true

  @Flag(inversion: .prefixedNo, help: "Take only frames that lie within the sound.")
  var snipEdges = true

  @Flag(inversion: .prefixedNo, help: "Pad frames to a power of two.")
  var roundToPowerOfTwo = true

  @Option(help: ArgumentHelp("How many mel filters (fbank: 80, mfcc: 23).", valueName: "n"))
  var numMelBins: Int?

  @Option(help: ArgumentHelp("Lower end of the mel filters in Hz.", valueName: "hz"))
  var lowFreq = 20.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Upper end of the mel filters in Hz; 0 or less counts from half the sample rate.", valueName: "hz"))
  var highFreq = 0.0

  @Option(help: ArgumentHelp("Vocal tract length normalization; 1 for none.", valueName: "factor"))
  var vtlnWarp = 1.0

  @Option(help: ArgumentHelp("Lower bend of the vocal tract warping in Hz.", valueName: "hz"))
  var vtlnLow = 100.0

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Upper bend of the vocal tract warping in Hz; below 0 counts from half the sample rate.",
      valueName: "hz"))
  var vtlnHigh = -500.0

  @Option(help: ArgumentHelp("How many cepstral coefficients.", valueName: "n"))
  var numCeps = 13

  @Option(help: ArgumentHelp("Strength of the cepstral lifter; 0 for none.", valueName: "l"))
  var cepstralLifter = 22.0

  @Flag(inversion: .prefixedNo, help: "Put the frame's energy first (mfcc: yes, fbank: no).")
  var useEnergy: Bool?

  @Flag(inversion: .prefixedNo, help: "Measure the energy before pre-emphasis and window.")
  var rawEnergy = true

  @Option(help: ArgumentHelp("The least energy; 0 for none.", valueName: "e"))
  var energyFloor: Float = 0

  @Flag(inversion: .prefixedNo, help: "Filter the power spectrum, not the magnitude.")
  var usePower = true

  @Flag(inversion: .prefixedNo, help: "Take the logarithm of the filters' outputs.")
  var useLogFbank = true

  @Flag(help: "Compute as HTK does: its mel filters, and the energy last.")
  var htkCompat = false

  /// What to compute for features of this kind.
  func options(_ kind: FeatureKind, seed: UInt64) -> FeatureOptions {
    var energy = EnergyMeasure()
    energy.isRaw = rawEnergy
    energy.floor = energyFloor
    switch kind {
    case .fbank:
      var options = FbankOptions()
      options.frames = frames(seed: seed)
      options.mel = mel(count: numMelBins ?? 80)
      options.usesLog = useLogFbank
      options.usesPower = usePower
      options.usesEnergy = useEnergy ?? false
      options.energy = energy
      options.putsEnergyLast = htkCompat
      return .fbank(options)
    case .mfcc:
      var options = MFCCOptions()
      options.frames = frames(seed: seed)
      options.mel = mel(count: numMelBins ?? 23)
      options.count = numCeps
      options.usesEnergy = useEnergy ?? true
      options.energy = energy
      options.cepstralLifter = cepstralLifter
      options.isHTKCompatible = htkCompat
      return .mfcc(options)
    case .spectrogram:
      var options = SpectrogramOptions()
      options.frames = frames(seed: seed)
      options.energy = energy
      return .spectrogram(options)
    case .energy:
      var options = EnergyOptions()
      options.frames = frames(seed: seed)
      options.energy = energy
      return .energy(options)
    }
  }

  private func frames(seed: UInt64) -> FrameOptions {
    var frames = FrameOptions()
    frames.lengthMilliseconds = frameLength
    frames.shiftMilliseconds = frameShift
    frames.window = window
    frames.preemphasis = preemphasis
    frames.dither = dither
    frames.seed = seed
    frames.sampleScale = sampleScale
    frames.removesMean = removeDcOffset
    frames.snipsEdges = snipEdges
    frames.padsToPowerOfTwo = roundToPowerOfTwo
    return frames
  }

  private func mel(count: Int) -> MelOptions {
    var mel = MelOptions()
    mel.count = count
    mel.lowFrequency = lowFreq
    mel.highFrequency = highFreq
    mel.warpFactor = vtlnWarp
    mel.warpLowFrequency = vtlnLow
    mel.warpHighFrequency = vtlnHigh
    mel.convention = htkCompat ? .htk : .kaldi
    return mel
  }
}

/// What can be computed from sound.
enum FeatureKind: String, ExpressibleByArgument, CaseIterable {
  case fbank
  case mfcc
  case spectrogram
  case energy
}

extension Window: ExpressibleByArgument {}
