/// Ticks to steps.
struct Grid {
  let ticksPerQuarter: Int
  let stepsPerQuarter: Int

  /// The nearest step; a tick half way goes to the later one, a negative tick to the beginning.
  @inline(__always)
  func step(at tick: Int) -> Int {
    guard tick > 0 else { return 0 }
    // Beyond this, the score is too long in any case, and the product could overflow.
    guard tick < 1 << 50 else { return Int(Int32.max) }
    return (2 * tick * stepsPerQuarter + ticksPerQuarter) / (2 * ticksPerQuarter)
  }
}
