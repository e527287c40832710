internal import Arithmetic
public import Groundwork
internal import Recurrent
internal import Tokenization
internal import Training

/// How a style is learned.
public struct StyleLearning: Sendable, Hashable {
  /// How much of the network is changed.
  public var depth: StyleDepth
  /// How many steps are made at most.
  public var mostSteps: Int
  /// How far a step goes (Adam); nil for the usual, 0.01.
  public var rate: Double?
  /// Decides the order of the pieces and their keys.
  public var seed: UInt64

  /// Settings.
  public init(depth: StyleDepth = .state, mostSteps: Int = 100, rate: Double? = nil, seed: UInt64 = 1) {
    self.depth = depth
    self.mostSteps = mostSteps
    self.rate = rate
    self.seed = seed
  }

  /// The numbers of steps that can be asked for.
  public static let stepCounts = 1...10_000
  /// The steps after which a style is looked at.
  static let interval = 10
  /// The most parts that are held out in turn.
  static let mostFolds = 4
  /// Of one piece nothing can be held out: so much of the most steps is made.
  static let shareOfSteps = 0.25
  static let batchLimit = 4
  static let windowLimit = 256

  static let usualRate = 0.01
}

extension StyleDepth {
  /// How much of the network is changed where nobody said it: the more pieces there are, the more they can tell.
  public static func usual(forPieces count: Int) -> StyleDepth {
    count < 3 ? .state : count < 8 ? .biases : .lowRank
  }
}

/// A style, and what learning it showed.
public struct LearnedStyle: Sendable {
  /// The style.
  public var style: Style
  /// How many steps it was learned for.
  public var steps: Int
  /// How many ids the pieces have that could be learned from.
  public var tokens: Int
  /// The mean −log p of an id of held-out pieces without the style and with it, in nats; nil where there was one piece alone.
  public var heldOut: (before: Double, after: Double)?
}

extension MusicModel {
  /// Learns what pieces have in common.
  ///
  /// Of several pieces some are held out in turn, to find after how many steps pieces that were not learned from are the most
  /// probable; then all are learned from for as long. Of one piece nothing can be held out, and it is learned for a few steps.
  /// - Parameters:
  ///   - pieces: The ids of the pieces in the model's tokens, each at least two; see `CorpusBuilder.pieces(in:as:cancellation:progress:)`.
  ///   - name: What the style is called in messages.
  ///   - settings: How it is learned.
  ///   - threadCount: How many threads compute; the result does not depend on it.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many steps were made.
  /// - Throws: `StyleError.noPieces`, `.diverged`, `.interrupted`, `.cause` for a model that does not compose.
  public func learnStyle(
    from pieces: [[Int32]], name: String = "the style", settings: StyleLearning = StyleLearning(),
    threadCount: Int = 1, cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil
  ) throws(StyleError) -> LearnedStyle {
    let fit = try fit(
      to: pieces, shapes: { StyleChange.shapes(settings.depth, of: $0) }, settings: settings,
      threadCount: threadCount, cancellation: cancellation, progress: progress)
    let style = Style(
      name: name, depth: settings.depth, modelName: self.name, modelChecksum: try weightsChecksum(),
      pieceCount: fit.pieceCount, tensors: fit.change.tensors())
    return LearnedStyle(style: style, steps: fit.steps, tokens: fit.tokens, heldOut: fit.heldOut)
  }

  /// The model with all its weights tuned to pieces, in the way and for as long as a style would be learned: what styles are measured
  /// against.
  /// - Parameters:
  ///   - pieces: The ids of the pieces.
  ///   - settings: How it learns; `depth` says nothing.
  ///   - threadCount: How many threads compute.
  /// - Throws: as `learnStyle`.
  package func fineTuned(
    on pieces: [[Int32]], settings: StyleLearning, threadCount: Int
  ) throws(StyleError) -> (model: MusicModel, steps: Int) {
    var settings = settings
    settings.rate = settings.rate ?? Self.fineTuningRate
    let fit = try fit(
      to: pieces, shapes: { $0.parameters.entries.map { ("change." + $0.name, $0.shape) } },
      settings: settings, threadCount: threadCount, cancellation: Cancellation(), progress: nil)
    let changed: Network
    do { changed = try network.copy() } catch { throw .cause(error) }
    fit.change.apply(to: changed.parameters, into: changed.parameters)
    return (
      MusicModel(
        tokenizer: tokenizer, network: .network(changed), folder: folder, description: description),
      fit.steps
    )
  }

  private static var fineTuningRate: Double { 1.5e-4 }

  /// What was learned, and what it showed.
  private struct Fit {
    var change: StyleChange
    var steps: Int
    var pieceCount: Int
    var tokens: Int
    var heldOut: (before: Double, after: Double)?
  }

