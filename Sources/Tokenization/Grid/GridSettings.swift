internal import Music

/// The settings that tokenizers on a grid of bars share, as far as they can be wrong.
struct GridSettings {
  var stepsPerQuarter: Int
  var maximumDuration: Int
  var maximumBarLength: Int
  var velocityCount: Int
  var slowestTempo: Int
  var fastestTempo: Int
  var timeSignature: TimeSignature?

  /// Checks every setting.
  /// - Throws: `TokenizationError.invalidConfiguration`.
  func validate() throws(TokenizationError) {
    try requireSetting(
      (4...96).contains(stepsPerQuarter) && stepsPerQuarter % 4 == 0, "stepsPerQuarter", stepsPerQuarter,
      "a multiple of 4 from 4 to 96")
    try requireSetting(
      (1...4_095).contains(maximumDuration), "maximumDuration", maximumDuration, "1 to 4095 steps")
    try requireSetting(
      (4 * stepsPerQuarter...4_095).contains(maximumBarLength), "maximumBarLength", maximumBarLength,
      "from a bar of 4/4, \(4 * stepsPerQuarter), to 4095 steps")
    try requireSetting((1...127).contains(velocityCount), "velocityCount", velocityCount, "1 to 127")
    try requireSetting((15...120).contains(slowestTempo), "slowestTempo", slowestTempo, "15 to 120")
    try requireSetting((120...480).contains(fastestTempo), "fastestTempo", fastestTempo, "120 to 480")
    guard let timeSignature else { return }
    let supported = MeterScale.timeSignatures(
      stepsPerQuarter: stepsPerQuarter, maximumLength: maximumBarLength)
    try requireSetting(
      supported.contains(timeSignature), "metre", timeSignature,
      "one whose bar has at most \(maximumBarLength) steps, over 2, 4, 8 or 16")
  }
}

/// Throws `invalidConfiguration` unless `condition` holds.
func requireSetting(
  _ condition: Bool, _ field: String, _ value: some CustomStringConvertible, _ expected: String
) throws(TokenizationError) {
  guard condition else {
    throw .invalidConfiguration(field: field, value: value.description, expected: expected)
  }
}
