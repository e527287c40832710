/// What modulators have made of a region's generators, in the units that a voice computes with.
struct RegionSettings: BitwiseCopyable {
  /// Cents between the sample's own pitch and that of the key; and what a semitone of tuning adds.
  var pitch: Float = 0
  var scale: Float = 100
  var modulationLFOToPitch: Float = 0
  var vibratoLFOToPitch: Float = 0
  var modulationEnvelopeToPitch: Float = 0
  /// Absolute cents, and cents.
  var cutoff: Float = 13_500
  var modulationLFOToCutoff: Float = 0
  var modulationEnvelopeToCutoff: Float = 0
  /// Centibels.
  var resonance: Float = 0
  var modulationLFOToVolume: Float = 0
  /// The amplitude that the attenuation leaves, and the shares of it that go to each lane of a bus.
  var level: Float = 0
  var left: Float = 0
  var right: Float = 0
  var reverb: Float = 0
  var chorus: Float = 0
  /// Turns in a frame.
  var modulationLFORate: Float = 0
  var vibratoLFORate: Float = 0
  /// Seconds from the peak to nothing.
  var release: Float = 0
  var modulationRelease: Float = 0

  init() {}

  /// Whether each oscillator moves anything.
  var isSwayed: (modulation: Bool, vibrato: Bool) {
    (
      modulationLFOToPitch != 0 || modulationLFOToCutoff != 0 || modulationLFOToVolume != 0,
      vibratoLFOToPitch != 0
    )
  }

  /// Whether the modulation envelope moves anything.
  var isBent: Bool { modulationEnvelopeToPitch != 0 || modulationEnvelopeToCutoff != 0 }

  /// - Parameters:
  ///   - values: The generators with what modulators add to them; the attenuation is real centibels.
  ///   - key: The key that is played.
  init(
    _ values: InlineArray<60, Float>, key: Int, region: UnsafePointer<Region>, sampleRate: Float
  ) {
    typealias Index = GeneratorIndex
    scale = values[Index.scaleTuning]
    pitch =
      scale * (Float(key) - region.pointee.rootKey) + region.pointee.correction + 100
      * values[Index.coarseTune]
      + values[Index.fineTune]
    modulationLFOToPitch = values[Index.modulationLFOToPitch]
    vibratoLFOToPitch = values[Index.vibratoLFOToPitch]
    modulationEnvelopeToPitch = values[Index.modulationEnvelopeToPitch]
    cutoff = values[Index.filterCutoff]
    modulationLFOToCutoff = values[Index.modulationLFOToFilterCutoff]
    modulationEnvelopeToCutoff = values[Index.modulationEnvelopeToFilterCutoff]
    resonance = min(max(values[Index.filterResonance], 0), 960)
    modulationLFOToVolume = values[Index.modulationLFOToVolume]
    level = centibels(-min(max(values[Index.attenuation], 0), 1440))
    // Equal power: the specification leaves the law of panning open.
    let angle = (min(max(values[Index.pan], -500), 500) + 500) / 1000 * .pi / 2
    left = values[Index.pan] >= 500 ? 0 : cosine(angle)
    right = values[Index.pan] <= -500 ? 0 : sine(angle)
    reverb = min(max(values[Index.reverbSend], 0), 1000) / 1000
    chorus = min(max(values[Index.chorusSend], 0), 1000) / 1000
    modulationLFORate = absoluteCents(values[Index.modulationLFOFrequency]) / sampleRate
    vibratoLFORate = absoluteCents(values[Index.vibratoLFOFrequency]) / sampleRate
    release = timecents(values[Index.volumeEnvelopeRelease])
    modulationRelease = timecents(values[Index.modulationEnvelopeRelease])
  }
}

/// The amplitude that `value` centibels stand for.
@inline(__always)
func centibels(_ value: Float) -> Float { exponential2(value * (1 / (10 * decibelsPerDoubling))) }

/// The places of generators, as constants.
enum GeneratorIndex {
  static let modulationLFOToPitch = 5
  static let vibratoLFOToPitch = 6
  static let modulationEnvelopeToPitch = 7
  static let filterCutoff = 8
  static let filterResonance = 9
  static let modulationLFOToFilterCutoff = 10
  static let modulationEnvelopeToFilterCutoff = 11
  static let modulationLFOToVolume = 13
  static let chorusSend = 15
  static let reverbSend = 16
  static let pan = 17
  static let modulationLFODelay = 21
  static let modulationLFOFrequency = 22
  static let vibratoLFODelay = 23
  static let vibratoLFOFrequency = 24
  static let modulationEnvelopeDelay = 25
  static let modulationEnvelopeAttack = 26
  static let modulationEnvelopeHold = 27
  static let modulationEnvelopeDecay = 28
  static let modulationEnvelopeSustain = 29
  static let modulationEnvelopeRelease = 30
  static let keyToModulationEnvelopeHold = 31
  static let keyToModulationEnvelopeDecay = 32
  static let volumeEnvelopeDelay = 33
  static let volumeEnvelopeAttack = 34
  static let volumeEnvelopeHold = 35
  static let volumeEnvelopeDecay = 36
  static let volumeEnvelopeSustain = 37
  static let volumeEnvelopeRelease = 38
  static let keyToVolumeEnvelopeHold = 39
  static let keyToVolumeEnvelopeDecay = 40
  static let key = 46
  static let velocity = 47
  static let attenuation = 48
  static let coarseTune = 51
  static let fineTune = 52
  static let scaleTuning = 56
}
