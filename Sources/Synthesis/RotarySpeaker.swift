/// The rotary speaker of an organ: a horn for what lies above 800 Hz and a drum for what lies below, each turning at a speed of its own.
///
/// A listener hears each approach and recede, by the Doppler effect and by its loudness, which differs in two microphones a third
/// of a turn apart. Speeds are those of the Leslie 122 (Henricksen 1981); the model is that of Smith, Serafin, Abel and Berners
/// (“Doppler Simulation and the Leslie”, DAFx 2002), applied to the harmonics instead of their sum, which is the same.
struct RotarySpeaker: BitwiseCopyable {
  var horn = Rotor(speed: Part.horn.slow)
  var drum = Rotor(speed: Part.drum.slow)

  /// One of the two.
  enum Part: BitwiseCopyable { case horn, drum }

  /// Where a rotor is, and how fast it turns.
  struct Rotor: BitwiseCopyable {
    /// In turns, 0..<1.
    var angle: Float = 0
    /// In turns a second.
    var speed: Float

    /// Where it will be some seconds later.
    func after(_ seconds: Float) -> Rotor {
      let angle = angle + speed * seconds
      return Rotor(angle: angle - angle.rounded(.down), speed: speed)
    }
  }

  subscript(part: Part) -> Rotor { part == .horn ? horn : drum }

  /// Turns both for some seconds; their speeds approach the one that is chosen, the heavy drum's far more slowly.
  mutating func turn(_ seconds: Float, isFast: Bool) {
    horn = Part.horn.driven(horn.after(seconds), seconds, isFast)
    drum = Part.drum.driven(drum.after(seconds), seconds, isFast)
  }

  /// As it is some seconds later, within a segment.
  func after(_ seconds: Float) -> RotarySpeaker {
    RotarySpeaker(horn: horn.after(seconds), drum: drum.after(seconds))
  }

  /// Between the two, in hertz.
  private static let crossover: Float = 800
}

extension RotarySpeaker.Part {
  /// Turns a second.
  var slow: Float { self == .horn ? 0.8 : 0.67 }
  private var fast: Float { self == .horn ? 6.8 : 5.7 }
  /// Seconds in which 63 % of a change of speed is done.
  private var inertia: Float { self == .horn ? 0.35 : 1.4 }
  /// How far from the axis the sound seems to come from, in meters: less than the rotor's radius, as much of the sound is
  /// reflected by the cabinet.
  private var radius: Float { self == .horn ? 0.08 : 0.025 }
  /// How much louder and softer it becomes.
  private var depth: Float { self == .horn ? 0.45 : 0.25 }

  fileprivate func driven(
    _ rotor: RotarySpeaker.Rotor, _ seconds: Float, _ isFast: Bool
  ) -> RotarySpeaker.Rotor {
    let target = isFast ? fast : slow
    guard rotor.speed != target else { return rotor }
    let speed = rotor.speed + (target - rotor.speed) * min(1, seconds / inertia)
    return RotarySpeaker.Rotor(angle: rotor.angle, speed: abs(speed - target) < 1e-3 ? target : speed)
  }

  /// What part of a frequency in hertz goes through it; both together are 1.
  func share(of frequency: Float) -> Float {
    let square = frequency * frequency / (RotarySpeaker.crossover * RotarySpeaker.crossover)
    return (self == .horn ? square : 1) / (1 + square)
  }

  /// Semitones by which it is heard higher.
  func semitones(_ rotor: RotarySpeaker.Rotor) -> Float {
    // 12·log₂(1 + v/c) of a small v/c, c being 343 m/s.
    12 / 0.693_147 * 2 * .pi * rotor.speed * radius / 343 * sine(2 * .pi * rotor.angle)
  }

  /// What left and right are multiplied by.
  func gains(_ rotor: RotarySpeaker.Rotor) -> SIMD2<Float> {
    let (c, s) = (cosine(2 * .pi * rotor.angle), sine(2 * .pi * rotor.angle))
    // Microphones 60° to either side of where it faces at angle 0.
    let facing = SIMD2(0.5 * c + 0.866 * s, 0.5 * c - 0.866 * s)
    return (1 + depth * facing) / (1 + 0.5 * depth * depth).squareRoot()
  }
}
