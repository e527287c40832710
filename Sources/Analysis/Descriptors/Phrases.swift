internal import Music

/// Where the melody's phrases begin and end.
///
/// A phrase ends with a note that is followed by the next one only after at least two quarter notes and twice the melody's median time between
/// onsets, and where two or more bars that equal earlier ones begin (as the repeat of a section does). A boundary that comes less than a bar after
/// another is no new one.
struct Phrases {
  /// The lengths of the phrases in bars, from each boundary to the next and to the piece's end.
  let lengths: [Double]

  init(_ score: MeasuredScore) {
    guard let first = score.melody.first else {
      lengths = []
      return
    }
    var boundaries = Self.pauses(score) + Self.repeats(score)
    boundaries.sort()
    var starts = [Self.place(first.onset, score)]
    for boundary in boundaries {
      let place = Self.place(boundary, score)
      if place - starts[starts.count - 1] >= 1 { starts.append(place) }
    }
    let end = Self.place(score.melody[score.melody.count - 1].end, score)
    // A phrase that ends with the piece fills its last bar, whether its last note does or not.
    let stop = (end - 1e-9).rounded(.up)
    lengths = zip(starts, starts.dropFirst() + [max(stop, starts[starts.count - 1])]).map { $1 - $0 }
  }

  /// The onsets after long notes and rests.
  private static func pauses(_ score: MeasuredScore) -> [Int] {
    let melody = score.melody
    guard melody.count > 1 else { return [] }
    let gaps = zip(melody.dropFirst(), melody).map { $0.onset - $1.onset }
    let median = gaps.sorted()[gaps.count / 2]
    let least = max(2 * MeasuredScore.stepsPerQuarter, 2 * median)
    return gaps.indices.filter { gaps[$0] >= least }.map { melody[$0 + 1].onset }
  }

  /// The bar lines at which a passage begins that was there before.
  private static func repeats(_ score: MeasuredScore) -> [Int] {
    let bars = BarContents(melodyOf: score, .notes).identities
    var starts: [Int] = []
    for lag in barLags where lag > 1 {
      var run = 0
      for bar in stride(from: bars.count - 1, through: lag, by: -1) {
        if bars[bar] != nil && bars[bar] == bars[bar - lag] {
          run += 1
          continue
        }
        if run >= 2 { starts.append(score.bars[bar + 1].start) }
        run = 0
      }
      if run >= 2 { starts.append(score.bars[lag].start) }
    }
    return starts
  }

  /// A step as a number of bars since the beginning.
  private static func place(_ step: Int, _ score: MeasuredScore) -> Double {
    var low = 0
    var high = score.bars.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if score.bars[middle].start <= step { low = middle } else { high = middle }
    }
    let bar = score.bars[low]
    return Double(low) + Double(step - bar.start) / Double(bar.length)
  }

  /// Whether a length is within a quarter of a bar of two, four, eight or sixteen bars.
  static func isRegular(_ length: Double) -> Bool {
    [2, 4, 8, 16].contains { abs(length - $0) <= 0.25 }
  }
}

extension DescriptorGroup {
  /// How long pieces and their phrases are.
  static let form = DescriptorGroup(
    descriptors: [
      Descriptor(
        "phrase_length", .bars, "has long phrases", tooHigh: "phrases are too long",
        tooLow: "phrases are too short"),
      Descriptor(
        "phrase_length_deviation", .bars, "has phrases of very different lengths",
        tooHigh: "phrases are of too many lengths", tooLow: "phrases are too evenly long"),
      Descriptor(
        "regular_phrases", .share, "has phrases of two, four, eight or sixteen bars",
        tooHigh: "too many phrases have a regular number of bars",
        tooLow: "too few phrases have two, four, eight or sixteen bars"),
      Descriptor(
        "bar_count", .count, "has many bars", tooHigh: "pieces are too long, in bars",
        tooLow: "pieces are too short, in bars", needsWholePiece: true),
      Descriptor(
        "length", .seconds, "lasts long", tooHigh: "pieces last too long", tooLow: "pieces are over too soon",
        needsWholePiece: true),
      Descriptor(
        "note_count", .count, "has many notes", tooHigh: "pieces have too many notes",
        tooLow: "pieces have too few notes", needsWholePiece: true),
    ]
  ) { score in
    let phrases = Phrases(score).lengths
    return [
      Measures.mean(phrases), phrases.count > 1 ? Measures.deviation(phrases) : .nan,
      Measures.share(phrases, Phrases.isRegular), Double(score.bars.count), score.score.lastNoteSeconds,
      Double(score.notes.count + score.drums.count),
    ]
  }
}
