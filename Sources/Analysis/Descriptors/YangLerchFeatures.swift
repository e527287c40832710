public import Music

/// The features of Yang and Lerch (2020, *On the evaluation of generative models in music*, section 3.2) that are histograms and matrices; those that are
/// single numbers are in `DescriptorSet`.
///
/// Pitches and lengths of all pitched notes count; transitions are those of the melody.
public struct YangLerchFeatures: Sendable, Hashable {
  /// The note values that lengths are counted by, in quarter notes: whole, half, quarter, eighth and sixteenth notes, dotted half, quarter, eighth and
  /// sixteenth notes, and half, quarter and eighth notes of triplets.
  public static let noteValues = [
    4, 2, 1, 0.5, 0.25, 3, 1.5, 0.75, 0.375, 4.0 / 3, 2.0 / 3, 1.0 / 3,
  ]

  /// The share of each pitch class, C first; twelve numbers of the sum 1, or all 0.
  public let pitchClassHistogram: [Double]
  /// How often a pitch class follows another, a row for each first one: 144 numbers of the sum 1, or all 0.
  public let pitchClassTransitions: [Double]
  /// The share of notes of which each of `noteValues` is the nearest; twelve numbers of the sum 1, or all 0.
  public let noteLengthHistogram: [Double]
  /// How often a note value follows another, a row for each first one: 144 numbers of the sum 1, or all 0.
  public let noteLengthTransitions: [Double]

  /// The features of a piece or an excerpt.
  public init(_ score: Score) { self.init(MeasuredScore(score)) }

  init(_ score: MeasuredScore) {
    let lengths = score.notes.map { Self.noteValue(of: $0.duration) }
    pitchClassHistogram = Self.histogram(score.notes.map(\.pitchClass), size: 12)
    pitchClassTransitions = Self.transitions(score.melody.map(\.pitchClass))
    noteLengthHistogram = Self.histogram(lengths, size: 12)
    noteLengthTransitions = Self.transitions(score.melody.map { Self.noteValue(of: $0.duration) })
  }

  /// The index of the note value nearest to a duration in steps, the longer one of two.
  private static func noteValue(of duration: Int) -> Int {
    // In 24ths of a quarter note all note values are whole numbers.
    let values = [96, 48, 24, 12, 6, 72, 36, 18, 9, 32, 16, 8]
    let duration = 2 * duration
    var best = 0
    for (index, value) in values.enumerated() {
      let distance = abs(value - duration)
      let least = abs(values[best] - duration)
      if distance < least || distance == least && value > values[best] { best = index }
    }
    return best
  }

  private static func histogram(_ values: [Int], size: Int) -> [Double] {
    var counts = [Double](repeating: 0, count: size)
    for value in values { counts[value] += 1 }
    return values.isEmpty ? counts : counts.map { $0 / Double(values.count) }
  }

  private static func transitions(_ values: [Int]) -> [Double] {
    histogram(zip(values, values.dropFirst()).map { 12 * $0 + $1 }, size: 144)
  }
}

