/// How strong a place in a bar is.
enum MetricPlace: Int, Comparable {
  case downbeat
  case halfBar
  case beat
  /// Half a beat, or a third of one in compound time.
  case division
  /// Half a division.
  case subdivision
  /// A third of a beat or of half a beat where beats are halved.
  case triplet
  /// Any other place.
  case between

  /// The stronger of two places is the smaller.
  static func < (a: MetricPlace, b: MetricPlace) -> Bool { a.rawValue < b.rawValue }
}

extension MeasuredBar {
  /// The kind of place that lies `offset` steps after the bar line.
  func place(at offset: Int) -> MetricPlace {
    if offset == 0 { return .downbeat }
    let beats = length / beat
    if offset % beat == 0 {
      return beats >= 4 && beats % 2 == 0 && 2 * offset == length ? .halfBar : .beat
    }
    let division = isCompound ? beat / 3 : beat / 2
    if division > 0 && offset % division == 0 { return .division }
    if division > 1 && 2 * offset % division == 0 { return .subdivision }
    return !isCompound && 6 * offset % beat == 0 ? .triplet : .between
  }

  /// The strongest place after `onset` and before `end`, which are steps of the piece; nil where there is none in this bar or it is the
  /// bar line after it.
  func strongestPlace(after onset: Int, before end: Int) -> MetricPlace? {
    // The next bar line is the strongest place of all.
    if end > self.end { return .downbeat }
    var strongest: MetricPlace?
    // All places but triplets are multiples of half a division.
    let unit = max(1, (isCompound ? beat / 3 : beat / 2) / 2)
    var step = ((onset - start) / unit + 1) * unit
    while start + step < end {
      let place = place(at: step)
      if strongest.map({ place < $0 }) ?? true { strongest = place }
      step += unit
    }
    return strongest
  }
}

extension DescriptorGroup {
  /// Where in the bar notes begin.
  static let metricPlaces = DescriptorGroup(
    descriptors: [
      Descriptor(
        "onsets_on_downbeats", .share, "has many onsets on first beats",
        tooHigh: "too many onsets are on first beats", tooLow: "too few onsets are on first beats"),
      Descriptor(
        "onsets_on_beats", .share, "has many onsets on beats, first ones among them",
        tooHigh: "too many onsets are on beats", tooLow: "too few onsets are on beats"),
      Descriptor(
        "onsets_on_divisions", .share,
        "has many onsets halfway between beats (in compound time: on its eighths)",
        tooHigh: "too many onsets are between beats on eighths",
        tooLow: "too few onsets are between beats on eighths"),
      Descriptor(
        "onsets_on_subdivisions", .share, "has many onsets on weak sixteenths",
        tooHigh: "too many onsets are on weak sixteenths", tooLow: "too few onsets are on weak sixteenths"),
      Descriptor(
        "onsets_on_triplets", .share, "has many onsets on triplets",
        tooHigh: "too many triplets", tooLow: "too few triplets"),
      Descriptor(
        "onsets_off_grid", .share, "has many onsets that are neither on sixteenths nor on triplets",
        tooHigh: "too many onsets lie beside the grid of sixteenths and triplets",
        tooLow: "too few onsets lie beside the grid of sixteenths and triplets"),
      Descriptor(
        "downbeats_filled", .share, "has a note on the first beat of most bars",
        tooHigh: "too many bars have a note on the first beat",
        tooLow: "too few bars have a note on the first beat"),
      Descriptor(
        "melody_downbeats_filled", .share, "has a melody note on the first beat of most bars",
        tooHigh: "the melody begins a note on too many first beats",
        tooLow: "the melody leaves too many first beats without a new note"),
      Descriptor(
        "melody_onsets_on_beats", .share, "has a melody that moves on beats",
        tooHigh: "the melody moves too much on beats", tooLow: "the melody moves too little on beats"),
      Descriptor(
        "melody_syncopation", .share, "has a syncopated melody",
        tooHigh: "the melody is too syncopated", tooLow: "the melody is too little syncopated"),
      Descriptor(
        "syncopation", .share, "is syncopated in all parts",
        tooHigh: "too syncopated", tooLow: "too little syncopated"),
    ]
  ) { score in
    let onsets = score.notes + score.drums
    let places = onsets.map { score.bars[$0.bar].place(at: $0.onset - score.bars[$0.bar].start) }
    let melody = score.melody.map { score.bars[$0.bar].place(at: $0.onset - score.bars[$0.bar].start) }
    func filled(_ notes: [MeasuredNote]) -> Double {
      Measures.ratio(
        Set(notes.lazy.filter { $0.onset == score.bars[$0.bar].start }.map(\.bar)).count, score.bars.count)
    }
    return [
      Measures.share(places) { $0 == .downbeat }, Measures.share(places) { $0 <= .beat },
      Measures.share(places) { $0 == .division }, Measures.share(places) { $0 == .subdivision },
      Measures.share(places) { $0 == .triplet }, Measures.share(places) { $0 == .between },
      filled(onsets), score.melody.isEmpty ? .nan : filled(score.melody),
      Measures.share(melody) { $0 <= .beat },
      syncopation(score.melody, score), syncopation(onsets, score),
    ]
  }

  /// The share of the notes that sound over a stronger place than the one on which they begin, which is what the sum of
  /// Longuet-Higgins and Lee (1984, *The rhythmic interpretation of monophonic music*) counts, here without its weights.
  private static func syncopation(_ notes: [MeasuredNote], _ score: MeasuredScore) -> Double {
    Measures.share(notes) { note in
      let bar = score.bars[note.bar]
      let place = bar.place(at: note.onset - bar.start)
      guard place > .downbeat, let later = bar.strongestPlace(after: note.onset, before: note.end) else {
        return false
      }
      return later < place
    }
  }
}
