/// The distances in bars at which music mostly returns.
let barLags = [1, 2, 4, 8, 16]

extension DescriptorGroup {
  /// How many bars equal one before, by what is compared and how far before.
  static let barRepetition = DescriptorGroup(descriptors: barRepetitionDescriptors) { score in
    var values: [Double] = []
    for aspect in [BarContents.Aspect.notes, .rhythm, .pitches, .shape] {
      let bars = BarContents(melodyOf: score, aspect)
      values += barLags.map(bars.share)
      values.append(bars.distinctInHundred)
    }
    for aspect in [BarContents.Aspect.notes, .rhythm] {
      let bars = BarContents(of: score, aspect)
      values += barLags.map(bars.share)
      values.append(bars.distinctInHundred)
    }
    return values + [.notes, .rhythm, .shape].map { shareOfNotesInRepeatedBars(score, $0) }
  }

  private static let barRepetitionDescriptors: [Descriptor] = {
    let aspects = [
      ("melody_repeats", "distinct_melody_bars", "the melody", "melody bars"),
      ("melody_rhythm_repeats", "distinct_melody_rhythms", "the melody's rhythm", "melody rhythms"),
      (
        "melody_pitches_repeat", "distinct_melody_pitch_rows", "the melody's row of pitches",
        "rows of pitches"
      ),
      (
        "melody_shape_repeats", "distinct_melody_shapes",
        "the melody in the same rhythm, as it was or transposed",
        "melody bars, transposed or not,"
      ),
      ("bars_repeat", "distinct_bars", "all parts", "bars of all parts"),
      ("rhythm_repeats", "distinct_rhythms", "the rhythm of all parts", "rhythms of all parts"),
    ]
    return aspects.flatMap { name, distinct, what, words in
      barLags.map { lag in
        let place = lag == 1 ? "the bar before" : "the bar \(lag) bars before"
        return Descriptor(
          "\(name)_\(lag)", .share, "repeats \(what) of \(place)",
          tooHigh: "repeats \(words) too often after \(lag) bar\(lag == 1 ? "" : "s")",
          tooLow: "repeats \(words) too little after \(lag) bar\(lag == 1 ? "" : "s")")
      } + [
        Descriptor(
          distinct, .countPerHundredBars, "has many different \(words)",
          tooHigh: "too many different \(words): too little returns",
          tooLow: "too few different \(words): too much is repeated")
      ]
    } + [
      Descriptor(
        "notes_in_repeated_bars", .share,
        "has most of its notes in bars that equal an earlier bar of the same part",
        tooHigh: "too many notes belong to copies of earlier bars",
        tooLow: "too few notes belong to bars that return"),
      Descriptor(
        "notes_in_repeated_rhythms", .share,
        "has most of its notes in bars that have the rhythm of an earlier bar of the same part",
        tooHigh: "too many notes are in a rhythm that was there before",
        tooLow: "too few notes are in a rhythm that was there before"),
      Descriptor(
        "notes_in_repeated_shapes", .share,
        "has most of its notes in bars that equal an earlier bar of the same part, transposed or not",
        tooHigh: "too many notes belong to copies of earlier bars, transposed or not",
        tooLow: "too few notes belong to bars that return, transposed or not"),
    ]
  }()

  private static func shareOfNotesInRepeatedBars(
    _ score: MeasuredScore, _ aspect: BarContents.Aspect
  ) -> Double {
    var parts: [Int: [MeasuredNote]] = [:]
    for note in score.notes { parts[note.part, default: []].append(note) }
    for note in score.drums { parts[note.part, default: []].append(note) }
    var repeated = 0
    for notes in parts.values {
      let bars = BarContents(part: notes, barsOf: score, aspect)
      // Contents are numbered in the order in which they first appear.
      var newest = -1
      var isRepeated = [Bool](repeating: false, count: bars.identities.count)
      for (bar, identity) in bars.identities.enumerated() {
        guard let identity else { continue }
        isRepeated[bar] = identity <= newest
        newest = max(newest, identity)
      }
      repeated += notes.count { isRepeated[$0.bar] }
    }
    return Measures.ratio(repeated, score.notes.count + score.drums.count)
  }
}
