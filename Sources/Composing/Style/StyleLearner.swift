internal import Arithmetic
public import Groundwork
internal import Recurrent
internal import Tokenization
internal import Training

/// Learns a style phrase by phrase, while it is being played: dynamic evaluation (Krause et al. 2018) of the few numbers of a style in
/// the place of all weights, so that what was learned can be kept in a style's file, or forgotten with this object.
///
///     let learner = try StyleLearner(model: model)
///     try learner.learn(ids)                 // as each phrase is over
///     let composer = try Composer(model: learner.styledModel())
///
/// Each phrase is learned from for a few steps, beside one that was heard before, so that the last one does not drive out the others.
/// The same phrases in the same order give the same style. A learner is used by one thread at a time.
public final class StyleLearner {
  /// How it learns.
  public struct Settings: Sendable, Hashable {
    /// How much of the network is changed.
    public var depth: StyleDepth
    /// How many steps are made for each phrase, at least 1.
    public var stepsPerPhrase: Int
    /// How far a step goes (Adam), above 0.
    public var rate: Double
    /// Decides from which directions a change of low rank begins, and which phrase is heard again.
    public var seed: UInt64

    /// Settings, by default those that learn as much as a phrase tells.
    public init(
      depth: StyleDepth = .lowRank, stepsPerPhrase: Int = 8, rate: Double = 0.005, seed: UInt64 = 1
    ) {
      self.depth = depth
      self.stepsPerPhrase = stepsPerPhrase
      self.rate = rate
      self.seed = seed
    }
  }

  /// How many phrases have been learned from.
  public private(set) var phraseCount = 0
  /// How many steps were made.
  public private(set) var stepCount = 0

  private let model: MusicModel
  private let settings: Settings
  private let original: Network
  private let network: Network
  private let change: StyleChange
  private let pass: LanguageModelPass
  private let optimizer: Optimizer
  private let gradients: AlignedBuffer<Float>
  private let clipping: GradientClipping
  private let team: ThreadTeam
  private var batch: TokenBatch
  private var random: RandomStream
  private var phrases: [[Int32]] = []

  private static let batchSize = 2
  private static let windowLength = 128
  /// The last phrases are those that are heard again.
  private static let phraseLimit = 32

  /// A learner that knows nothing of a player yet.
  /// - Parameters:
  ///   - model: What composes.
  ///   - settings: How it learns.
  ///   - threadCount: How many threads compute; the result does not depend on it.
  /// - Throws: `StyleError.cause` for a model that does not compose.
  public init(
    model: MusicModel, settings: Settings = Settings(), threadCount: Int = 1
  ) throws(StyleError) {
    self.model = model
    self.settings = settings
    do { original = try model.network } catch { throw .cause(error) }
    network = original.copy()
    team = ThreadTeam(threadCount: threadCount)
    pass = LanguageModelPass(
      network: network, batchSize: Self.batchSize, truncationLength: Self.windowLength, team: team)
    change = StyleChange(
      StyleChange.shapes(settings.depth, of: original), of: original, seed: settings.seed)
    optimizer = Optimizer(.adam(), parameterCount: change.store.count)
    gradients = AlignedBuffer(count: change.store.count)
    clipping = GradientClipping(gradients, team: team)
    batch = TokenBatch(
      batchSize: Self.batchSize, truncationLength: Self.windowLength,
      contextCount: model.tokenizer.contextFeatures.count)
    random = RandomStream(seed: settings.seed, name: "phrases")
    use()
  }

  private func use() {
    change.apply(to: original.parameters, into: network.parameters)
    pass.parametersDidChange()
    if !change.state.isEmpty { pass.setInitialState(change.state, isLearned: true) }
  }

  /// Learns from a phrase.
  /// - Parameters:
  ///   - ids: The ids of the phrase, from the one that begins a piece; fewer than two teach nothing. That the piece ends is left out.
  ///   - cancellation: Asks to give up; what was learned until then stays.
  /// - Throws: `StyleError.diverged`, `.interrupted`.
  public func learn(_ ids: [Int32], cancellation: Cancellation? = nil) throws(StyleError) {
    let ids = model.tokenizer.beginning(of: ids, barCount: nil)
    guard ids.count > 1 else { return }
    phraseCount += 1
    for _ in 0..<max(1, settings.stepsPerPhrase) {
      let other = phrases.isEmpty ? [] : phrases[random.integer(below: phrases.count)]
      let streams = [PhraseStream(ids, model.tokenizer), PhraseStream(other, model.tokenizer)]
      try step(streams, cancellation: cancellation)
    }
    if phrases.count == Self.phraseLimit { phrases.removeFirst() }
    phrases.append(ids)
  }

  /// Makes a step by each window of some phrases, from their beginnings.
  private func step(_ streams: [PhraseStream], cancellation: Cancellation?) throws(StyleError) {
    var streams = streams
    pass.clearCarriedState()
    while streams.contains(where: { !$0.isOver }) {
      if cancellation?.isRequested == true { throw .interrupted }
      batch.clear()
      for index in streams.indices {
        streams[index].fill(&batch, stream: index, of: Self.batchSize, steps: Self.windowLength)
      }
      let loss = pass.trainWithoutDropout(batch)
      change.takeGradient(
        from: pass.gradients, of: network.parameters, state: pass.initialStateGradient, into: gradients)
      stepCount += 1
      guard loss.sum.isFinite, clipping.clip(toGlobalNorm: 1).isFinite else {
        throw .diverged(step: stepCount)
      }
      optimizer.update(change.store, gradients: gradients, learningRate: settings.rate, team: team)
      use()
    }
  }

  /// The style as it was learned so far.
  /// - Parameter name: What it is called in messages.
  /// - Throws: `StyleError.noPieces` if no phrase has been learned from.
  public func style(name: String = "what was played") throws(StyleError) -> Style {
    guard phraseCount > 0 else { throw .noPieces }
    return Style(
      name: name, depth: settings.depth, modelName: model.name, modelChecksum: try model.weightsChecksum(),
      pieceCount: phraseCount, tensors: change.tensors())
  }

  /// The model in the style that was learned so far; the model itself before the first phrase.
  /// - Throws: `StyleError.cause`.
  public func styledModel() throws(StyleError) -> MusicModel {
    guard phraseCount > 0 else { return model }
    return try model.styled(by: [(try style(), 1)])
  }
}

/// A phrase as it is read window by window.
private struct PhraseStream {
  private let ids: [Int32]
  private var next = 0
  private var context: (any TokenContext)?
  private let features: [Int32]

  init(_ ids: [Int32], _ tokenizer: any Tokenizer) {
    self.ids = ids
    context = tokenizer.makeContext()
    features = Array(repeating: -1, count: tokenizer.contextFeatures.count)
  }

  /// Whether nothing is left to predict.
  var isOver: Bool { next + 1 >= ids.count }

  mutating func fill(_ batch: inout TokenBatch, stream: Int, of streamCount: Int, steps: Int) {
    var features = features
    for step in 0..<steps where !isOver {
      let element = step * streamCount + stream
      let id = ids[next]
      batch.inputs[element] = id
      batch.targets[element] = ids[next + 1]
      batch.resets[element] = next == 0
      if !features.isEmpty {
        context?.advance(id)
        context?.write(into: &features)
        batch.setContext(ofElement: element, to: features)
      }
      next += 1
    }
  }
}
