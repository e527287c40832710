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
  /// How many pieces it composes at most in each further round, by the critic of the rounds before.
  public var revisedPieces: Int
  /// How many further rounds there are. Choosing by odds never brings about all that they ask for, and more of other things than the
  /// collection has: each round learns what still tells the chosen music from the collection's, and adds it to the odds.
  public var revisions: Int
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

  /// How many ids all tries of the pieces of a further round have at most: a minute or two of one core. Of long pieces of many parts there are
  /// fewer, but not fewer than `leastRevisedPieces`.
  static let revisionBudget = 1_500_000
  /// The fewest pieces of a further round.
  static let leastRevisedPieces = 40
  /// The fewest bars of a phrase: of fewer descriptors say too little.
  static let leastPhraseBars = 2

  /// Learning from 300 pieces by the usual sampling, and from 150 that were chosen by what was learned of these.
  public init(
    pieces: Int = 300, revisedPieces: Int = 150, revisions: Int = 1, sampling: SamplingPreset = .usual,
    seed: UInt64
  ) {
    self.pieces = pieces
    self.revisedPieces = revisedPieces
    self.revisions = revisions
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
    let endings: [EndingKind?]? = parallelMap(
      human, activity: "describing", unit: "endings", threadCount: threadCount, cancellation: cancellation,
      progress: progress
    ) { EndingKind(of: $0) }
    guard let endings else { throw .interrupted }
    let habits = CollectionHabits(of: human, endings: endings)
    func scoped(
      _ scopes: [(scope: Critic.Scope, bars: Int)], _ scores: [Score]
    ) throws(ComposingError)
      -> [CriticLearning.ScopedExamples]
    {
      try CriticLearning.scoped(
        scopes, scores, threadCount: threadCount, cancellation: cancellation, progress: progress)
    }
    var scopes = Critic.scopes(phraseBars: PhraseSearch.usualBars)
    var collection = try scoped(scopes, human)
    var phraseBars = PhraseSearch.usualBars
    var revisedPieces = learning.revisedPieces
    var model = withoutCritic()
    for round in 0...max(0, learning.revisions) {
      let pieces = try model.composedForCritic(
        learning, round: round, count: round == 0 ? learning.pieces : revisedPieces,
        lengths: human.map(\.bars.count), threadCount: threadCount, cancellation: cancellation,
        progress: progress)
      let scores = pieces.map(\.score)
      var composed = try scoped(scopes, scores)
      if round == 0 {
        phraseBars = CriticLearning.phraseBars(collection, composed)
        revisedPieces = learning.revisedPieces(idsPerPiece: pieces.map(\.ids.count))
        let further = Critic.scopes(phraseBars: phraseBars).filter { wanted in
          !scopes.contains { $0 == wanted }
        }
        scopes += further
        collection += try scoped(further, human)
        composed += try scoped(further, scores)
      }
      let known = model.critic?.judges ?? []
      let judges = zip(collection, composed).compactMap { human, composed in
        CriticLearning.judge(
          human, composed, revising: known,
          // Fewer examples say less.
          penalty: round == 0
            ? CriticLearning.penalty
            : CriticLearning.penalty * Double(learning.revisedPieces) / Double(max(1, revisedPieces)))
      }
      if judges.isEmpty { break }
      model.critic = try Critic(judges: judges, habits: habits, phraseBars: phraseBars)
    }
    return model.critic
  }

  /// What the model composes in a round: at first as it would without a critic, then by the critic that it has.
  private func composedForCritic(
    _ learning: CriticLearning, round: Int, count: Int, lengths: [Int], threadCount: Int,
    cancellation: Cancellation, progress: ProgressHandler?
  ) throws(ComposingError) -> [Composition] {
    var random = RandomStream(seed: learning.seed, name: round == 0 ? "critic" : "critic/\(round)")
    let seeds = Composer.seeds(
      from: learning.seed &+ UInt64(round == 0 ? 0 : learning.pieces + (round - 1) * learning.revisedPieces),
      count: lengths.isEmpty ? 0 : count)
    let results = try Composer(model: self).compose(
      seeds.map { seed in
        let length = lengths[random.integer(below: lengths.count)]
        return CompositionOptions(
          seed: seed, sampling: learning.sampling, bars: max(1, min(length, CriticLearning.mostBars)),
          search: .usual(for: self), ending: critic == nil ? nil : .usual(for: self))
      },
      threadCount: threadCount, cancellation: cancellation, progress: progress)
    if cancellation.isRequested { throw .interrupted }
    var pieces: [Composition] = []
    for result in results {
      switch result {
      case .success(let piece): pieces.append(piece)
      case .failure(.nothingComposed): continue
      case .failure(let error): throw error
      }
    }
    return pieces
  }
}

