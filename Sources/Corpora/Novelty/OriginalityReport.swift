internal import Arithmetic
public import Groundwork
public import Music
internal import Tokenization

/// How much of a collection's excerpts is its own, by the length of the excerpts, beside the same of human pieces (the originality
/// report of Yin, Reuben, Stepney and Collins 2022).
///
/// The originality of an excerpt is 1 less its highest similarity with any piece of the index, 0...1. Two excerpts are as similar as
/// the cardinality score says: the most notes of the one that fall upon notes of the other when it is moved as a whole in time and
/// pitch, as a share of its notes (Ukkonen, Lemström and Mäkinen 2003). A copy in another key is no more original than one in
/// the same. An excerpt is some bars of the tune (`Score.melodyTrack`), since accompaniments are formulas that many pieces share.
public struct OriginalityReport: Sendable, Hashable, Codable {
  /// The originality of excerpts of one length.
  public struct Spread: Sendable, Hashable, Codable {
    /// How many excerpts there are.
    public var excerpts: Int
    /// The mean.
    public var mean: Double
    /// What 5 % of the excerpts do not reach.
    public var lowest: Double
    /// What a quarter of the excerpts do not reach.
    public var lowerQuartile: Double
    /// What half of the excerpts do not reach.
    public var median: Double
    /// What three quarters of the excerpts do not reach.
    public var upperQuartile: Double
    /// What 95 % of the excerpts do not reach.
    public var highest: Double

    /// The spread of some values, each 0...1; nil if there are none.
    init?(_ values: [Double]) {
      guard !values.isEmpty else { return nil }
      let sorted = values.sorted()
      excerpts = sorted.count
      mean = sorted.reduce(0, +) / Double(sorted.count)
      (lowest, highest) = (quantile(sorted, 0.05), quantile(sorted, 0.95))
      (lowerQuartile, upperQuartile) = (quantile(sorted, 0.25), quantile(sorted, 0.75))
      median = quantile(sorted, 0.5)
    }
  }

  /// The originality by one length of excerpts.
  public struct Length: Sendable, Hashable, Codable {
    /// How many bars an excerpt has.
    public var bars: Int
    /// Of the pieces that were asked about; nil where none is so long.
    public var pieces: Spread?
    /// Of human pieces that are not in the index: the band in which originality can be expected; nil where none was given, or none is
    /// so long.
    public var human: Spread?
    /// Whether the median of the pieces lies within the quartiles of the human ones or above; nil where either is missing.
    public var isWithinHumanBand: Bool? {
      guard let pieces, let human else { return nil }
      return pieces.median >= human.lowerQuartile
    }
  }

  /// The lengths of excerpts, in bars, that are looked at.
  public static let standardLengths = [1, 2, 4, 8, 16]

  /// The results by length, the shortest first.
  public var lengths: [Length]

  /// The originality of some pieces. Those that the corpus's tokens cannot express are left out: they have nothing to do with it.
  /// - Parameters:
  ///   - pieces: The pieces.
  ///   - human: Human pieces that are not in the index; there may be none.
  ///   - index: The pieces that may have been copied.
  ///   - lengths: How many bars the excerpts have, each at least 1.
  ///   - excerptsPerPiece: How many excerpts of each length are taken of a piece, evenly spread over it, at most.
  ///   - threadCount: How many threads compare; the result does not depend on it.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many pieces were compared.
  /// - Throws: `CorpusError.cancelled`.
  public init(
    of pieces: [Score], human: [Score] = [], in index: PassageIndex,
    lengths: [Int] = OriginalityReport.standardLengths, excerptsPerPiece: Int = 4,
    threadCount: Int = 1, cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws(CorpusError) {
    precondition(lengths.allSatisfy { $0 > 0 } && excerptsPerPiece > 0, "an excerpt has at least a bar")
    let comparison = ExcerptComparison(index)
    let values = parallelMap(
      pieces + human, activity: "comparing", unit: "pieces", threadCount: threadCount,
      cancellation: cancellation, progress: progress
    ) { score in comparison.originalities(of: score, lengths: lengths, excerptsPerPiece: excerptsPerPiece) }
    guard let values else { throw CorpusError.cancelled }
    func gathered(_ values: ArraySlice<[[Double]]>, _ place: Int) -> [Double] { values.flatMap { $0[place] } }
    let (ours, theirs) = (values[..<pieces.count], values[pieces.count...])
    self.lengths = lengths.indices.map {
      Length(
        bars: lengths[$0], pieces: Spread(gathered(ours, $0)), human: Spread(gathered(theirs, $0)))
    }
  }
}

/// The tune of a piece, to be cut by bars.
private struct MelodyExcerpts {
  private let events: [PassageLine.Event]
  private let barStarts: [Int]

  init(_ score: Score) {
    let track = score.melodyTrack
    events = score.passageLines.first { $0.track == track }?.events ?? []
    barStarts = score.bars.map { $0.start * PassageLine.stepsPerQuarter / score.ticksPerQuarter }
  }

