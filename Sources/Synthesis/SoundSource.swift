/// Where a layer's samples come from.
package enum SoundSource: Sendable, Hashable {
  /// A periodic wave, band-limited at every pitch.
  case wave(Waveform)
  /// Harmonics that pass through a body and wander.
  case tone(Tone)
  /// A sine whose phase another sine moves.
  case frequencyModulation(FrequencyModulation)
  /// Noise of equal (white) or 6 dB an octave falling (red) density.
  case noise(NoiseColor)
  /// Noise of any color.
  case coloredNoise(ColoredNoise)
  /// A plucked string.
  case string(PluckedString)
  /// A sum of sines, each with its own decay: struck strings, bars, bells, skins.
  case modes(Modes)
}

/// One period of a wave by its harmonics.
package enum Waveform: Sendable, Hashable {
  case saw
  case triangle
  /// A pulse that is high for this part of the period; 0.5 is a square.
  case pulse(width: Float)
  /// The amplitudes of the harmonics from the first on.
  case harmonics([Float])
}

package enum NoiseColor: String, Sendable, Hashable, BitwiseCopyable, CaseIterable { case white, red }

/// Noise whose spectrum is a curve.
package struct ColoredNoise: Sendable, Hashable {
  /// Levels of bands of equal ratio.
  var curve: SpectralCurve
  /// Octaves that the spectrum moves for an octave on the keys.
  var keyTracking: Float
  /// Whether left and right have noises of their own.
  var isStereo: Bool
  /// How far each third of an octave rises and falls by itself, root mean square, in decibels, as cymbals do.
  var shimmer: Float
}

/// Two sines, one moving the other's phase (Chowning 1973), the first also moving its own.
package struct FrequencyModulation: Sendable, Hashable, BitwiseCopyable {
  /// Frequencies as multiples of the layer's.
  var carrier: Float
  var modulator: Float
  /// The largest phase deviation in radians.
  var index: Float
  /// How much of the modulator moves the modulator itself, in radians.
  var feedback: Float
  /// Octaves of index between velocities 1 and 127.
  var velocityTracking: Float
  /// Octaves by which the index falls for each octave above middle C.
  var keyScaling: Float
  /// The index over time.
  var envelope: Envelope
}

/// A string as a delay line whose content circulates through a lowpass (Karplus & Strong 1983).
package struct PluckedString: Sendable, Hashable, BitwiseCopyable {
  /// Seconds to −60 dB at middle C.
  var decay: Float
  /// Octaves by which the decay shortens for each octave above middle C.
  var keyScaling: Float
  /// 0 dull, 1 brightest: how little each round trip attenuates the highest frequencies.
  var brightness: Float
  /// Where it is plucked, as a part of its length.
  var pickPosition: Float
  /// How much noise there is in the pluck, 0...1.
  var pickNoise: Float
  /// The pluck's own cutoff in hertz at velocity 100, and its octaves between velocities 1 and 127.
  var pickCutoff: Float
  var velocityTracking: Float
}

/// Decaying sines.
package struct Modes: Sendable, Hashable {
  /// One sine against the layer's frequency.
  struct Mode: Sendable, Hashable, BitwiseCopyable {
    /// Frequency before stretching, 1 being the layer's.
    var ratio: Float
    /// Amplitude before the strike's cutoff.
    var amplitude: Float
    /// Seconds to −60 dB at middle C.
    var decay: Float
  }

  var modes: [Mode]
  /// Stiffness B of a struck string at middle C: mode n lies at n·√(1 + B·n²). It doubles with each octave.
  var inharmonicity: Float
  /// The strike's cutoff in hertz at velocity 100, 0 for none, and its octaves between velocities 1 and 127.
  var cutoff: Float
  var velocityTracking: Float
  /// Octaves by which the decays shorten for each octave above middle C.
  var keyScaling: Float
  /// What the body adds at each frequency; nil for nothing.
  var body: SpectralCurve?
  /// Decibels an octave above the first mode by which a note of velocity 0 falls more steeply than one of velocity 127; at velocity 100
  /// the levels are as listed.
  var softness: Float

  static let maximumCount = 96
}
