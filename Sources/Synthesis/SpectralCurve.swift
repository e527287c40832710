/// Levels at some frequencies, joined by straight lines over the logarithm of frequency and level beyond the ends: the resonances of
/// a body, the color of a noise.
package struct SpectralCurve: Sendable, Hashable {
  /// Hertz, rising.
  var frequencies: [Float]
  /// Decibels, one for each frequency.
  var levels: [Float]

  /// How many points a curve can have.
  static let maximumCount = 32

  /// The level in decibels at a frequency in hertz.
  func level(at frequency: Float) -> Float {
    frequencies.withUnsafeBufferPointer { frequencies in
      levels.withUnsafeBufferPointer { levels in
        CurvePoints(frequencies: frequencies.baseAddress, levels: levels.baseAddress, count: levels.count)
          .level(at: frequency)
      }
    }
  }
}

/// A curve in memory that a voice reads without counting references; no points are a level of 0 everywhere.
struct CurvePoints {
  var frequencies: UnsafePointer<Float>?
  var levels: UnsafePointer<Float>?
  var count: Int

  static var none: CurvePoints { CurvePoints(frequencies: nil, levels: nil, count: 0) }

  init(frequencies: UnsafePointer<Float>?, levels: UnsafePointer<Float>?, count: Int) {
    self.frequencies = frequencies
    self.levels = levels
    self.count = count
  }

  /// A copy of `curve` in `arena`.
  init(_ curve: SpectralCurve?, arena: Arena) {
    guard let curve else {
      self = .none
      return
    }
    let x = arena.allocate(curve.frequencies.count, of: Float(0))
    let y = arena.allocate(curve.levels.count, of: Float(0))
    for (index, value) in curve.frequencies.enumerated() { x[index] = value }
    for (index, value) in curve.levels.enumerated() { y[index] = value }
    self.init(frequencies: UnsafePointer(x), levels: UnsafePointer(y), count: curve.levels.count)
  }

  /// The level in decibels at a frequency in hertz.
  func level(at frequency: Float) -> Float {
    guard let frequencies, let levels, count > 0 else { return 0 }
    if frequency <= frequencies[0] { return levels[0] }
    for index in 1..<max(1, count) where frequency < frequencies[index] {
      let share =
        logarithm2(frequency / frequencies[index - 1])
        / logarithm2(frequencies[index] / frequencies[index - 1])
      return levels[index - 1] + share * (levels[index] - levels[index - 1])
    }
    return levels[count - 1]
  }
}

extension SpectralCurve {
  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly(["frequencies", "levels"])
    try self.init(points: object)
  }

  /// The points of a curve among other members.
  init(points object: JSONObject) throws(InstrumentError) {
    frequencies = try object.numbers("frequencies", in: 5...24_000)
    levels = try object.numbers("levels", in: -90...40)
    guard (1...Self.maximumCount).contains(frequencies.count) else {
      throw object.error(
        "frequencies", "there are \(frequencies.count); 1 to \(Self.maximumCount) are allowed")
    }
    guard levels.count == frequencies.count else {
      throw object.error("levels", "there are \(levels.count) for \(frequencies.count) frequencies")
    }
    guard zip(frequencies, frequencies.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw object.error("frequencies", "each must be above the one before it")
    }
  }
}