  /// Excerpts of some whole bars, evenly spread, each with three notes at least: fewer are in every piece.
  func excerpts(bars: Int, atMost count: Int) -> [[PassageLine.Event]] {
    guard barStarts.count >= bars else { return [] }
    let last = barStarts.count - bars
    let number = min(count, barStarts.count / bars)
    return (0..<number).compactMap { place in
      let first = number == 1 ? last / 2 : last * place / (number - 1)
      let end = first + bars < barStarts.count ? barStarts[first + bars] : Int.max
      let part = events.filter { $0.step >= barStarts[first] && $0.step < end }
      return part.count >= 3 ? part : nil
    }
  }
}

/// Lays excerpts over the lines of an index.
///
/// Where an excerpt may lie is found as with fingerprints: by three notes or more in succession that it shares with a line. The places that
/// most of them agree upon are tried, note by note. An excerpt that shares no three notes in succession has a similarity of 0.
private struct ExcerptComparison: Sendable {
  private let index: PassageIndex
  /// When each note of the index begins, in ascending order, the lines far apart.
  private let steps: [Int]

  /// How many places are tried.
  private static let candidates = 12
  /// Notes in succession that are more frequent than this say little about where an excerpt comes from; then some more are looked at.
  private static let frequent = 256
  /// So many notes in succession are looked at, at most.
  private static let mostNotes = 6
  /// More time than lies between any two notes of an excerpt.
  private static let lineGap = 1 << 24

  init(_ index: PassageIndex) {
    self.index = index
    steps = index.text.steps(lineGap: Self.lineGap)
  }

  /// A way to move an excerpt; ways that are alike lie side by side in order.
  private struct Shift {
    let packed: Int

    init(steps: Int, semitones: Int) { packed = steps << 8 | (semitones + 128) }

    var steps: Int { packed >> 8 }
    var semitones: Int { packed & 0xFF - 128 }
  }

  /// For each length the originality of some excerpts of a piece's tune; none of a piece that the index's tokens cannot express.
  func originalities(of score: Score, lengths: [Int], excerptsPerPiece: Int) -> [[Double]] {
    guard let normalized = try? index.normalized(score) else { return lengths.map { _ in [] } }
    let excerpts = MelodyExcerpts(normalized)
    return lengths.map { length in
      excerpts.excerpts(bars: length, atMost: excerptsPerPiece).map { 1 - similarity(of: $0) }
    }
  }

  /// The highest similarity with any line, 0...1.
  func similarity(of excerpt: [PassageLine.Event]) -> Double {
    var votes: [Int] = []
    for place in excerpt.indices.dropLast(2) {
      guard let match = match(from: place, of: excerpt) else { continue }
      for suffix in match.range {
        let first = Int(index.suffixes[Int(suffix)]) - 1
        votes.append(
          Shift(
            steps: steps[first] - excerpt[place].step,
            semitones: index.text.pitch(first) - excerpt[place].pitch
          ).packed)
      }
    }
    let most = likely(votes).map { common(excerpt, $0) }.max() ?? 0
    return Double(most) / Double(excerpt.count)
  }

  /// Where three notes occur, or a few more where three are too frequent and more occur; nil where three do not occur.
  private func match(from place: Int, of excerpt: [PassageLine.Event]) -> PassageMatch? {
    var match = index.beginning
    for (note, next) in zip(excerpt[place...], excerpt[(place + 1)...]).prefix(Self.mostNotes - 1) {
      let longer = index.advanced(match, interval: next.pitch - note.pitch, gap: next.step - note.step)
      guard longer.noteCount == match.noteCount + 1 else { break }
      match = longer
      if match.noteCount >= 3, match.range.count <= Self.frequent { break }
    }
    return match.noteCount >= 3 ? match : nil
  }

  /// The ways to move that have most votes.
  private func likely(_ votes: [Int]) -> [Shift] {
    let sorted = votes.sorted()
    var counts: [(packed: Int, count: Int)] = []
    for packed in sorted {
      if counts.last?.packed != packed { counts.append((packed, 0)) }
      counts[counts.count - 1].count += 1
    }
    let best = counts.sorted { ($0.count, $1.packed) > ($1.count, $0.packed) }
    return best.prefix(Self.candidates).map {
      Shift(steps: $0.packed >> 8, semitones: $0.packed & 0xFF - 128)
    }
  }

  /// How many notes of an excerpt fall upon notes of a line when it is moved.
  private func common(_ excerpt: [PassageLine.Event], _ shift: Shift) -> Int {
    var place = steps.partitioningIndex { $0 >= excerpt[0].step + shift.steps }
    var count = 0
    for event in excerpt {
      let step = event.step + shift.steps
      while place < steps.count, steps[place] < step { place += 1 }
      if place < steps.count, steps[place] == step,
        index.text.pitch(place) == event.pitch + shift.semitones
      {
        count += 1
      }
    }
    return count
  }
}