extension DescriptorGroup {
  /// The features of Yang and Lerch (2020) that are numbers, and the entropies of their histograms and matrices. `pitch_count` and `pitch_range` are
  /// MusPy's `n_pitches_used` and `pitch_range`, and the note count a bar is `notes`.
  ///
  /// - `pitch_count_per_bar`: different pitches in a bar, on average over bars with notes.
  /// - `average_pitch_shift`: the mean size of the melody's intervals, in semitones.
  /// - `average_ioi`: the mean time between successive onsets of pitched notes, in seconds.
  /// - `pitch_class_transition_entropy`, `note_length_transition_entropy`: the entropy of the next pitch class or note value of the
  ///   melody where the one before is known.
  /// - `note_length_entropy` and the shares of quarter, eighth and sixteenth notes, dotted and triplet notes: of all pitched notes.
  static let yangLerch = DescriptorGroup(
    descriptors: [
      Descriptor(
        "pitch_count_per_bar", .countPerBar, "uses many pitches in a bar",
        tooHigh: "bars have too many pitches",
        tooLow: "bars have too few pitches"),
      Descriptor(
        "average_pitch_shift", .semitones, "has a melody of wide intervals",
        tooHigh: "intervals are too wide",
        tooLow: "intervals are too narrow"),
      Descriptor(
        "average_ioi", .seconds, "has notes far apart in time", tooHigh: "notes follow each other too slowly",
        tooLow: "notes follow each other too fast"),
      Descriptor(
        "pitch_class_transition_entropy", .bits, "has a melody in which a note does not tell the next",
        tooHigh: "melody notes follow each other too freely",
        tooLow: "melody notes follow each other too predictably"),
      Descriptor(
        "note_length_entropy", .bits, "has notes of many lengths", tooHigh: "notes have too many lengths",
        tooLow: "notes have too few lengths"),
      Descriptor(
        "note_length_transition_entropy", .bits, "has a melody in which a length does not tell the next",
        tooHigh: "melody rhythms are too free", tooLow: "melody rhythms are too predictable"),
      Descriptor(
        "quarter_notes", .share, "has many quarter notes", tooHigh: "too many quarter notes",
        tooLow: "too few quarter notes"),
      Descriptor(
        "eighth_notes", .share, "has many eighth notes", tooHigh: "too many eighth notes",
        tooLow: "too few eighth notes"),
      Descriptor(
        "sixteenth_notes", .share, "has many sixteenth notes", tooHigh: "too many sixteenth notes",
        tooLow: "too few sixteenth notes"),
      Descriptor(
        "dotted_notes", .share, "has many dotted notes", tooHigh: "too many dotted notes",
        tooLow: "too few dotted notes"),
      Descriptor(
        "triplet_notes", .share, "has many notes of triplet length",
        tooHigh: "too many notes of triplet length",
        tooLow: "too few notes of triplet length"),
    ]
  ) { score in
    guard !score.notes.isEmpty else { return [Double](repeating: .nan, count: 11) }
    let features = YangLerchFeatures(score)
    let lengths = features.noteLengthHistogram
    let pitchCounts = score.bars.indices.compactMap { bar in
      let pitches = Set(score.notes(inBar: bar).lazy.map(\.pitch))
      return pitches.isEmpty ? nil : Double(pitches.count)
    }
    let intervals = zip(score.melody, score.melody.dropFirst()).map { Double(abs($1.pitch - $0.pitch)) }
    return [
      Measures.mean(pitchCounts), Measures.mean(intervals), averageOnsetInterval(score),
      conditionalEntropy(features.pitchClassTransitions), Measures.entropy(lengths),
      conditionalEntropy(features.noteLengthTransitions), lengths[2], lengths[3], lengths[4],
      lengths[5...8].reduce(0, +), lengths[9...11].reduce(0, +),
    ]
  }

  private static func averageOnsetInterval(_ score: MeasuredScore) -> Double {
    let onsets = Set(score.notes.lazy.map(\.onset))
    guard onsets.count > 1, let first = onsets.min(), let last = onsets.max() else { return .nan }
    let map = score.score.timeMap
    let scale = Double(score.score.ticksPerQuarter) / Double(MeasuredScore.stepsPerQuarter)
    let time = map.seconds(at: Int(Double(last) * scale)) - map.seconds(at: Int(Double(first) * scale))
    return time / Double(onsets.count - 1)
  }

  /// The entropy of the column where the row is known, of a square matrix of twelve rows; NaN where all is 0.
  private static func conditionalEntropy(_ matrix: [Double]) -> Double {
    let rows = (0..<12).map { matrix[12 * $0..<12 * $0 + 12].reduce(0, +) }
    return max(0, Measures.entropy(matrix) - Measures.entropy(rows))
  }
}
