public import Arithmetic

/// Runs a network over packed batches of sequences, forward and backward.
///
/// Full backpropagation through time where every batch starts from the initial state; truncated backpropagation where the pass carries its
/// state from one batch to the next. All memory is taken when the pass is made, except for what CTC needs, which grows with
/// the longest sequence so far.
public final class NetworkPass: TrainablePass {
  /// The network that is run.
  public let network: Network
  /// The gradient of the mean loss, laid out as the network's parameters are.
  public let gradients: AlignedBuffer<Float>
  /// How many rows a batch may have.
  public let rowCapacity: Int
  /// How many streams a batch may have.
  public let streamCapacity: Int
  /// Whether streams continue in each batch with the state in which the last batch left them.
  public let carriesState: Bool

  /// The network's weights.
  public var parameters: ParameterStore { network.parameters }

  let team: ThreadTeam
  let input: InputLayer
  let stack: RecurrentStack
  let head: HeadLayer
  private let resets: AlignedBuffer<UInt8>
  /// Whether what was read last has any.
  private var hasResets = false
  /// N × D·H: the gradient of the stack's output.
  let outputGradient: AlignedBuffer<Float>

  /// A pass over batches of up to `rowCapacity` rows of `streamCapacity` streams.
  /// - Parameters:
  ///   - network: the network that is run.
  ///   - rowCapacity: how many rows a batch may have.
  ///   - streamCapacity: how many streams a batch may have.
  ///   - carriesState: whether streams continue in each batch with the state in which the last batch left them; for layers
  ///     that read forward alone.
  ///   - team: the threads that compute.
  public convenience init(
    network: Network, rowCapacity: Int, streamCapacity: Int, carriesState: Bool = false, team: ThreadTeam
  ) {
    self.init(
      network: network, rowCapacity: rowCapacity, streamCapacity: streamCapacity, carriesState: carriesState,
      outputLimit: RowSlices.outputLimit, team: team)
  }

  /// - Parameter outputLimit: how many outputs of the head are held at once; see `RowSlices`.
  init(
    network: Network, rowCapacity: Int, streamCapacity: Int, carriesState: Bool = false, outputLimit: Int,
    team: ThreadTeam
  ) {
    let stackConfiguration = network.configuration.stack
    precondition(
      !carriesState || !stackConfiguration.isBidirectional,
      "layers that read backward have no state to carry from one batch to the next")
    self.network = network
    self.rowCapacity = rowCapacity
    self.streamCapacity = streamCapacity
    self.carriesState = carriesState
    self.team = team
    gradients = AlignedBuffer(count: network.parameters.count)
    input = InputLayer(network: network, rowCapacity: rowCapacity, streamCapacity: streamCapacity)
    stack = RecurrentStack(
      configuration: stackConfiguration, inputSize: network.configuration.input.size,
      rowCapacity: rowCapacity,
      streamCapacity: streamCapacity, parameters: network.parameters,
      namePrefix: Network.Configuration.stackName)
    head = HeadLayer(
      network: network, rowCapacity: rowCapacity, streamCapacity: streamCapacity,
      outputLimit: outputLimit, threadCount: team.threadCount)
    resets = AlignedBuffer(count: rowCapacity)
    outputGradient = AlignedBuffer(count: rowCapacity * stackConfiguration.outputSize)
  }

  /// A pass over the batches that `batches` makes.
  public convenience init(network: Network, batches: SequenceBatches, team: ThreadTeam) {
    self.init(
      network: network, rowCapacity: batches.rowCapacity, streamCapacity: batches.streamCapacity, team: team)
  }

  /// Takes the network's weights as they are now. To be called after every change of them.
  public func parametersDidChange() {
    stack.parametersDidChange()
    head.parametersDidChange()
  }

  /// The states that the next batch continues from, L × B × S·H for a capacity of B streams; S is 2 for the LSTM (h, then c)
  /// and else 1. Empty where the pass carries none.
  public var carriedState: [Float] {
    get { carriesState ? stack.state.array : [] }
    set {
      precondition(
        newValue.count == (carriesState ? stack.state.count : 0), "\(newValue.count) numbers of state")
      if carriesState { stack.state.update(from: newValue) }
    }
  }

  /// Makes all states zero, or the initial state where there is one.
  public func clearCarriedState() { stack.clearState() }

  /// Lets sequences begin in another state than zero; for layers that read forward alone.
  /// - Parameters:
  ///   - state: L × S·H numbers, S being 2 for the LSTM (h, then c) and else 1.
  ///   - isLearned: Whether the gradient of it is wanted.
  package func setInitialState(_ state: [Float], isLearned: Bool = false) {
    precondition(!network.configuration.stack.isBidirectional, "layers that read backward begin at zero")
    stack.setInitialState(state, isLearned: isLearned)
  }

  /// The gradient of the mean loss with respect to the initial state, L × S·H: where streams were reset, not where they only went on
  /// from another batch. Empty unless it is learned.
  package var initialStateGradient: [Float] { stack.initialStateGradient }

  /// The loss of a batch, and the gradient of its mean; see `TrainablePass`.
  public func train(_ batch: SequenceBatch, accumulating: Bool, dropout: inout RandomStream) -> LossSum {
    drawDropout(for: batch.layout, from: &dropout)
    let loss = head.take(batch.targets, layout: batch.layout)
    read(batch)
    return learn(loss, layout: batch.layout, accumulating: accumulating)
  }

