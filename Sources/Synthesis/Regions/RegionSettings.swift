internal import SoundFonts

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
    scale = values[.scaleTuning]
    pitch =
      scale * (Float(key) - region.pointee.rootKey) + region.pointee.correction + 100
      * values[.coarseTune]
      + values[.fineTune]
    modulationLFOToPitch = values[.modulationLFOToPitch]
    vibratoLFOToPitch = values[.vibratoLFOToPitch]
    modulationEnvelopeToPitch = values[.modulationEnvelopeToPitch]
    cutoff = values[.filterCutoff]
    modulationLFOToCutoff = values[.modulationLFOToFilterCutoff]
    modulationEnvelopeToCutoff = values[.modulationEnvelopeToFilterCutoff]
    resonance = min(max(values[.filterResonance], 0), 960)
    modulationLFOToVolume = values[.modulationLFOToVolume]
    level = centibels(-min(max(values[.attenuation], 0), 1440))
    // Equal power: the specification leaves the law of panning open.
    let angle = (min(max(values[.pan], -500), 500) + 500) / 1000 * .pi / 2
    left = values[.pan] >= 500 ? 0 : cosine(angle)
    right = values[.pan] <= -500 ? 0 : sine(angle)
    reverb = min(max(values[.reverbSend], 0), 1000) / 1000
    chorus = min(max(values[.chorusSend], 0), 1000) / 1000
    modulationLFORate = absoluteCents(values[.modulationLFOFrequency]) / sampleRate
    vibratoLFORate = absoluteCents(values[.vibratoLFOFrequency]) / sampleRate
    release = timecents(values[.volumeEnvelopeRelease])
    modulationRelease = timecents(values[.modulationEnvelopeRelease])
  }
}

/// The amplitude that `value` centibels stand for.
@inline(__always)
func centibels(_ value: Float) -> Float { exponential2(value * (1 / (10 * decibelsPerDoubling))) }
