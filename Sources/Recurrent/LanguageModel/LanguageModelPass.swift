public import Arithmetic

/// Trains a network from ids to ids on windows: truncated backpropagation through time over B parallel streams of T steps,
/// with a state that is carried from one call to the next.
///
/// It is a `NetworkPass` over one layout, the rectangle, that takes its batches as `TokenBatch`: element t·B + b belongs to
/// step t of stream b. All memory is taken when the pass is made.
public final class LanguageModelPass: TrainablePass {
  /// How many streams run side by side, B.
  public let batchSize: Int
  /// How many steps a call runs over, T.
  public let truncationLength: Int

  private let pass: NetworkPass
  private let layout: StepLayout

  /// The network that is run.
  public var network: Network { pass.network }
  /// The network's weights.
  public var parameters: ParameterStore { pass.parameters }
  /// Gradients of the mean loss, laid out as the network's parameters are.
  public var gradients: AlignedBuffer<Float> { pass.gradients }

  /// A pass over `batchSize` streams of `truncationLength` steps, with zero states.
  /// - Parameters:
  ///   - network: A language model; see `Network.Configuration.languageModel`.
  ///   - batchSize: How many streams are trained beside each other.
  ///   - truncationLength: How many steps a window has.
  ///   - team: The threads that compute.
  public init(network: Network, batchSize: Int, truncationLength: Int, team: ThreadTeam) {
    precondition(
      network.configuration.languageModel != nil, "a network from ids to ids is trained on windows of ids")
    self.batchSize = batchSize
    self.truncationLength = truncationLength
    layout = StepLayout(streamCount: batchSize, stepCount: truncationLength)
    pass = NetworkPass(
      network: network, rowCapacity: layout.rowCount, streamCapacity: batchSize, carriesState: true,
      team: team)
  }

  /// Takes the network's current weights. To be called after every change of them.
  public func parametersDidChange() { pass.parametersDidChange() }

  /// The states between two calls, L × B × S·H; S is 2 for the LSTM (h, then c) and else 1.
  public var carriedState: [Float] {
    get { pass.carriedState }
    set { pass.carriedState = newValue }
  }

  /// Makes all states zero, or the initial state where there is one.
  public func clearCarriedState() { pass.clearCarriedState() }

  /// Lets pieces begin in another state than zero.
  /// - Parameters:
  ///   - state: L × S·H numbers.
  ///   - isLearned: Whether the gradient of it is wanted.
  package func setInitialState(_ state: [Float], isLearned: Bool = false) {
    pass.setInitialState(state, isLearned: isLearned)
  }

  /// The gradient of the mean loss with respect to the initial state, L × S·H: that of the pieces that began in the window.
  package var initialStateGradient: [Float] { pass.initialStateGradient }

  /// The loss of a window, and the gradient of its mean; see `TrainablePass`.
  public func train(_ batch: TokenBatch, accumulating: Bool, dropout: inout RandomStream) -> LossSum {
    train(
      inputs: batch.inputs, contexts: batch.contexts, targets: batch.targets, resets: batch.resets,
      accumulating: accumulating, dropout: &dropout)
  }

  /// One step of training except for the update: the loss of a batch, and the gradient of its mean in `gradients`.
  /// - Parameters:
  ///   - inputs: T·B ids.
  ///   - contexts: T·B·C indices, one of each feature of the context; −1 for none.
  ///   - targets: T·B ids to be predicted; −1 is not counted.
  ///   - resets: T·B; true where the state is zero before the step, at the beginning of a piece.
  ///   - accumulating: whether the gradient is added to what `gradients` holds instead of replacing it.
  ///   - dropout: the stream that decides what is dropped.
  public func train(
    inputs: [Int32], contexts: [Int32] = [], targets: [Int32], resets: [Bool], accumulating: Bool = false,
    dropout: inout RandomStream
  ) -> LossSum {
    pass.drawDropout(for: layout, from: &dropout)
    let loss = pass.take(labels: targets.span, layout: layout)
    pass.read(
      layout: layout, ids: inputs.span, contexts: contexts.span, frames: Span(), resets: resets.span)
    return pass.learn(loss, layout: layout, accumulating: accumulating)
  }

  /// The loss of a window, and the gradient of its mean, which replaces `gradients`, of the network as it composes: without
  /// dropout.
  public func trainWithoutDropout(_ batch: TokenBatch) -> LossSum {
    pass.omitDropout()
    let loss = pass.take(labels: batch.targets.span, layout: layout)
    pass.read(
      layout: layout, ids: batch.inputs.span, contexts: batch.contexts.span, frames: Span(),
      resets: batch.resets.span)
    return pass.learn(loss, layout: layout, accumulating: false)
  }

  /// The loss of a window, without dropout and without gradients. The states are carried on as in training.
  public func evaluate(_ batch: TokenBatch) -> LossSum {
    evaluate(inputs: batch.inputs, contexts: batch.contexts, targets: batch.targets, resets: batch.resets)
  }

  /// The same of the parts of a window, which are those of `train`.
  public func evaluate(
    inputs: [Int32], contexts: [Int32] = [], targets: [Int32], resets: [Bool]
  ) -> LossSum {
    pass.omitDropout()
    let loss = pass.take(labels: targets.span, layout: layout)
    pass.read(
      layout: layout, ids: inputs.span, contexts: contexts.span, frames: Span(), resets: resets.span)
    return pass.measure(loss, layout: layout)
  }

  /// How many ids of a window are to be predicted, or what they weigh.
  public func targetWeight(of batch: TokenBatch) -> Double {
    pass.take(labels: batch.targets.span, layout: layout).weight
  }

  /// Measures the network on a window, as it is without dropout: how far back the loss of the last step reaches, and
  /// the saturation of the gates.
  public func inspect(_ batch: TokenBatch) -> PassInspection? {
    let count = batch.contextCount
    let ids =
      count == 0
      ? batch.inputs
      : batch.inputs.indices.flatMap {
        [batch.inputs[$0]] + batch.contexts[$0 * count..<($0 + 1) * count]
      }
    return pass.inspect(
      SequenceBatch(layout: layout, ids: ids, targets: .labels(batch.targets), resets: batch.resets))
  }
}
