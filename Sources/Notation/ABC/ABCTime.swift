/// ABC's note lengths as integers: fractions of a whole note in grains so fine that powers of two down to 1/256,
/// tuplets of every number to 15 and triplets within triplets are exact.
enum ABCTime {
  /// Grains in a whole note: 2¹⁰ · 3³ · 5 · 7 · 11 · 13.
  static let whole = 138_378_240
  /// Grains in a quarter note.
  static let quarter = whole / 4
  /// The longest note, rest or chord that is read.
  static let longestNote = 256 * whole
  /// The shortest.
  static let shortestNote = whole / 1024
  /// The longest tune that is played: some five hours at the standard tempo.
  static let longestTune = 10_000 * whole

  /// `length · numerator / denominator`, rounded; nil if it would be no sensible length.
  static func scaled(_ length: Int, by numerator: Int, over denominator: Int) -> Int? {
    guard denominator > 0 else { return nil }
    let (product, overflow) = length.multipliedReportingOverflow(by: numerator)
    guard !overflow else { return nil }
    let result = (product + denominator / 2) / denominator
    return result <= longestNote ? result : nil
  }

  /// The ticks in a quarter note that make all of `lengths` whole numbers of ticks: 480 or a multiple of it where one
  /// fits into a MIDI file's division, otherwise the smallest number that does; `isExact` is false if none fits.
  static func ticksPerQuarter(forDivisor divisor: Int) -> (ticks: Int, isExact: Bool) {
    let needed = quarter / greatestCommonDivisor(quarter, divisor)
    let combined = needed / greatestCommonDivisor(needed, 480) * 480
    if combined <= 32_767 { return (combined, true) }
    if needed <= 32_767 { return (needed, true) }
    return (30_240, false)
  }

  /// Grains to ticks, rounded where the ticks are too coarse.
  static func ticks(_ grains: Int, ticksPerQuarter: Int) -> Int {
    let (quarters, rest) = grains.quotientAndRemainder(dividingBy: quarter)
    return quarters * ticksPerQuarter + (rest * ticksPerQuarter + quarter / 2) / quarter
  }
}

/// The greatest common divisor; of 0 and a number it is the number.
func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  var (a, b) = (a.magnitude, b.magnitude)
  while b != 0 { (a, b) = (b, a % b) }
  return Int(a)
}
