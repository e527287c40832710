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

  /// The fewest excerpts of either kind from which a critic is learned.
  static let leastExcerpts = 40
  /// The most pieces of the collection that are read.
  static let pieceLimit = 1000
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

  /// Learning from 500 pieces by the usual sampling.
  public init(pieces: Int = 500, sampling: SamplingPreset = SamplingPreset(minP: 0.05), seed: UInt64) {
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
    let composed = try composedForCritic(
      learning, lengths: human.map(\.bars.count), threadCount: threadCount, cancellation: cancellation,
      progress: progress)
    var judges: [Critic.Judge] = []
    for bars in Critic.excerptLengths {
      guard
        let judge = try Self.judge(
          bars: bars, human: human, composed: composed, threadCount: threadCount, cancellation: cancellation,
          progress: progress)
      else { continue }
      judges.append(judge)
    }
    return judges.isEmpty ? nil : try Critic(judges: judges)
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

  /// What tells excerpts of this many bars apart; nil where there are too few.
  private static func judge(
    bars: Int, human: [Score], composed: [Score], threadCount: Int, cancellation: Cancellation,
    progress: ProgressHandler?
  ) throws(ComposingError) -> Critic.Judge? {
    let set = DescriptorSet.excerpts
    let excerpts = [human, composed].map { scores in
      scores.flatMap {
        DescriptorSet.excerpts(of: $0, length: bars).prefix(CriticLearning.excerptsPerPiece)
          .filter { $0.noteCount > 0 }
      }
    }
    guard excerpts.allSatisfy({ $0.count >= CriticLearning.leastExcerpts }) else { return nil }
    let rows: [[Double]]? = parallelMap(
      excerpts[0] + excerpts[1], activity: "describing", unit: "excerpts", threadCount: threadCount,
      cancellation: cancellation, progress: progress
    ) { set.values(of: $0.withoutTracks(where: \.notes.isEmpty)) }
    guard let rows else { throw .interrupted }
    let regression = LogisticRegression(
      rows: rows, labels: rows.indices.map { $0 < excerpts[0].count }, penalty: CriticLearning.penalty)
    return Critic.Judge(bars: bars, descriptors: set.names, regression: regression)
  }
}
