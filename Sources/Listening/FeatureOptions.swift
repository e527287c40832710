/// Log energies of mel filters, one value a filter: Kaldi's `FbankOptions`.
public struct FbankOptions: Sendable, Hashable, Codable {
  /// The frames.
  public var frames = FrameOptions()
  /// The filters.
  public var mel = MelOptions()
  /// Whether the logarithm is taken; if not, values are energies (`use-log-fbank`, true).
  public var usesLog = true
  /// Whether filters add up the power spectrum; if not, its square root (`use-power`, true).
  public var usesPower = true
  /// Whether the frame's log energy is added as one more value (`use-energy`, false).
  public var usesEnergy = false
  /// How that energy is measured.
  public var energy = EnergyMeasure()
  /// Whether the energy comes last, as in HTK, instead of first (`htk-compat`, false).
  public var putsEnergyLast = false

  /// Kaldi's defaults.
  public init() {}
}

/// Mel-frequency cepstral coefficients: Kaldi's `MfccOptions`.
public struct MFCCOptions: Sendable, Hashable, Codable {
  /// The frames.
  public var frames = FrameOptions()
  /// The filters.
  public var mel = MelOptions()
  /// How many coefficients, C0 included; at most as many as filters and at most 1000 (`num-ceps`, 13).
  public var count = 13
  /// Whether the frame's log energy replaces C0 (`use-energy`, true).
  public var usesEnergy = true
  /// How that energy is measured.
  public var energy = EnergyMeasure()
  /// Q of the lifter 1 + Q/2 sin(πi / Q), which scales coefficient i; 0 for none (`cepstral-lifter`, 22).
  public var cepstralLifter: Double = 22
  /// Whether C0 or the energy comes last, as in HTK, and C0 is scaled by √2 (`htk-compat`, false).
  public var isHTKCompatible = false

  /// Kaldi's defaults.
  public init() {}
}

/// The log power spectrum, with the frame's log energy instead of the bin at 0 Hz: Kaldi's `SpectrogramOptions`.
public struct SpectrogramOptions: Sendable, Hashable, Codable {
  /// The frames.
  public var frames = FrameOptions()
  /// How the energy is measured.
  public var energy = EnergyMeasure()

  /// Kaldi's defaults.
  public init() {}
}

/// The frame's log energy alone.
public struct EnergyOptions: Sendable, Hashable, Codable {
  /// The frames.
  public var frames = FrameOptions()
  /// How it is measured.
  public var energy = EnergyMeasure()

  /// Kaldi's defaults.
  public init() {}
}

/// How a frame's log energy ln Σ x² is measured.
public struct EnergyMeasure: Sendable, Hashable, Codable {
  /// Whether before pre-emphasis and window (`raw-energy`, true); the mean has been removed by then.
  public var isRaw = true
  /// The least energy, as a power and not its logarithm; 0 for no floor but that of the number format
  /// (`energy-floor`, 0).
  public var floor: Float = 0

  /// Kaldi's defaults.
  public init() {}
}

/// What a `FeatureExtractor` computes.
public enum FeatureOptions: Sendable, Hashable, Codable {
  /// Log mel energies.
  case fbank(FbankOptions)
  /// Mel-frequency cepstral coefficients.
  case mfcc(MFCCOptions)
  /// The log power spectrum.
  case spectrogram(SpectrogramOptions)
  /// The log energy.
  case energy(EnergyOptions)

  /// The frames.
  public var frames: FrameOptions {
    get {
      switch self {
      case .fbank(let options): options.frames
      case .mfcc(let options): options.frames
      case .spectrogram(let options): options.frames
      case .energy(let options): options.frames
      }
    }
    set {
      switch self {
      case .fbank(var options):
        options.frames = newValue
        self = .fbank(options)
      case .mfcc(var options):
        options.frames = newValue
        self = .mfcc(options)
      case .spectrogram(var options):
        options.frames = newValue
        self = .spectrogram(options)
      case .energy(var options):
        options.frames = newValue
        self = .energy(options)
      }
    }
  }

  /// How many values a frame has.
  public var dimension: Int {
    switch self {
    case .fbank(let options): options.mel.count + (options.usesEnergy ? 1 : 0)
    case .mfcc(let options): options.count
    case .spectrogram(let options): options.frames.transformLength / 2 + 1
    case .energy: 1
    }
  }

  /// Checks every option.
  /// - Throws: `FeatureError.unusable`, which names the first that cannot be used.
  public func validate() throws(FeatureError) {
    try frames.validate()
    switch self {
    case .fbank(let options):
      try options.mel.validate(sampleRate: options.frames.sampleRate)
      try options.energy.validate()
    case .mfcc(let options):
      try options.mel.validate(sampleRate: options.frames.sampleRate)
      try options.energy.validate()
      try FeatureError.require(
        options.count >= 1 && options.count <= options.mel.count,
        "\(options.count) cepstral coefficients of \(options.mel.count) mel filters")
      try FeatureError.require(
        options.count <= 1000, "\(options.count) cepstral coefficients, more than 1,000")
      try FeatureError.require(
        options.cepstralLifter == 0 || (0.001...1e6).contains(options.cepstralLifter),
        "a cepstral lifter of \(options.cepstralLifter), which is neither 0 nor within 0.001 … 1,000,000")
    case .spectrogram(let options): try options.energy.validate()
    case .energy(let options): try options.energy.validate()
    }
  }
}

extension EnergyMeasure {
  func validate() throws(FeatureError) {
    try FeatureError.require(floor.isFinite && floor >= 0, "an energy floor of \(floor)")
  }
}