extension CriticLearning {
  /// What music is of one scope, as descriptors.
  struct ScopedExamples {
    var scope: Critic.Scope
    var bars: Int
    var descriptors: [String]
    var rows: [[Double]]
  }

  /// The examples of each scope that pieces have.
  /// - Throws: `ComposingError.interrupted`.
  fileprivate static func scoped(
    _ scopes: [(scope: Critic.Scope, bars: Int)], _ scores: [Score], threadCount: Int,
    cancellation: Cancellation, progress: ProgressHandler?
  ) throws(ComposingError) -> [ScopedExamples] {
    var scoped: [ScopedExamples] = []
    for (scope, bars) in scopes {
      let set: DescriptorSet =
        switch scope {
        case .excerpt: .excerpts
        // What excerpts show too is judged by them, bar after bar.
        case .piece: DescriptorSet(where: \.needsWholePiece)
        }
      let rows: [[Double]]? = parallelMap(
        examples(scope, bars: bars, of: scores), activity: "describing",
        unit: scope == .piece ? "pieces" : "excerpts", threadCount: threadCount, cancellation: cancellation,
        progress: progress
      ) { set.values(of: $0) }
      guard let rows else { throw .interrupted }
      scoped.append(ScopedExamples(scope: scope, bars: bars, descriptors: set.names, rows: rows))
    }
    return scoped
  }

  /// How many pieces a further round has.
  /// - Parameter idsPerPiece: The number of ids of each piece of the first round.
  func revisedPieces(idsPerPiece: [Int]) -> Int {
    let mean = idsPerPiece.reduce(0, +) / max(1, idsPerPiece.count)
    let affordable = Self.revisionBudget / (PhraseSearch.usualTries * max(1, mean))
    return min(revisedPieces, max(Self.leastRevisedPieces, affordable))
  }

  /// How many bars a phrase may have so that one of the usual number of tries is what the odds ask for: importance sampling takes about as many
  /// tries as the exponential of how far the two distributions lie apart, in nats (Chatterjee and Diaconis 2018), and that grows with the bars. Half
  /// the distance between the mean odds of both is the mean of both divergences.
  static func phraseBars(_ collection: [ScopedExamples], _ composed: [ScopedExamples]) -> Int {
    let usual = PhraseSearch.usualBars
    guard
      let index = collection.firstIndex(where: { $0.scope == .excerpt && $0.bars == usual }),
      let judge = judge(collection[index], composed[index], revising: [])
    else { return usual }
    func meanOdds(_ rows: [[Double]]) -> Double {
      rows.reduce(0) { $0 + judge.regression.score($1) } / Double(rows.count)
    }
    let divergence = (meanOdds(collection[index].rows) - meanOdds(composed[index].rows)) / 2
    let possible = logarithm(Double(PhraseSearch.usualTries))
    var bars = usual
    while bars > leastPhraseBars, divergence * Double(bars) / Double(usual) > possible { bars /= 2 }
    return bars
  }

  /// What tells examples apart; nil where there are too few.
  /// - Parameters:
  ///   - human: Examples of the collection.
  ///   - composed: Examples by the model.
  ///   - known: The judges by which the model chose when it composed them, if it did. The odds that they gave, and those that are learned here, make up
  ///     the new ones.
  ///   - penalty: What half the squared length of the weights costs.
  static func judge(
    _ human: ScopedExamples, _ composed: ScopedExamples, revising known: [Critic.Judge],
    penalty: Double = CriticLearning.penalty
  ) -> Critic.Judge? {
    let earlier = known.first { $0.scope == human.scope && $0.bars == human.bars }
    guard min(human.rows.count, composed.rows.count) >= leastExamples else { return earlier }
    let rows = human.rows + composed.rows
    let regression = LogisticRegression(
      rows: rows, labels: rows.indices.map { $0 < human.rows.count }, penalty: penalty,
      standardizedAs: earlier?.regression)
    return Critic.Judge(
      scope: human.scope, bars: human.bars, descriptors: human.descriptors,
      regression: earlier.map { $0.regression.adding(regression) } ?? regression)
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
