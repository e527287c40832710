internal import Music

/// The time signatures that a grid has bars for, and how long these are.
struct MeterScale: Sendable {
  /// Steps of the grid in a quarter note.
  let stepsPerQuarter: Int
  /// The time signature that every piece is read in; nil believes the piece.
  let fixed: TimeSignature?
  /// The time signatures, by note value and then by beats.
  let timeSignatures: [TimeSignature]
  /// The length of a bar of each in steps.
  let barLengths: [Int]

  /// The time signatures whose bars are no longer than `maximumLength` steps.
  init(stepsPerQuarter: Int, maximumLength: Int, fixed: TimeSignature?) {
    self.stepsPerQuarter = stepsPerQuarter
    self.fixed = fixed
    timeSignatures = Self.timeSignatures(stepsPerQuarter: stepsPerQuarter, maximumLength: maximumLength)
    barLengths = timeSignatures.map { 4 * stepsPerQuarter * $0.numerator / $0.denominator }
  }

  /// The time signatures over 2, 4, 8 and 16, of up to 16 beats, whose bars are no longer than `maximumLength` steps.
  static func timeSignatures(stepsPerQuarter: Int, maximumLength: Int) -> [TimeSignature] {
    [2, 4, 8, 16].flatMap { denominator in
      (1...16).filter { 4 * stepsPerQuarter * $0 / denominator <= maximumLength }
        .map { TimeSignature($0, denominator) }
    }
  }
}
