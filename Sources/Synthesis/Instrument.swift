/// An instrument: the programs or drum keys that it plays, and the layers that make its sound.
public struct Instrument: Sendable, Hashable {
  /// What it is called, unique in its library.
  public var name: String
  /// Its family.
  public var family: InstrumentFamily
  /// The General MIDI programs, 0...127, that it plays; empty for drums.
  public var programs: [Int]
  /// The drum keys, 0...127, that it plays; empty for anything else.
  public var drumKeys: [Int]
  /// Whether a key gives the pitch of its name; false for drums, breaths, gunshots and the like.
  public var isPitched: Bool
  /// Level relative to the other instruments, in decibels.
  package var level: Float
  /// Place between left (−1) and right (1).
  package var pan: Float
  /// How far four octaves of its keys are spread, on the scale of `pan`: a piano's bass is left of its treble.
  package var keyPan: Float
  /// How much of it goes to the reverb, 1 being the usual amount.
  package var reverbSend: Float
  /// Drums of one group cut each other off, as an open hi-hat is by a closed one; 0 is no group.
  package var chokeGroup: Int
  /// The layers, which sound together.
  package var layers: [Layer]
}

/// One sound generator of an instrument with its envelope, filter and place.
package struct Layer: Sendable, Hashable {
  /// Where its samples come from.
  var source: SoundSource
  /// Level in decibels.
  var gain: Float
  /// Place between left (−1) and right (1), added to the instrument's.
  var pan: Float
  /// What the key's frequency is multiplied by.
  var ratio: Float
  /// Octaves that the pitch moves for an octave on the keys, around middle C: 1 for instruments, less for drums that are tuned loosely.
  var tracking: Float
  /// A fixed frequency in hertz instead of the key's; 0 if the key decides.
  var frequency: Float
  /// Copies that are slightly out of tune.
  var unison: Unison
  /// Amplitude over time.
  var envelope: Envelope
  /// What shapes its spectrum; nil passes everything.
  var filter: Filter?
  /// How the pitch moves when the note starts.
  var pitchSweep: PitchSweep
  /// Periodic change of pitch.
  var vibrato: Vibrato
  /// Periodic change of loudness.
  var tremolo: Tremolo
  /// Seconds in which it rises evenly by 60 decibels, as a sound does that is played backwards; 0 for none.
  var swell: Float
  /// Amplitude is proportional to (velocity / 127) to this power.
  var velocityExponent: Float
  /// A note shorter than its envelope sounds to the end, as drums do.
  var isOneShot: Bool
  /// Whether a tone is heard from a rotary speaker, which the modulation wheel then makes fast instead of adding vibrato.
  var isRotary: Bool
}

/// Copies of an oscillator around the one in tune, in pairs as far above as below.
///
/// The phases of a pair also begin as far before as behind, so that together they beat with the middle one but do not
/// change its pitch.
package struct Unison: Sendable, Hashable, BitwiseCopyable {
  /// How many pairs, 0...`maximumPairs`.
  var pairs: Int
  /// The outermost pair's distance from the middle, in cents.
  var detune: Float
  /// How far the two of a pair are apart: 0 both in the middle, 1 left and right.
  var spread: Float

  static let single = Unison(pairs: 0, detune: 0, spread: 0)
  static let maximumPairs = 3
  static let maximumCopies = 1 + 2 * maximumPairs
}

/// Delay, attack, hold, decay, sustain, release, in exponential segments.
///
/// Times are seconds. A decay or release has gone 60 dB of its way after its time; an attack is complete.
package struct Envelope: Sendable, Hashable, BitwiseCopyable {
  var delay: Float
  var attack: Float
  var hold: Float
  var decay: Float
  /// The level that the decay approaches, 0...1.
  var sustain: Float
  var release: Float
  /// Octaves by which decay and release shorten for each octave above middle C.
  var keyScaling: Float

  static let organ = Envelope(
    delay: 0, attack: 0.005, hold: 0, decay: 0.1, sustain: 1, release: 0.08, keyScaling: 0)
}

/// A second-order filter whose cutoff follows key, velocity and an envelope.
package struct Filter: Sendable, Hashable, BitwiseCopyable {
  enum Kind: String, CaseIterable { case lowpass, highpass, bandpass }

  var kind: Kind
  /// Cutoff or middle frequency at middle C, in hertz.
  var cutoff: Float
  /// Quality factor; 0.707 has no peak.
  var resonance: Float
  /// Octaves that the cutoff moves for an octave on the keys.
  var keyTracking: Float
  /// Octaves between velocities 1 and 127; velocity 100 is the middle.
  var velocityTracking: Float
  /// Octaves that the envelope adds at its peak.
  var envelopeAmount: Float
  var envelope: Envelope
}

/// A pitch that starts off the note and glides to it.
package struct PitchSweep: Sendable, Hashable, BitwiseCopyable {
  /// The distance at the start, in semitones.
  var semitones: Float
  /// When 95 % of the way is done, in seconds.
  var time: Float

  static let none = PitchSweep(semitones: 0, time: 0.01)
}

/// A periodic change of pitch.
package struct Vibrato: Sendable, Hashable, BitwiseCopyable {
  /// Hertz.
  var rate: Float
  /// Cents to either side, besides what the modulation wheel adds.
  var depth: Float
  /// Seconds before it begins, and seconds until it has its full depth.
  var delay: Float
  var fade: Float

  static let none = Vibrato(rate: 5.5, depth: 0, delay: 0.3, fade: 0.4)
}

/// A periodic change of loudness.
package struct Tremolo: Sendable, Hashable, BitwiseCopyable {
  enum Shape: String, CaseIterable { case sine, square, random }

  var shape: Shape
  /// Hertz.
  var rate: Float
  /// 0 none, 1 down to silence.
  var depth: Float

  static let none = Tremolo(shape: .sine, rate: 5, depth: 0)
}
