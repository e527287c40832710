internal import Arithmetic
internal import Composing
public import Corpora
internal import Groundwork
internal import Music

/// What composed pieces share with those that the model learned from, beside what human pieces share with them that it did not
/// learn from.
///
/// Compared are tunes (`Score.melodyTrack`): accompaniments are formulas that many pieces share.
public struct NoveltyComparison: Sendable, Hashable, Codable {
  /// The lengths of the longest passages, one for each piece, in notes.
  public struct Spread: Sendable, Hashable, Codable {
    /// How many pieces there are.
    public var pieces: Int
    /// The mean.
    public var mean: Double
    /// What half of the pieces do not reach.
    public var median: Double
    /// What 95 % of the pieces do not reach.
    public var high: Double
    /// The most.
    public var most: Int

    init?(_ lengths: [Int]) {
      let sorted = lengths.map(Double.init).sorted()
      guard let last = lengths.max() else { return nil }
      pieces = lengths.count
      mean = sorted.reduce(0, +) / Double(sorted.count)
      (median, high, most) = (quantile(sorted, 0.5), quantile(sorted, 0.95), last)
    }
  }

  /// A long passage and where it is.
  public struct Copy: Sendable, Hashable, Codable {
    /// The composed piece.
    public var piece: String
    /// The passage, and the piece that it is found in.
    public var passage: SharedPassage
  }

  /// Passages that are the same in one way.
  public struct Passages: Sendable, Hashable, Codable {
    /// Whether they are in the same key.
    public var kind: PassageIndex.Kind
    /// Of composed pieces.
    public var composed: Spread
    /// Of human pieces; nil where there are none that the model did not learn from.
    public var human: Spread?
    /// The longest of composed pieces, the longest first.
    public var longest: [Copy]
    /// Whether 95 % of the composed pieces share no longer passages than 95 % of the human pieces do; nil without human pieces.
    public var isWithinHumanBand: Bool? { human.map { composed.high <= $0.high } }
  }

  /// What the pieces are compared with, in words.
  public var source: String
  /// In the same key, then transposed.
  public var passages: [Passages]
  /// How much of excerpts of several lengths is their own (Yin et al. 2022).
  public var originality: OriginalityReport

  /// How many of the longest passages are kept.
  private static let longestLimit = 3
  /// Of how many pieces of each side the originality is measured, which takes longer than all else.
  private static let originalityLimit = 50

  /// Compares pieces with the training pieces of a corpus.
  /// - Returns: nil where no piece has a tune.
  /// - Throws: `EvaluationError.interrupted`, `.cause`.
  init?(
    of composed: [EvaluatedPiece], human: [EvaluatedPiece], corpus: Corpus, threadCount: Int,
    cancellation: Cancellation, progress: ProgressHandler?
  ) throws(EvaluationError) {
    do {
      let index = try PassageIndex(corpus: corpus, cancellation: cancellation)
      passages = []
      for kind in [PassageIndex.Kind.exact, .transposed] {
        func longest(_ pieces: [EvaluatedPiece]) throws(EvaluationError) -> [Copy] {
          try parallelMap(
            pieces, activity: "comparing", unit: "pieces", threadCount: threadCount,
            cancellation: cancellation, progress: progress
          ) { Self.longest($0, kind, in: index) }.compactMap(\.self)
        }
        let ours = try longest(composed), theirs = try longest(human)
        guard let spread = Spread(ours.map(\.passage.noteCount)) else { return nil }
        let sorted = ours.enumerated().sorted {
          ($1.element.passage.noteCount, $0.offset) < ($0.element.passage.noteCount, $1.offset)
        }
        passages.append(
          Passages(
            kind: kind, composed: spread, human: Spread(theirs.map(\.passage.noteCount)),
            longest: sorted.prefix(Self.longestLimit).map(\.element)))
      }
      originality = try OriginalityReport(
        of: composed.prefix(Self.originalityLimit).map(\.score),
        human: human.prefix(Self.originalityLimit).map(\.score), in: index, excerptsPerPiece: 2,
        threadCount: threadCount, cancellation: cancellation, progress: progress)
      source = "the \(corpus.pieces(in: .train).count) training pieces of \(corpus.path)"
    } catch {
      throw EvaluationError(error)
    }
  }

  /// The longest passage of a piece's tune; nil for a piece that has none.
  private static func longest(
    _ piece: EvaluatedPiece, _ kind: PassageIndex.Kind, in index: PassageIndex
  ) -> Copy? {
    // What the corpus's tokens cannot express has nothing to do with it.
    guard let score = try? index.normalized(piece.score), let melody = score.melodyTrack,
      let passage = try? index.longestSharedPassage(of: piece.score, kind, tracks: [melody])
    else { return nil }
    return Copy(piece: piece.name, passage: passage)
  }
}
