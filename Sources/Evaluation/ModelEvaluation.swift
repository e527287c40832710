internal import Analysis
public import Composing
public import Groundwork
public import Music
internal import Tokenization

/// How good a model and its music are: everything beside what human pieces are to each other.
public struct ModelEvaluation: Sendable {
  /// What the model is called.
  public var model: String
  /// Where the human pieces come from, in words.
  public var humanSource: String
  /// Where the composed pieces come from, in words; nil where none were compared.
  public var composedSource: String?
  /// How many human pieces there are.
  public var humanPieces: Int
  /// How many composed pieces there are.
  public var composedPieces: Int
  /// How many pieces could not be composed.
  public var failures: Int
  /// How many pieces were cut off at the most bars that a piece may have.
  public var cutOff: Int
  /// How many composed pieces are the same as one before.
  public var duplicates: Int
  /// How probable the model finds the human pieces.
  public var likelihood: Likelihood
  /// How well the composed pieces can be told from the human ones: by excerpts of each length the linear discriminator, then
  /// the network.
  public var discriminators: [DiscriminatorResult] = []
  /// What can be described of whole pieces, in the order of the descriptors.
  public var features: [FeatureComparison] = []
  /// What the composed pieces share with those that the model learned from; nil where these are not at hand.
  public var novelty: NoveltyComparison?
  /// A human and a composed piece of about the same length, to look at; nil where none were compared.
  public var examples: (human: Score, composed: Score)?
}

/// Evaluates a model.
///
///     let model = try MusicModel(path: "model")
///     let human = try HeldOutMusic(of: model)
///     let composed = try ComposedMusic(by: model, count: 150, seed: 1)
///     let evaluation = try Evaluator(seed: 1).evaluate(model, on: human, composed: composed)
public struct Evaluator: Sendable {
  /// Decides all that is drawn.
  public var seed: UInt64
  /// How many threads compute; the result does not depend on it.
  public var threadCount: Int
  /// The lengths of the excerpts by which pieces are told apart.
  public var lengths: [ExcerptLength]
  /// Which discriminators are trained.
  public var discriminators: Set<DiscriminatorResult.Kind>

  /// An evaluator.
  public init(
    seed: UInt64, threadCount: Int = 1, lengths: [ExcerptLength] = [.bars(8), .bars(16), .whole],
    discriminators: Set<DiscriminatorResult.Kind> = Set(DiscriminatorResult.Kind.allCases)
  ) {
    self.seed = seed
    self.threadCount = threadCount
    self.lengths = lengths
    self.discriminators = discriminators
  }

  /// Evaluates a model.
  /// - Parameters:
  ///   - model: The model.
  ///   - human: Pieces that it has not seen; at least one.
  ///   - composed: Pieces of its own; nil to measure the likelihood alone.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told what is being done.
  /// - Throws: `EvaluationError`.
  public func evaluate(
    _ model: MusicModel, on human: HeldOutMusic, composed: ComposedMusic?,
    cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil
  ) throws(EvaluationError) -> ModelEvaluation {
    let likelihood = try Likelihood(
      of: human.pieces, model: model, threadCount: threadCount, cancellation: cancellation, progress: progress
    )
    var evaluation = ModelEvaluation(
      model: model.name, humanSource: human.source, composedSource: composed?.source,
      humanPieces: human.pieces.count, composedPieces: composed?.pieces.count ?? 0,
      failures: composed?.failures ?? 0, cutOff: composed?.cutOff ?? 0,
      duplicates: composed?.duplicates ?? 0, likelihood: likelihood)
    guard let composed, !composed.pieces.isEmpty else { return evaluation }
    let work = Discrimination(
      seed: seed, threadCount: threadCount, cancellation: cancellation, progress: progress)
    try compare(human, composed, model, work, &evaluation)
    if let corpus = human.trainingCorpus {
      evaluation.novelty = try NoveltyComparison(
        of: composed.pieces, human: human.isTrainingMusic ? [] : human.pieces, corpus: corpus,
        threadCount: threadCount, cancellation: cancellation, progress: progress)
    }
    evaluation.examples = Self.examples(human.pieces.map(\.score), composed.pieces.map(\.score))
    return evaluation
  }

  /// Tells human and composed pieces apart, and describes them.
  private func compare(
    _ human: HeldOutMusic, _ composed: ComposedMusic, _ model: MusicModel, _ work: Discrimination,
    _ evaluation: inout ModelEvaluation
  ) throws(EvaluationError) {
    let (theirs, ours) = (human.pieces.map(\.score), composed.pieces.map(\.score))
    for length in lengths {
      let pool = ExcerptPool(human: theirs, composed: ours, length: length)
      let set = FeatureSpace.descriptorSet(for: length), space = FeatureSpace(set)
      let rows = try work.rows(of: pool, in: space)
      if discriminators.contains(.linear) {
        evaluation.discriminators.append(try work.linear(pool, rows: rows, space: space))
      }
      if discriminators.contains(.network) {
        let sequences = try sequences(of: pool, tokenizer: model.tokenizer, work)
        evaluation.discriminators.append(
          try work.network(
            pool, sequences: sequences, vocabularySize: model.tokenizer.vocabulary.count))
      }
      guard length == .whole else { continue }
      let comparison = DescriptorComparison(
        human: Array(rows[..<pool.humanCount]), other: Array(rows[pool.humanCount...]), set: set, seed: seed,
        threadCount: threadCount, cancellation: work.cancellation, progress: work.progress)
      guard let comparison else { throw .interrupted }
      evaluation.features = comparison.rows.map(FeatureComparison.init)
    }
  }

  /// The ids of each excerpt, those of both kinds written by the same tokenizer.
  private func sequences(
    of pool: ExcerptPool, tokenizer: any Tokenizer, _ work: Discrimination
  ) throws(EvaluationError) -> [[Int32]] {
    let roles = tokenizer.vocabulary.roles
    return try parallelMap(
      pool.excerpts, activity: "encoding", unit: "excerpts", threadCount: threadCount,
      cancellation: work.cancellation, progress: work.progress
    ) { excerpt in
      // An excerpt whose notes are all outside the tokenizer's range has nothing to say.
      let ids = (try? tokenizer.encode(excerpt.score).ids) ?? [roles.beginning, roles.end]
      return Array(ids.prefix(TokenDiscriminator.lengthLimit))
    }
  }

  /// The human and the composed piece of about the median length, whose pictures can be compared.
  private static func examples(_ human: [Score], _ composed: [Score]) -> (human: Score, composed: Score)? {
    let lengths = human.map(\.bars.count).sorted()
    guard !lengths.isEmpty, !composed.isEmpty else { return nil }
    let median = lengths[lengths.count / 2]
    func nearest(_ scores: [Score]) -> Score? {
      scores.enumerated().min {
        (abs($0.element.bars.count - median), $0.offset) < (abs($1.element.bars.count - median), $1.offset)
      }?.element
    }
    guard let theirs = nearest(human), let ours = nearest(composed) else { return nil }
    return (theirs, ours)
  }
}
