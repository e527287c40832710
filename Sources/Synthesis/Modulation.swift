extension Vibrato {
  /// Semitones away from the key `seconds` after the note began; `wheel`, 0...1, adds to it at once.
  func semitones(after seconds: Double, wheel: Float) -> Float {
    let grown = min(max((Float(seconds) - delay) / fade, 0), 1)
    let cents = depth * grown + wheel * Self.wheelDepth
    guard cents > 0 else { return 0 }
    let cycles = seconds * Double(rate)
    return cents / 100 * sine(2 * .pi * Float(cycles - cycles.rounded(.down)))
  }

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
