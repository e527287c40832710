/// A sustained sound by its harmonics and the body that they pass through: bowed, blown and sung sounds, organs, pads.
///
/// Harmonic n at frequency f has the level harmonics[n] + body(f). What keeps it alive is that each harmonic wanders by itself
/// (`flutter`), the pitch does a little (`drift`), and a soft note or its beginning has a steeper spectrum (`softness`, `bloom`).
package struct Tone: Sendable, Hashable {
  /// Levels of the first harmonics in decibels.
  var harmonics: [Float]
  /// Decibels an octave by which those after the last listed one fall.
  var slope: Float
  /// How many harmonics there are.
  var count: Int
  /// What the body adds at each frequency; nil for nothing.
  var body: SpectralCurve?
  /// How far each harmonic's level wanders, root mean square, in decibels, and how many times a second it turns. That is the fourth
  /// harmonic; the fundamental wanders less than half as far, high ones by a third more.
  var flutter: Float
  var rate: Float
  /// How much of the flutter goes with the vibrato once that has its depth, 0...1.
  var vibratoFlutter: Float
  /// How far the pitch wanders, in cents.
  var drift: Float
  /// Decibels an octave by which a note of velocity 0 falls more steeply than one of velocity 127.
  var softness: Float
  /// How much of that softness a note begins with, −1...1, and the seconds in which it loses 95 % of it.
  var bloom: Float
  var bloomTime: Float

  static let maximumCount = 512
}

extension Tone {
  init(reading object: JSONObject) throws(InstrumentError) {
    try object.allowOnly([
      "harmonics", "slope", "count", "body", "flutter", "rate", "vibratoFlutter", "drift", "softness",
      "bloom",
      "bloomTime",
    ])
    harmonics = try object.numbers("harmonics", in: -90...40)
    guard (1...64).contains(harmonics.count) else {
      throw object.error("harmonics", "there are \(harmonics.count); 1 to 64 are allowed")
    }
    slope = try object.number("slope", in: -96...12, default: -12)
    count = try object.integer("count", in: 1...Self.maximumCount, default: Self.maximumCount)
    body = try object.object("body").map(SpectralCurve.init(reading:))
    flutter = try object.number("flutter", in: 0...5, default: 0)
    rate = try object.number("rate", in: 0.05...40, default: 7)
    vibratoFlutter = try object.number("vibratoFlutter", in: 0...1, default: 0)
    drift = try object.number("drift", in: 0...50, default: 0)
    softness = try object.number("softness", in: 0...24, default: 2)
    bloom = try object.number("bloom", in: -1...1, default: 0)
    bloomTime = try object.number("bloomTime", in: 0.005...20, default: 0.1)
  }

  /// The amplitudes of the harmonics of a note at `frequency` hertz, as many as `limit` at most.
  func amplitudes(frequency: Float, limit: Int) -> [Float] {
    let last = Float(harmonics.count)
    return (1...max(1, min(count, limit))).map { n in
      let level =
        n <= harmonics.count
        ? harmonics[n - 1] : harmonics[harmonics.count - 1] + slope * logarithm2(Float(n) / last)
      return decibels(max(-120, min(60, level + (body?.level(at: Float(n) * frequency) ?? 0))))
    }
  }
}
