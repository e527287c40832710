/// A parameter of a region of sound: the generator enumerators of SoundFont 2.04, §8.1.2, by their numbers in a file.
///
/// Times are in timecents (1200·log₂ of seconds), frequencies in absolute cents (1200·log₂(f / 8.176 Hz)), depths in cents or
/// centibels, sends and pan in tenths of a percent. Numbers that the specification reserves have no case.
package enum Generator: Int, CaseIterable, Sendable {
  /// Frames added to the sample's start, and 32,768 times the coarse one.
  case startOffset = 0
  /// Frames added to the sample's end.
  case endOffset = 1
  /// Frames added to the loop's start.
  case loopStartOffset = 2
  /// Frames added to the loop's end.
  case loopEndOffset = 3
  /// 32,768 frames each, added to the sample's start.
  case startCoarseOffset = 4
  /// Cents of pitch at the peak of the modulation LFO.
  case modulationLFOToPitch = 5
  /// Cents of pitch at the peak of the vibrato LFO.
  case vibratoLFOToPitch = 6
  /// Cents of pitch at the peak of the modulation envelope.
  case modulationEnvelopeToPitch = 7
  /// The low-pass filter's corner, in absolute cents.
  case filterCutoff = 8
  /// The height of the filter's resonance over its gain at 0 Hz, in centibels.
  case filterResonance = 9
  /// Cents of the filter's corner at the peak of the modulation LFO.
  case modulationLFOToFilterCutoff = 10
  /// Cents of the filter's corner at the peak of the modulation envelope.
  case modulationEnvelopeToFilterCutoff = 11
  /// 32,768 frames each, added to the sample's end.
  case endCoarseOffset = 12
  /// Centibels of level at the peak of the modulation LFO.
  case modulationLFOToVolume = 13
  /// How much goes to the chorus, in tenths of a percent.
  case chorusSend = 15
  /// How much goes to the reverb, in tenths of a percent.
  case reverbSend = 16
  /// The place between left (−500) and right (500), in tenths of a percent.
  case pan = 17
  /// Timecents before the modulation LFO begins.
  case modulationLFODelay = 21
  /// The modulation LFO's frequency, in absolute cents.
  case modulationLFOFrequency = 22
  /// Timecents before the vibrato LFO begins.
  case vibratoLFODelay = 23
  /// The vibrato LFO's frequency, in absolute cents.
  case vibratoLFOFrequency = 24
  /// Timecents before the modulation envelope's attack.
  case modulationEnvelopeDelay = 25
  /// Timecents of the modulation envelope's attack, convex from 0 to its peak.
  case modulationEnvelopeAttack = 26
  /// Timecents at the modulation envelope's peak.
  case modulationEnvelopeHold = 27
  /// Timecents that the modulation envelope would take from its peak to 0.
  case modulationEnvelopeDecay = 28
  /// How far the modulation envelope decays, in tenths of a percent below its peak.
  case modulationEnvelopeSustain = 29
  /// Timecents that the modulation envelope would take from its peak to 0 after the note.
  case modulationEnvelopeRelease = 30
  /// Timecents by which the modulation envelope's hold grows with each key below 60.
  case keyToModulationEnvelopeHold = 31
  /// Timecents by which the modulation envelope's decay grows with each key below 60.
  case keyToModulationEnvelopeDecay = 32
  /// Timecents before the volume envelope's attack.
  case volumeEnvelopeDelay = 33
  /// Timecents of the volume envelope's attack, linear in amplitude.
  case volumeEnvelopeAttack = 34
  /// Timecents at the volume envelope's peak.
  case volumeEnvelopeHold = 35
  /// Timecents that the volume envelope would take to fall by 96 dB (100 in the specification; 96 on the hardware that banks are made for).
  case volumeEnvelopeDecay = 36
  /// How far the volume envelope decays, in centibels below its peak.
  case volumeEnvelopeSustain = 37
  /// Timecents that the volume envelope would take to fall by 96 dB after the note.
  case volumeEnvelopeRelease = 38
  /// Timecents by which the volume envelope's hold grows with each key below 60.
  case keyToVolumeEnvelopeHold = 39
  /// Timecents by which the volume envelope's decay grows with each key below 60.
  case keyToVolumeEnvelopeDecay = 40
  /// Which instrument a preset's zone plays; the last generator of such a zone.
  case instrument = 41
  /// The keys that a zone is for: the lowest in the low byte, the highest in the high one.
  case keyRange = 43
  /// The velocities that a zone is for, as the keys.
  case velocityRange = 44
  /// 32,768 frames each, added to the loop's start.
  case loopStartCoarseOffset = 45
  /// The key that is taken to have been pressed; −1 for the one that was.
  case key = 46
  /// The velocity that is taken to have been played; −1 for the one that was.
  case velocity = 47
  /// Centibels of attenuation. Sound Blaster hardware applies four tenths of it, which all banks expect.
  case attenuation = 48
  /// 32,768 frames each, added to the loop's end.
  case loopEndCoarseOffset = 50
  /// Semitones of pitch.
  case coarseTune = 51
  /// Cents of pitch. Also what the default modulator of the pitch wheel changes, which the specification calls “initial pitch”
  /// (§8.4.10) without such a generator; banks that replace that modulator name this one.
  case fineTune = 52
  /// Which sample an instrument's zone plays; the last generator of such a zone.
  case sample = 53
  /// 0 and 2: no loop; 1: a loop that goes on in the release; 3: a loop until the key is released, then the rest.
  case loopMode = 54
  /// Cents between neighboring keys.
  case scaleTuning = 56
  /// Notes of one class, other than 0, end each other within a preset.
  case exclusiveClass = 57
  /// The key at which the sample has its own pitch; −1 for that in the sample's header.
  case rootKey = 58

  /// How a generator may be used (§8.1.1).
  package enum Kind: Sendable {
    /// It names an instrument or sample.
    case index
    /// It limits keys or velocities.
    case range
    /// A number that instruments set, presets add to and modulators change.
    case value
    /// It takes the place of a note's key or velocity; in instruments only.
    case substitution
    /// An offset into the sample; in instruments only.
    case sampleOffset
    /// It says how the sample is played; in instruments only.
    case sample
  }

  /// How it may be used.
  package var kind: Kind {
    switch self {
    case .instrument, .sample: .index
    case .keyRange, .velocityRange: .range
    case .key, .velocity: .substitution
    case .startOffset, .endOffset, .loopStartOffset, .loopEndOffset, .startCoarseOffset, .endCoarseOffset,
      .loopStartCoarseOffset, .loopEndCoarseOffset:
      .sampleOffset
    case .loopMode, .exclusiveClass, .rootKey: .sample
    default: .value
    }
  }

  /// Its value where no zone sets it (§8.1.3).
  package var defaultValue: Int {
    switch self {
    case .filterCutoff: 13_500
    case .modulationLFODelay, .vibratoLFODelay, .modulationEnvelopeDelay, .modulationEnvelopeAttack,
      .modulationEnvelopeHold, .modulationEnvelopeDecay, .modulationEnvelopeRelease, .volumeEnvelopeDelay,
      .volumeEnvelopeAttack, .volumeEnvelopeHold, .volumeEnvelopeDecay, .volumeEnvelopeRelease:
      -12_000
    case .keyRange, .velocityRange: 127 << 8
    case .key, .velocity, .rootKey, .instrument, .sample: -1
    case .scaleTuning: 100
    default: 0
    }
  }

  /// What it may be (§8.1.3), also after modulators were added, save for the fine tuning, which the pitch wheel moves by up to
  /// 12,700 cents.
  package var range: ClosedRange<Int> {
    switch self {
    case .startOffset, .startCoarseOffset: 0...32_767
    case .endOffset, .endCoarseOffset: -32_768...0
    case .loopStartOffset, .loopEndOffset, .loopStartCoarseOffset, .loopEndCoarseOffset: -32_768...32_767
    case .modulationLFOToPitch, .vibratoLFOToPitch, .modulationEnvelopeToPitch, .modulationLFOToFilterCutoff,
      .modulationEnvelopeToFilterCutoff:
      -12_000...12_000
    case .filterCutoff: 1_500...13_500
    case .filterResonance, .modulationLFOToVolume: self == .filterResonance ? 0...960 : -960...960
    case .chorusSend, .reverbSend, .modulationEnvelopeSustain: 0...1_000
    case .pan: -500...500
    case .modulationLFODelay, .vibratoLFODelay, .modulationEnvelopeDelay, .modulationEnvelopeHold,
      .volumeEnvelopeDelay, .volumeEnvelopeHold:
      -12_000...5_000
    case .modulationLFOFrequency, .vibratoLFOFrequency: -16_000...4_500
    case .modulationEnvelopeAttack, .modulationEnvelopeDecay, .modulationEnvelopeRelease,
      .volumeEnvelopeAttack, .volumeEnvelopeDecay, .volumeEnvelopeRelease:
      -12_000...8_000
    case .keyToModulationEnvelopeHold, .keyToModulationEnvelopeDecay, .keyToVolumeEnvelopeHold,
      .keyToVolumeEnvelopeDecay:
      -1_200...1_200
    case .volumeEnvelopeSustain, .attenuation: 0...1_440
    case .instrument, .sample: -1...65_535
    case .keyRange, .velocityRange: 0...65_535
    case .key, .velocity, .rootKey: -1...127
    case .coarseTune: -120...120
    case .fineTune: -99...99
    case .loopMode: 0...3
    case .scaleTuning: 0...1_200
    case .exclusiveClass: 0...127
    }
  }

  /// What the sum of an instrument's and a preset's value may be.
  ///
  /// It is the range, save for two: a preset may take attenuation away that a modulator adds, so that only the sum of all
  /// three is at least 0; and the fine tunings of both levels are both heard.
  package var rangeBeforeModulation: ClosedRange<Int> {
    switch self {
    case .attenuation: -1_440...1_440
    case .fineTune: -198...198
    default: range
    }
  }
}

/// The value of each generator: 122 bytes, without reference counting.
package struct GeneratorValues: Sendable {
  private var values: InlineArray<60, Int16>

  /// All generators at their defaults.
  package init() {
    values = InlineArray(repeating: 0)
    for generator in Generator.allCases { self[generator] = generator.defaultValue }
  }

  /// Zero for each generator, to add to.
  static var zero: GeneratorValues {
    var result = GeneratorValues()
    result.values = InlineArray(repeating: 0)
    return result
  }

  /// A generator's value; the ranges and indices are for reading a file alone.
  package subscript(generator: Generator) -> Int {
    @inline(__always) get { Int(values[generator.rawValue]) }
    set { values[generator.rawValue] = Int16(clamping: newValue) }
  }
}

extension GeneratorValues: Equatable {
  /// Whether all are equal.
  package static func == (a: GeneratorValues, b: GeneratorValues) -> Bool {
    (0..<60).allSatisfy { a.values[$0] == b.values[$0] }
  }
}
