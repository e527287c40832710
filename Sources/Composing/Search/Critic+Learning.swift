internal import Analysis
internal import Arithmetic
public import Corpora
public import Groundwork
internal import Music
internal import Tokenization

/// How a critic is learned.
public struct CriticLearning: Sendable, Hashable {
  /// How many pieces the model composes for it.
  public var pieces: Int
  /// How the model chooses its ids.
  public var sampling: SamplingPreset
  /// The seed of the pieces.
  public var seed: UInt64

  /// The fewest examples of either kind from which a critic is learned.
  static let leastExamples = 100
  /// The most pieces of the collection that are read.
  static let pieceLimit = 600
  /// The most excerpts of a piece, for further ones of the same piece add little.
  static let excerptsPerPiece = 4
  /// The most bars of a piece that is composed for it: more than its excerpts have, so that the end of a longer piece is not moved
  /// into them.
  static let mostBars = 80
  /// Which share of the loss of a uniform guess a model may have that gets a critic: what one composes that has hardly learned anything
  /// differs in everything.
  static let mostLoss = 0.5
  /// What half the squared length of the weights costs: there are about ten times as many excerpts as descriptors, and what holds
  /// of these excerpts alone must not decide.
  static let penalty = 10.0

  /// Learning from 300 pieces by the usual sampling.
  public init(pieces: Int = 300, sampling: SamplingPreset = .usual, seed: UInt64) {
    self.pieces = pieces
    self.sampling = sampling
    self.seed = seed
  }
}

extension MusicModel {
  /// Learns to tell the pieces that the model was trained on from those that it composes.
  /// - Parameters:
  ///   - learning: How.
  ///   - corpus: The corpus that the model was trained on.
  ///   - threadCount: How many threads work; the result does not depend on it.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how far it is.
  /// - Returns: The critic; nil where there is too little music, or it knows no bars.
  /// - Throws: `ComposingError`, `.interrupted` among them.
  public func learnedCritic(
    _ learning: CriticLearning, from corpus: Corpus, threadCount: Int = 1,
    cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil
  ) throws(ComposingError) -> Critic? {
    guard tokenizer.vocabulary.roles.hasBars else { return nil }
    let pieces = corpus.pieces(in: .train)
    let stride = max(1, (pieces.count + CriticLearning.pieceLimit - 1) / CriticLearning.pieceLimit)
    let read = pieces.enumerated().filter { $0.offset.isMultiple(of: stride) }.map(\.element)
    let decoded: [Score?]? = parallelMap(
      read, activity: "reading", unit: "pieces", threadCount: threadCount, cancellation: cancellation,
      progress: progress
    ) { try? corpus.tokenizer.decode(corpus.ids(ofPiece: $0)) }
    guard let decoded else { throw .interrupted }
    let human = decoded.compactMap(\.self)
    // Composing takes longer than this, and is of no use without them.
    let shortest = CriticLearning.examples(.excerpt, bars: PhraseSearch.usualBars, of: human)
    guard shortest.count >= CriticLearning.leastExamples else { return nil }
    let composed = try composedForCritic(
      learning, lengths: human.map(\.bars.count), threadCount: threadCount, cancellation: cancellation,
      progress: progress)
    var judges: [Critic.Judge] = []
    for (scope, bars) in Critic.scopes {
      guard
        let judge = try Self.judge(
          scope, bars: bars, human: CriticLearning.examples(scope, bars: bars, of: human),
          composed: CriticLearning.examples(scope, bars: bars, of: composed), threadCount: threadCount,
          cancellation: cancellation, progress: progress)
      else { continue }
      judges.append(judge)
    }
    guard !judges.isEmpty else { return nil }
    let endings: [EndingKind?]? = parallelMap(
      human, activity: "describing", unit: "endings", threadCount: threadCount, cancellation: cancellation,
      progress: progress
    ) { EndingKind(of: $0) }
    guard let endings else { throw .interrupted }
    return try Critic(judges: judges, habits: CollectionHabits(of: human, endings: endings))
  }

  private func composedForCritic(
    _ learning: CriticLearning, lengths: [Int], threadCount: Int, cancellation: Cancellation,
    progress: ProgressHandler?
  ) throws(ComposingError) -> [Score] {
    var random = RandomStream(seed: learning.seed, name: "critic")
    let results = try Composer(model: self).compose(
      Composer.seeds(from: learning.seed, count: lengths.isEmpty ? 0 : learning.pieces).map { seed in
        let length = lengths[random.integer(below: lengths.count)]
        return CompositionOptions(
          seed: seed, sampling: learning.sampling, bars: max(1, min(length, CriticLearning.mostBars)))
      },
      threadCount: threadCount, cancellation: cancellation, progress: progress)
    if cancellation.isRequested { throw .interrupted }
    var scores: [Score] = []
    for result in results {
      switch result {
      case .success(let piece): scores.append(piece.score)
      case .failure(.nothingComposed): continue
      case .failure(let error): throw error
      }
    }
    return scores
  }

  /// What tells examples apart; nil where there are too few.
  private static func judge(
    _ scope: Critic.Scope, bars: Int, human: [Score], composed: [Score], threadCount: Int,
    cancellation: Cancellation,
    progress: ProgressHandler?
  ) throws(ComposingError) -> Critic.Judge? {
    guard min(human.count, composed.count) >= CriticLearning.leastExamples else { return nil }
    let set: DescriptorSet =
      switch scope {
      case .excerpt: .excerpts
      // What excerpts show too is judged by them, bar after bar.
      case .piece: DescriptorSet(where: \.needsWholePiece)
      }
    let rows: [[Double]]? = parallelMap(
      human + composed, activity: "describing", unit: scope == .piece ? "pieces" : "excerpts",
      threadCount: threadCount, cancellation: cancellation, progress: progress
    ) { set.values(of: $0) }
    guard let rows else { throw .interrupted }
    let regression = LogisticRegression(
      rows: rows, labels: rows.indices.map { $0 < human.count }, penalty: CriticLearning.penalty)
    return Critic.Judge(scope: scope, bars: bars, descriptors: set.names, regression: regression)
  }
}

extension CriticLearning {
  /// What is judged of pieces. Excerpts begin every four bars, and before the first bar that is no pickup as well: so nothing is
  /// learned that holds of one alignment alone.
  fileprivate static func examples(_ scope: Critic.Scope, bars: Int, of scores: [Score]) -> [Score] {
    switch scope {
    case .excerpt:
      excerpts(of: scores, bars: bars, every: 4, offset: 0)
        + excerpts(of: scores, bars: bars, every: 8, offset: -1)
    // Those that are short enough to have been composed whole.
    case .piece: scores.filter { $0.noteCount > 0 && $0.bars.count < mostBars }
    }
  }

  private static func excerpts(of scores: [Score], bars: Int, every distance: Int, offset: Int) -> [Score] {
    scores.flatMap { score -> [Score] in
      let first = max(0, score.firstFullBar + offset)
      return stride(from: first, through: score.bars.count - bars, by: distance).prefix(excerptsPerPiece)
        .map { score.slice(bars: $0..<$0 + bars).withoutTracks(where: \.notes.isEmpty) }
        .filter { $0.noteCount > 0 }
    }
  }
}