  /// What the mean loss of a batch is the mean over: its targets, or their weights.
  public func targetWeight(of batch: SequenceBatch) -> Double {
    head.take(batch.targets, layout: batch.layout).weight
  }

  /// The loss of a batch, without dropout and without gradients.
  public func evaluate(_ batch: SequenceBatch) -> LossSum {
    omitDropout()
    let loss = head.take(batch.targets, layout: batch.layout)
    read(batch)
    return measure(loss, layout: batch.layout)
  }

  /// The output of the network for a batch.
  public func predict(_ batch: SequenceBatch) -> NetworkOutput {
    omitDropout()
    read(batch)
    let configuration = network.configuration.head, layout = batch.layout, size = configuration.outputSize
    var values = [[Float]](repeating: [], count: batch.order.count)
    for (stream, sequence) in batch.order.enumerated() {
      values[sequence].reserveCapacity((configuration.pooling == nil ? layout.lengths[stream] : 1) * size)
    }
    // Rows come in the order of the steps, and those of a step in that of the streams.
    var step = 0
    head.predict(input: stack.output.baseAddress, layout: layout, team: team) { row, output in
      while configuration.pooling == nil, row >= layout.offsets[step + 1] { step += 1 }
      let stream = configuration.pooling == nil ? row - layout.offsets[step] : row
      values[batch.order[stream]] += output
    }
    return NetworkOutput(values: values, head: configuration)
  }
}

// The parts of a step, for batches of any form.
extension NetworkPass {
  /// Decides what is dropped from a batch of this layout.
  func drawDropout(for layout: StepLayout, from random: inout RandomStream) {
    input.drawDropout(for: layout, kind: network.configuration.stack.dropoutKind, from: &random)
    stack.drawDropout(for: layout, from: &random)
  }

  /// Lets nothing be dropped.
  func omitDropout() {
    input.omitDropout()
    stack.omitDropout()
  }

  /// Copies labels in and checks them: N, or as many as there are streams where the head pools.
  /// - Returns: how many count and what they weigh, with a sum of 0.
  func take(labels: Span<Int32>, layout: StepLayout) -> LossSum { head.take(labels: labels, layout: layout) }

  /// Runs input and stack over a batch.
  func read(_ batch: SequenceBatch) {
    read(
      layout: batch.layout, ids: batch.ids.span, contexts: Span(), frames: batch.frames.span,
      resets: batch.resets.span)
  }

  /// Runs input and stack.
  /// - Parameters:
  ///   - layout: which row is which step, N of them.
  ///   - ids: N × K, or only the first of each row where `contexts` has the others.
  ///   - contexts: N × (K − 1), or none.
  ///   - frames: N × F.
  ///   - resets: N; none where no stream is reset.
  func read(
    layout: StepLayout, ids: Span<Int32>, contexts: Span<Int32>, frames: Span<Float>, resets: Span<Bool>
  ) {
    precondition(
      layout.rowCount <= rowCapacity && layout.streamCount <= streamCapacity,
      "\(layout.rowCount) rows of \(layout.streamCount) streams for a pass over \(rowCapacity) of \(streamCapacity)"
    )
    precondition(
      resets.isEmpty || resets.count == layout.rowCount, "\(resets.count) resets for \(layout.rowCount) rows")
    hasResets = !resets.isEmpty
    for row in resets.indices { self.resets.baseAddress[row] = resets[row] ? 1 : 0 }
    if !carriesState { stack.clearState() }
    input.forward(ids: ids, contexts: contexts, frames: frames, layout: layout, team: team)
    stack.forward(input: input.output.baseAddress, layout: layout, resets: currentResets, team: team)
  }

  /// The loss of the targets that were taken in what was read.
  func measure(_ taken: LossSum, layout: StepLayout) -> LossSum {
    head.measure(taken, input: stack.output.baseAddress, layout: layout, team: team)
  }

  /// The same, and the gradient of its mean.
  func learn(_ taken: LossSum, layout: StepLayout, accumulating: Bool) -> LossSum {
    if !accumulating {
      gradients.clear()
      stack.initialGradient?.clear()
    }
    guard taken.weight > 0 else { return measure(taken, layout: layout) }
    let loss = head.learn(
      taken, scale: Float(1 / taken.weight), input: stack.output.baseAddress,
      inputGradient: outputGradient.baseAddress, layout: layout, gradients: gradients, team: team)
    // Without ids there is nothing below the stack that could learn.
    let hasIDs = !network.configuration.input.vocabularySizes.isEmpty
    // A reset before the first step needs the gradient of the state there; none comes from after the last step.
    let learnsInitialState = stack.initialGradient != nil
    if learnsInitialState { stack.stateGradient.clear() }
    stack.backward(
      input: input.output.baseAddress, outputGradient: outputGradient.baseAddress,
      inputGradient: hasIDs ? input.output.baseAddress : nil, gradients: gradients, layout: layout,
      resets: currentResets, propagatesState: learnsInitialState, team: team)
    input.backward(layout: layout, gradients: gradients, team: team)
    return loss
  }

  private var currentResets: UnsafePointer<UInt8>? {
    hasResets ? UnsafePointer(resets.baseAddress) : nil
  }
}
