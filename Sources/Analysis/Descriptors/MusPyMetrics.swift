extension DescriptorGroup {
  /// The metrics of MusPy (Dong, Chen, McAuley and Berg-Kirkpatrick 2020, *MusPy: A toolkit for symbolic music generation*) by their
  /// names. Where MusPy asks for a setting, that of the piece is taken: its estimated key, the bars of its time signatures, twelve
  /// time steps a quarter note.
  ///
  /// - `pitch_range`: highest less lowest pitch, in semitones. Drums do not count in the metrics of pitches.
  /// - `n_pitches_used`, `n_pitch_classes_used`: how many different pitches and pitch classes there are.
  /// - `polyphony`: pitches that sound at once, on average over the time steps at which any does.
  /// - `polyphony_rate`: the share of all time steps, to the last note's end, at which at least two pitches sound.
  /// - `pitch_in_scale_rate`: the share of the notes in the scale of the estimated key (natural minor where it is minor).
  /// - `scale_consistency`: the largest `pitch_in_scale_rate` of any major or natural minor scale.
  /// - `pitch_entropy`, `pitch_class_entropy`: −Σ p log₂ p over the notes' pitches and pitch classes.
  /// - `empty_beat_rate`: the share of beats, of the time signature's felt beat and to the last note's end, in which nothing sounds; drums count here and below.
  /// - `drum_in_pattern_rate`: the share of the drum notes on sixteenths in simple and on triplet eighths (thirds of a beat) in compound time.
  /// - `drum_pattern_consistency`: the larger of the shares on quarters of a beat and on thirds of a beat.
  /// - `groove_consistency`: 1 less the mean, over pairs of successive bars, of the share of a bar's time steps at which notes
  ///   begin in just one of the two.
  /// - `empty_measure_rate`: the share of bars in which nothing sounds.
  static let musPy = DescriptorGroup(descriptors: musPyDescriptors) { score in
    let notes = score.notes
    let drums = score.drums
    let all = notes + drums
    let pitches = notes.map(\.pitch)
    let classes = pitchClassCounts(notes)
    let polyphony = Polyphony(notes)
    let hasNotes = !notes.isEmpty
    let beats = score.chords.lazy.filter { $0.start < score.end }.map { $0.start..<$0.end }
    let bars = score.bars.map { $0.start..<$0.end }
    return [
      hasNotes ? Double((pitches.max() ?? 0) - (pitches.min() ?? 0)) : .nan,
      hasNotes ? Double(Set(pitches).count) : .nan, hasNotes ? Double(classes.count { $0 > 0 }) : .nan,
      polyphony.mean, hasNotes ? Measures.ratio(polyphony.time(from: 2), score.end) : .nan,
      score.scale.map { Scales.share(classes, of: $0) / Double(notes.count) } ?? .nan,
      Scales.bestShare(classes),
      Measures.entropy(Measures.counts(pitches)), Measures.entropy(classes), emptyShare(of: beats, all),
      drumInPatternRate(score), drumPatternConsistency(score), OnsetPatterns(score).meanSimilarityOfNeighbors,
      emptyShare(of: bars, all),
    ]
  }

  private static let musPyDescriptors = [
    Descriptor(
      "pitch_range", .semitones, "has a wide range of pitches", tooHigh: "the range of pitches is too wide",
      tooLow: "the range of pitches is too narrow"),
    Descriptor(
      "n_pitches_used", .count, "uses many pitches", tooHigh: "uses too many pitches",
      tooLow: "uses too few pitches"),
    Descriptor(
      "n_pitch_classes_used", .count, "uses many pitch classes", tooHigh: "uses too many pitch classes",
      tooLow: "uses too few pitch classes"),
    Descriptor(
      "polyphony", .count, "has many pitches sounding at once", tooHigh: "too many pitches sound at once",
      tooLow: "too few pitches sound at once"),
    Descriptor(
      "polyphony_rate", .share, "has several pitches sounding most of the time",
      tooHigh: "several pitches sound too much of the time",
      tooLow: "several pitches sound too little of the time"),
    Descriptor(
      "pitch_in_scale_rate", .share, "stays in its key's scale", tooHigh: "too few notes are outside the key",
      tooLow: "too many notes are outside the key"),
    Descriptor(
      "scale_consistency", .share, "stays in one scale", tooHigh: "too few notes are outside the best scale",
      tooLow: "too many notes are outside any one scale"),
    Descriptor(
      "pitch_entropy", .bits, "uses many pitches evenly", tooHigh: "pitches are used too evenly",
      tooLow: "a few pitches are used too much"),
    Descriptor(
      "pitch_class_entropy", .bits, "uses many pitch classes evenly",
      tooHigh: "pitch classes are used too evenly", tooLow: "a few pitch classes are used too much"),
    Descriptor(
      "empty_beat_rate", .share, "has many beats in which nothing sounds", tooHigh: "too many empty beats",
      tooLow: "too few empty beats"),
    Descriptor(
      "drum_in_pattern_rate", .share, "has drums on the even divisions of the beat",
      tooHigh: "drums keep too strictly to the beat's divisions",
      tooLow: "too many drum notes lie beside the beat's divisions"),
    Descriptor(
      "drum_pattern_consistency", .share, "has drums on one division of the beat, by four or by three",
      tooHigh: "drums keep too strictly to one division of the beat",
      tooLow: "drums mix divisions of the beat too much"),
    Descriptor(
      "groove_consistency", .share, "has bars whose notes begin at the same places as in the bar before",
      tooHigh: "rhythms change too little from bar to bar", tooLow: "rhythms change too much from bar to bar"),
    Descriptor(
      "empty_measure_rate", .share, "has many bars in which nothing sounds", tooHigh: "too many empty bars",
      tooLow: "too few empty bars"),
  ]

  /// The share of these stretches, in order of time, in which none of the notes sounds.
  private static func emptyShare(of stretches: some Collection<Range<Int>>, _ notes: [MeasuredNote]) -> Double
  {
    let sounding = notes.map { $0.onset..<$0.end }.sorted { $0.lowerBound < $1.lowerBound }
    var next = 0
    var latestEnd = 0
    var empty = 0
    for stretch in stretches {
      while next < sounding.count, sounding[next].lowerBound < stretch.upperBound {
        latestEnd = max(latestEnd, sounding[next].upperBound)
        next += 1
      }
      if latestEnd <= stretch.lowerBound { empty += 1 }
    }
    return notes.isEmpty ? .nan : Measures.ratio(empty, stretches.count)
  }

  private static func drumInPatternRate(_ score: MeasuredScore) -> Double {
    Measures.share(score.drums) { note in
      let bar = score.bars[note.bar]
      let unit = bar.isCompound ? bar.beat / 3 : bar.beat / 4
      return (note.onset - bar.start) % max(1, unit) == 0
    }
  }

  private static func drumPatternConsistency(_ score: MeasuredScore) -> Double {
    func share(_ parts: Int) -> Double {
      Measures.share(score.drums) { note in
        let bar = score.bars[note.bar]
        // In steps of a quarter of the beat's divisor, since three and four both divide a twelfth.
        return (note.onset - bar.start) * parts % bar.beat == 0
      }
    }
    return score.drums.isEmpty ? .nan : max(share(4), share(3))
  }
}

