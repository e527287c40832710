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
      func quantile(_ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
      }
      excerpts = sorted.count
      mean = sorted.reduce(0, +) / Double(sorted.count)
      (lowest, lowerQuartile, median) = (quantile(0.05), quantile(0.25), quantile(0.5))
      (upperQuartile, highest) = (quantile(0.75), quantile(0.95))
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

  /// The originality of some pieces.
  /// - Parameters:
  ///   - pieces: The pieces.
  ///   - human: Human pieces that are not in the index; there may be none.
  ///   - index: The pieces that may have been copied.
  ///   - lengths: How many bars the excerpts have, each at least 1.
  ///   - excerptsPerPiece: How many excerpts of each length are taken of a piece, evenly spread over it, at most.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many pieces were compared.
  /// - Throws: `CorpusError.cancelled`; `TokenizationError` for a piece that the corpus's tokens cannot express.
  public init(
    of pieces: [Score], human: [Score] = [], in index: PassageIndex,
    lengths: [Int] = OriginalityReport.standardLengths, excerptsPerPiece: Int = 4,
    cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws {
    precondition(lengths.allSatisfy { $0 > 0 } && excerptsPerPiece > 0, "an excerpt has at least a bar")
    let comparison = ExcerptComparison(index)
    var done = 0
    func values(_ scores: [Score]) throws -> [[Double]] {
      var values = [[Double]](repeating: [], count: lengths.count)
      for score in scores {
        if cancellation?.isRequested == true { throw CorpusError.cancelled }
        let excerpts = MelodyExcerpts(try index.normalized(score))
        for (place, length) in lengths.enumerated() {
          values[place] += excerpts.excerpts(bars: length, atMost: excerptsPerPiece).map {
            1 - comparison.similarity(of: $0)
          }
        }
        done += 1
        progress?(
          ProgressReport(
            activity: "comparing", completed: Double(done), total: Double(pieces.count + human.count),
            unit: "pieces"))
      }
      return values
    }
    let (ours, theirs) = (try values(pieces), try values(human))
    self.lengths = lengths.indices.map {
      Length(bars: lengths[$0], pieces: Spread(ours[$0]), human: Spread(theirs[$0]))
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
/// Where an excerpt may lie is found as with fingerprints: by three notes in succession that it shares with a line. The places that
/// most of them agree upon are tried, note by note. An excerpt that shares no three notes in succession has a similarity of 0.
private struct ExcerptComparison {
  private let index: PassageIndex
  /// When each note of the index begins, in ascending order, the lines far apart.
  private let steps: [Int]

  /// How many places are tried.
  private static let candidates = 12
  /// More time than lies between any two notes of an excerpt.
  private static let lineGap = 1 << 24

  init(_ index: PassageIndex) {
    self.index = index
    steps = index.text.steps(lineGap: Self.lineGap)
  }

  /// A way to move an excerpt.
  private struct Shift: Hashable {
    var steps: Int
    var semitones: Int
  }

  /// The highest similarity with any line, 0...1.
  func similarity(of excerpt: [PassageLine.Event]) -> Double {
    var votes: [Shift: Int] = [:]
    for place in excerpt.indices.dropLast(2) {
      var match = index.beginning
      for (note, next) in zip(excerpt[place...], excerpt[(place + 1)...]).prefix(2) {
        match = index.advanced(match, interval: next.pitch - note.pitch, gap: next.step - note.step)
      }
      guard match.noteCount == 3 else { continue }
      for suffix in match.range {
        let first = Int(index.suffixes[Int(suffix)]) - 1
        let shift = Shift(
          steps: steps[first] - excerpt[place].step,
          semitones: index.text.pitch(first) - excerpt[place].pitch)
        votes[shift, default: 0] += 1
      }
    }
    let likely = votes.sorted {
      ($0.value, $1.key.steps, $1.key.semitones) > ($1.value, $0.key.steps, $0.key.semitones)
    }
    let most = likely.prefix(Self.candidates).map { common(excerpt, $0.key) }.max() ?? 0
    return Double(most) / Double(excerpt.count)
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
