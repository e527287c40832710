extension Vibrato {
  /// Semitones away from the key `seconds` after the note began; `wheel`, 0...1, adds to it at once.
  func semitones(after seconds: Double, wheel: Float, seed: UInt64) -> Float {
    let cents = depth * growth(after: seconds) + wheel * Self.wheelDepth
    guard cents > 0 else { return 0 }
    return cents / 100 * sine(2 * .pi * turn(after: seconds, seed: seed))
  }

  /// How much of the depth there is, 0...1.
  func growth(after seconds: Double) -> Float { min(max((Float(seconds) - delay) / fade, 0), 1) }

  /// Where in its cycle it is, in turns. No player's cycles are all as long: it hurries and lingers, but keeps its rate.
  func turn(after seconds: Double, seed: UInt64) -> Float {
    let cycles = seconds * Double(rate)
    let unevenness = Self.unevenness * SlowNoise.value(seed: seed &+ 0x7_0000, cycles: 0.4 * cycles)
    return Float(cycles - cycles.rounded(.down)) + unevenness
  }

  /// Turns by which it is early or late at most.
  private static let unevenness: Float = 0.12

  /// Cents that the modulation wheel adds at its top.
  private static let wheelDepth: Float = 50
}

extension Tremolo {
  /// What the amplitude is multiplied by `seconds` after the note began.
  func gain(after seconds: Double, seed: UInt64) -> Float {
    guard depth > 0 else { return 1 }
    let cycles = seconds * Double(rate)
    let turn = Float(cycles - cycles.rounded(.down))
    switch shape {
    case .sine: return 1 - depth * (0.5 - 0.5 * cosine(2 * .pi * turn))
    case .square: return turn < 0.5 ? 1 : 1 - depth
    case .random:
      let step = UInt64(cycles)
      let from = Self.random(seed &+ step)
      let to = Self.random(seed &+ step &+ 1)
      return 1 - depth * (from + (to - from) * turn)
    }
  }

  private static func random(_ counter: UInt64) -> Float { Float(mixed(counter) >> 40) * 0x1p-24 }
}

extension PitchSweep {
  /// Semitones away from the key `seconds` after the note began.
  func semitones(after seconds: Double) -> Float {
    guard semitones != 0 else { return 0 }
    return semitones * exponential(-3 * Float(seconds) / time)
  }
}
