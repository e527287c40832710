internal import Arithmetic
internal import Groundwork
internal import Music

/// How well composed pieces can be told from human ones by one discriminator at one length of excerpts.
public struct DiscriminatorResult: Sendable, Hashable, Codable {
  /// What tells them apart.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Logistic regression on descriptors: it says why.
    case linear
    /// A bidirectional GRU on tokens: it needs no descriptors.
    case network
  }

  /// What the same discriminator makes of two random halves of the human pieces: the band in which music lies that is human.
  public struct HumanBand: Sendable, Hashable, Codable {
    /// The mean area over the halvings.
    public var mean: Double
    /// The lowest.
    public var lowest: Double
    /// The highest.
    public var highest: Double
    /// How many halvings there were.
    public var halvings: Int
  }

  /// What tells them apart.
  public var kind: Kind
  /// How much of a piece it sees.
  public var length: ExcerptLength
  /// How many excerpts of human pieces there are.
  public var humanExcerpts: Int
  /// How many of composed pieces.
  public var composedExcerpts: Int
  /// How well it tells them apart, cross-validated by piece; nil where there are too few pieces of this length.
  public var area: CrossValidatedArea?
  /// How well it tells human pieces from human pieces; nil where there are too few.
  public var human: HumanBand?
  /// What gave the composed pieces away, the strongest first; of the linear discriminator.
  public var giveaways: [Giveaway]
}

/// The excerpts of human and of composed pieces at one length, and the contests between them.
struct ExcerptPool: Sendable {
  /// The most excerpts that are taken of a piece.
  static let excerptsPerPiece = 4

  let length: ExcerptLength
  /// The human excerpts, then the composed ones.
  let excerpts: [Excerpt]
  /// How many of them are human.
  let humanCount: Int
  /// The piece of each, composed pieces counted on from the human ones.
  let groups: [Int]

  init(human: [Score], composed: [Score], length: ExcerptLength) {
    self.length = length
    let theirs = Excerpt.excerpts(of: human, length: length, limit: Self.excerptsPerPiece)
    let ours = Excerpt.excerpts(of: composed, length: length, limit: Self.excerptsPerPiece)
    excerpts = theirs + ours
    humanCount = theirs.count
    groups = theirs.map(\.piece) + ours.map { human.count + $0.piece }
  }

  var composedCount: Int { excerpts.count - humanCount }

  /// Composed against human, then some random halves of the human pieces against each other.
  func contests(foldCount: Int, partitionCount: Int, halvings: Int, seed: UInt64) -> [Contest?] {
    let all = Array(excerpts.indices)
    let main = Contest(
      examples: all, labels: all.map { $0 >= humanCount }, groups: groups, foldCount: foldCount,
      partitionCount: partitionCount, seed: seed)
    let human = Array(0..<humanCount)
    let pieces = Set(groups[..<humanCount]).sorted()
    return [main]
      + (0..<halvings).map { number in
        var random = RandomStream(seed: seed, name: "halves/\(number)")
        var shuffled = pieces
        random.shuffle(&shuffled)
        let half = Set(shuffled.prefix(shuffled.count / 2))
        return Contest(
          examples: human, labels: human.map { half.contains(groups[$0]) }, groups: human.map { groups[$0] },
          foldCount: foldCount, partitionCount: 1, seed: seed &+ UInt64(number))
      }
  }

  /// The result of the contests' areas.
  func result(
    _ kind: DiscriminatorResult.Kind, _ areas: [CrossValidatedArea?], giveaways: [Giveaway] = []
  ) -> DiscriminatorResult {
    let halves = areas.dropFirst().compactMap { $0?.area }
    let band =
      halves.isEmpty
      ? nil
      : DiscriminatorResult.HumanBand(
        mean: halves.reduce(0, +) / Double(halves.count), lowest: halves.min() ?? 0,
        highest: halves.max() ?? 0, halvings: halves.count)
    return DiscriminatorResult(
      kind: kind, length: length, humanExcerpts: humanCount, composedExcerpts: composedCount,
      area: areas.first ?? nil, human: band, giveaways: giveaways)
  }
}

/// What discriminators need beside the excerpts.
struct Discrimination {
  let seed: UInt64
  let threadCount: Int
  let cancellation: Cancellation
  let progress: ProgressHandler?

  /// How many of the features that give composed music away are reported.
  private static let giveawayLimit = 12

  /// The features of each excerpt of a pool.
  /// - Throws: `EvaluationError.interrupted`.
  func rows(of pool: ExcerptPool, in space: FeatureSpace) throws(EvaluationError) -> [[Double]] {
    try parallelMap(
      pool.excerpts, activity: "describing", unit: "excerpts", threadCount: threadCount,
      cancellation: cancellation, progress: progress
    ) { space.values($0.score) }
  }

  /// How well logistic regression on features tells the excerpts of a pool apart.
  /// - Throws: `EvaluationError.interrupted`.
  func linear(
    _ pool: ExcerptPool, rows: [[Double]], space: FeatureSpace
  ) throws(EvaluationError) -> DiscriminatorResult {
    let contests = pool.contests(foldCount: 5, partitionCount: 3, halvings: 10, seed: seed)
    let areas = try Contest.areas(
      of: contests, seed: seed, threadCount: threadCount, cancellation: cancellation, progress: progress
    ) { fit in
      let regression = LogisticRegression(
        rows: fit.training.map { rows[$0.example] }, labels: fit.training.map(\.label))
      return fit.test.map { regression.score(rows[$0]) }
    }
    return pool.result(
      .linear, areas,
      giveaways: Giveaway.ranked(
        features: space.features, human: Array(rows[..<pool.humanCount]),
        composed: Array(rows[pool.humanCount...]), limit: Self.giveawayLimit))
  }

  /// How well a bidirectional GRU on tokens tells the excerpts of a pool apart.
  /// - Parameters:
  ///   - pool: The excerpts.
  ///   - sequences: The ids of each.
  ///   - vocabularySize: How many ids there are.
  /// - Throws: `EvaluationError.interrupted`, `.cause` where training diverges.
  func network(
    _ pool: ExcerptPool, sequences: [[Int32]], vocabularySize: Int
  ) throws(EvaluationError) -> DiscriminatorResult {
    let discriminator = TokenDiscriminator(
      sequences: sequences, vocabularySize: vocabularySize, seed: seed, cancellation: cancellation)
    let contests = pool.contests(foldCount: 4, partitionCount: 1, halvings: 2, seed: seed)
    let areas = try Contest.areas(
      of: contests, seed: seed, threadCount: threadCount, cancellation: cancellation, progress: progress
    ) { fit throws(EvaluationError) in try discriminator.scores(fit) }
    return pool.result(.network, areas)
  }
}

/// `transform` of each element, several side by side.
/// - Throws: `EvaluationError.interrupted`.
func parallelMap<Element: Sendable, Result: Sendable>(
  _ elements: [Element], activity: String, unit: String, threadCount: Int, cancellation: Cancellation,
  progress: ProgressHandler?, _ transform: @Sendable (Element) -> Result
) throws(EvaluationError) -> [Result] {
  let results: [Result]? = Arithmetic.parallelMap(
    elements, activity: activity, unit: unit, threadCount: threadCount, cancellation: cancellation,
    progress: progress, transform)
  guard let results else { throw .interrupted }
  return results
}