  private func fit(
    to pieces: [[Int32]], shapes: (Network) -> [(name: String, shape: [Int])], settings: StyleLearning,
    threadCount: Int, cancellation: Cancellation, progress: ProgressHandler?
  ) throws(StyleError) -> Fit {
    let pieces = pieces.filter { $0.count > 1 }
    guard !pieces.isEmpty else { throw .noPieces }
    let original: Network
    do { original = try network } catch { throw .cause(error) }
    let foldCount = pieces.count == 1 ? 0 : min(pieces.count, StyleLearning.mostFolds)
    let total = settings.mostSteps * (foldCount + 1)
    var done = 0
    func step() throws(StyleError) {
      if cancellation.isRequested { throw .interrupted }
      done += 1
      progress?(
        ProgressReport(
          activity: "learning", completed: Double(done), total: Double(total), unit: "steps"))
    }
    func fit(_ chosen: [[Int32]]) -> StyleFit {
      StyleFit(
        chosen, original: original, shapes: shapes(original), model: self, settings: settings,
        threadCount: threadCount)
    }
    // The loss of all pieces after each number of steps, each piece under what was learned from others.
    var losses: [LossSum] = []
    for fold in 0..<foldCount {
      let held = pieces.indices.filter { $0 % foldCount == fold }
      let fit = fit(pieces.indices.filter { $0 % foldCount != fold }.map { pieces[$0] })
      let heldOut = PieceIDs(held.map { pieces[$0] })
      for index in 0...settings.mostSteps / StyleLearning.interval {
        if index > 0 {
          for _ in 0..<StyleLearning.interval {
            try step()
            try fit.learn()
          }
        }
        if losses.count == index { losses.append(LossSum()) }
        losses[index] += fit.loss(of: heldOut)
      }
    }
    let best = losses.indices.min { losses[$0].mean < losses[$1].mean }
    let steps =
      best.map { $0 * StyleLearning.interval }
      ?? max(1, Int(StyleLearning.shareOfSteps * Double(settings.mostSteps)))
    done = settings.mostSteps * foldCount
    let all = fit(pieces)
    for _ in 0..<steps {
      try step()
      try all.learn()
    }
    return Fit(
      change: all.change, steps: steps, pieceCount: pieces.count,
      tokens: pieces.reduce(0) { $0 + $1.count - 1 },
      heldOut: best.map { (losses[0].mean, losses[$0].mean) })
  }
}

/// One style that is being learned.
private final class StyleFit {
  let change: StyleChange
  private let original: Network
  private let network: Network
  private let pass: LanguageModelPass
  private let optimizer: Optimizer
  private let gradients: AlignedBuffer<Float>
  private let clipping: GradientClipping
  private let team: ThreadTeam
  private let rate: Double
  private let tokenizer: any Tokenizer
  private var windows: StyleWindows
  private var batch: TokenBatch
  private var dropout: RandomStream
  private var stepCount = 0

  init(
    _ pieces: [[Int32]], original: Network, shapes: [(name: String, shape: [Int])], model: MusicModel,
    settings: StyleLearning, threadCount: Int
  ) {
    self.original = original
    network = original.copy()
    tokenizer = model.tokenizer
    rate = settings.rate ?? StyleLearning.usualRate
    team = ThreadTeam(threadCount: threadCount)
    let longest = pieces.reduce(0) { max($0, $1.count - 1) }
    windows = StyleWindows(
      pieces, tokenizer: model.tokenizer, transposition: model.description.settings?.transposition,
      batchSize: min(pieces.count, StyleLearning.batchLimit),
      truncationLength: min(longest, StyleLearning.windowLimit), seed: settings.seed)
    batch = windows.makeBatch()
    pass = LanguageModelPass(
      network: network, batchSize: windows.batchSize, truncationLength: windows.truncationLength, team: team)
    change = StyleChange(shapes, of: original, seed: settings.seed)
    optimizer = Optimizer(.adam(), parameterCount: change.store.count)
    gradients = AlignedBuffer(count: change.store.count)
    clipping = GradientClipping(gradients, team: team)
    dropout = RandomStream(seed: settings.seed, name: "style dropout")
    use()
  }

  /// Lets the network have the style as it is now.
  private func use() {
    change.apply(to: original.parameters, into: network.parameters)
    pass.parametersDidChange()
    if !change.state.isEmpty { pass.setInitialState(change.state, isLearned: true) }
  }

  /// Makes a step.
  func learn() throws(StyleError) {
    windows.fill(&batch)
    let loss = pass.train(batch, accumulating: false, dropout: &dropout)
    change.takeGradient(
      from: pass.gradients, of: network.parameters, state: pass.initialStateGradient, into: gradients)
    stepCount += 1
    guard loss.sum.isFinite, clipping.clip(toGlobalNorm: 1).isFinite else {
      throw .diverged(step: stepCount)
    }
    optimizer.update(change.store, gradients: gradients, learningRate: rate, team: team)
    use()
  }

  /// The loss of pieces under the style as it is now; learning goes on as if nothing had been.
  func loss(of pieces: PieceIDs) -> LossSum {
    let carried = pass.carriedState
    defer { pass.carriedState = carried }
    let batches = PieceBatches(
      pieces: pieces, batchSize: windows.batchSize, truncationLength: windows.truncationLength,
      context: TokenizerContext(tokenizer))
    var batch = batches.makeBatch(), sum = LossSum()
    pass.clearCarriedState()
    for index in 0..<batches.batchCount {
      batches.fill(&batch, index: index)
      sum += pass.evaluate(batch)
    }
    return sum
  }
}
