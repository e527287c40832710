public import Arithmetic

/// Runs a network over packed batches of sequences, forward and backward.
///
/// Full backpropagation through time where every batch begins anew; truncated backpropagation where the pass carries its
/// state from one batch to the next. All memory is taken when the pass is made, but for what CTC needs, which grows with
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
  /// Whether streams go on in each batch with the state in which the last batch left them.
  public let carriesState: Bool

  /// The network's weights.
  public var parameters: ParameterStore { network.parameters }

  let team: ThreadTeam
  let input: InputLayer
  let stack: RecurrentStack
  let head: HeadLayer
  private let resets: AlignedBuffer<UInt8>
  /// N × D·H: the gradient of the stack's output.
  let outputGradient: AlignedBuffer<Float>

  /// A pass over batches of up to `rowCapacity` rows of `streamCapacity` streams.
  /// - Parameters:
  ///   - network: the network that is run.
  ///   - rowCapacity: how many rows a batch may have.
  ///   - streamCapacity: how many streams a batch may have.
  ///   - carriesState: whether streams go on in each batch with the state in which the last batch left them; for layers
  ///     that read forward alone.
  ///   - team: the threads that compute.
  public init(
    network: Network, rowCapacity: Int, streamCapacity: Int, carriesState: Bool = false, team: ThreadTeam
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
      threadCount: team.threadCount)
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

  /// The states that the next batch goes on from, L × B × S·H for a capacity of B streams; S is 2 for the LSTM (h, then c)
  /// and else 1. Empty where the pass carries none.
  public var carriedState: [Float] {
    get { carriesState ? stack.state.array : [] }
    set {
      precondition(
        newValue.count == (carriesState ? stack.state.count : 0), "\(newValue.count) numbers of state")
      if carriesState { stack.state.update(from: newValue) }
    }
  }

  /// Makes all states zero.
  public func clearCarriedState() { stack.clearState() }

  /// The loss of a batch, and the gradient of its mean; see `TrainablePass`.
  public func train(_ batch: SequenceBatch, accumulating: Bool, dropout: inout RandomStream) -> LossSum {
    input.drawDropout(for: batch.layout, kind: network.configuration.stack.dropoutKind, from: &dropout)
    stack.drawDropout(for: batch.layout, from: &dropout)
    var loss = head.take(batch.targets, layout: batch.layout)
    forward(batch)
    head.addLosses(
      to: &loss, scale: loss.weight > 0 ? Float(1 / loss.weight) : 0, layout: batch.layout, team: team)
    if !accumulating { gradients.clear() }
    if loss.weight > 0 { backward(batch) }
    return loss
  }

  /// What the mean loss of a batch is the mean over: its targets, or their weights.
  public func targetWeight(of batch: SequenceBatch) -> Double {
    head.take(batch.targets, layout: batch.layout).weight
  }

  /// The loss of a batch, without dropout and without gradients.
  public func evaluate(_ batch: SequenceBatch) -> LossSum {
    omitDropout()
    var loss = head.take(batch.targets, layout: batch.layout)
    forward(batch)
    head.addLosses(to: &loss, scale: 0, layout: batch.layout, team: team)
    return loss
  }

  /// What the network says of a batch.
  public func predict(_ batch: SequenceBatch) -> NetworkOutput {
    omitDropout()
    forward(batch)
    let outputs = head.predict(layout: batch.layout, team: team)
    let configuration = network.configuration.head, size = configuration.outputSize
    var values = [[Float]](repeating: [], count: batch.order.count)
    for (stream, sequence) in batch.order.enumerated() {
      let steps = configuration.pooling == nil ? batch.layout.lengths[stream] : 1
      values[sequence].reserveCapacity(steps * size)
      for step in 0..<steps {
        let row = configuration.pooling == nil ? batch.layout.row(step: step, stream: stream) : stream
        values[sequence] += outputs[row * size..<(row + 1) * size]
      }
    }
    return NetworkOutput(values: values, head: configuration)
  }

  func omitDropout() {
    input.omitDropout()
    stack.omitDropout()
  }

  func forward(_ batch: SequenceBatch) {
    let layout = batch.layout
    precondition(
      layout.rowCount <= rowCapacity && layout.streamCount <= streamCapacity,
      "\(layout.rowCount) rows of \(layout.streamCount) streams for a pass over \(rowCapacity) of \(streamCapacity)"
    )
    precondition(
      batch.resets.isEmpty || batch.resets.count == layout.rowCount,
      "\(batch.resets.count) resets for \(layout.rowCount) rows")
    for row in batch.resets.indices { resets.baseAddress[row] = batch.resets[row] ? 1 : 0 }
    if !carriesState { stack.clearState() }
    input.forward(batch, team: team)
    stack.forward(
      input: input.output.baseAddress, layout: layout, resets: currentResets(batch), team: team)
    head.forward(input: stack.output.baseAddress, layout: layout, team: team)
  }

  private func backward(_ batch: SequenceBatch) {
    head.backward(
      input: stack.output.baseAddress, inputGradient: outputGradient.baseAddress, layout: batch.layout,
      gradients: gradients, team: team)
    // Without ids there is nothing below the stack that could learn.
    let hasIDs = !network.configuration.input.vocabularySizes.isEmpty
    stack.backward(
      input: input.output.baseAddress, outputGradient: outputGradient.baseAddress,
      inputGradient: hasIDs ? input.output.baseAddress : nil, gradients: gradients, layout: batch.layout,
      resets: currentResets(batch), team: team)
    input.backward(layout: batch.layout, gradients: gradients, team: team)
  }

  private func currentResets(_ batch: SequenceBatch) -> UnsafePointer<UInt8>? {
    batch.resets.isEmpty ? nil : UnsafePointer(resets.baseAddress)
  }
}