/// At which steps of each bar notes begin, drums among them.
struct OnsetPatterns {
  /// For each bar its steps as bits.
  private let bars: [[UInt64]]
  private let lengths: [Int]

  init(_ score: MeasuredScore) {
    lengths = score.bars.map(\.length)
    var bars = lengths.map { [UInt64](repeating: 0, count: ($0 + 63) / 64) }
    for note in score.notes + score.drums {
      let step = note.onset - score.bars[note.bar].start
      bars[note.bar][step / 64] |= 1 << UInt64(step % 64)
    }
    self.bars = bars
  }

  /// 1 less the share of the steps of two bars at which notes begin in just one of them; of bars of unequal lengths, of the longer one's.
  private func similarity(_ a: Int, _ b: Int) -> Double {
    var different = 0
    for word in 0..<max(bars[a].count, bars[b].count) {
      let first = word < bars[a].count ? bars[a][word] : 0
      let second = word < bars[b].count ? bars[b][word] : 0
      different += (first ^ second).nonzeroBitCount
    }
    return 1 - Double(different) / Double(max(lengths[a], lengths[b], 1))
  }

  /// The mean over successive bars; NaN for fewer than two.
  var meanSimilarityOfNeighbors: Double {
    Measures.mean(bars.indices.dropFirst().map { similarity($0 - 1, $0) })
  }

  /// Pairs grow with the square of the bars.
  private static let pairLimit = 512

  /// The mean over all pairs of bars, of the first 512; NaN for fewer than two.
  var meanSimilarity: Double {
    var sum = 0.0
    let count = min(bars.count, Self.pairLimit)
    for second in 0..<count {
      for first in 0..<second { sum += similarity(first, second) }
    }
    let pairs = count * (count - 1) / 2
    return pairs > 0 ? sum / Double(pairs) : .nan
  }
}
