/// Noise that moves slowly: straight lines between random values, the same from the same seed.
enum SlowNoise {
  /// The value, −1...1, after `cycles` of its rate.
  static func value(seed: UInt64, cycles: Double) -> Float {
    let step = UInt64(max(0, cycles))
    let share = Float(cycles - Double(step))
    let from = random(seed &+ step)
    return from + (random(seed &+ step &+ 1) - from) * share
  }

  /// A point of the unit disc after `cycles` of its rate. It goes from one random place near the rim to another, so that each projection
  /// of it moves much but never beyond 1.
  static func point(seed: UInt64, cycles: Double) -> SIMD2<Float> {
    let step = UInt64(max(0, cycles))
    let share = Float(cycles - Double(step))
    let from = place(mixed(seed &+ step))
    return from + (place(mixed(seed &+ step &+ 1)) - from) * share
  }

  /// The root mean square of a projection of the point.
  static let pointLevel: Float = 0.49

  private static func random(_ counter: UInt64) -> Float { Float(mixed(counter) >> 40) * 0x1p-23 - 1 }

  /// A place 0.7 to 1 from the middle of the disc.
  private static func place(_ bits: UInt64) -> SIMD2<Float> {
    // A half circle by the rational parameter of its points, and the other half by a sign: as good as even, without an angle.
    let t = Float(bits >> 40) * 0x1p-23 - 1
    let radius = (0.7 + 0.3 * Float(bits & 0xFFFF) * 0x1p-16) / (1 + t * t)
    let sign: Float = bits & 0x10000 == 0 ? 1 : -1
    return sign * radius * SIMD2(1 - t * t, 2 * t)
  }
}
