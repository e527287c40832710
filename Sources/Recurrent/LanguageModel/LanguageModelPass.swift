public import Arithmetic

/// Runs a model over batches of sequences, forward and backward: truncated backpropagation through time over B parallel
/// streams of T steps, with a state that is carried from one call to the next.
///
/// All memory is taken when the pass is made. Sequences are time-major: the element of step t and stream b is number
/// t·B + b. V is the vocabulary's size, E the embedding's, H the layers', L how many there are. Where the model's dropout is
/// not 0, training drops from the embedded ids and from the output of every layer.
public final class LanguageModelPass: TrainablePass {
  /// The model that is run.
  public let model: LanguageModel
  /// How many streams run beside each other, B.
  public let batchSize: Int
  /// How many steps a call runs over, T.
  public let truncationLength: Int
  /// Gradients of the mean loss, laid out as the model's parameters are.
  public let gradients: AlignedBuffer<Float>

  /// The model's weights.
  public var parameters: ParameterStore { model.parameters }

  let team: ThreadTeam
  let configuration: LanguageModelConfiguration
  private var weights: AlignedBuffer<Float> { model.parameters.values }
  let layout: StepLayout
  private let embedding: EmbeddingLayer
  let stack: RecurrentStack
  let output: LinearLayer
  let loss: SoftmaxCrossEntropy
  /// Where the tensors outside the stack begin.
  private let embeddingWeight: Int
  let outputWeight: Int
  let outputBias: Int

  private let ids: AlignedBuffer<Int32>
  let targets: AlignedBuffer<Int32>
  private let resets: AlignedBuffer<UInt8>
  let losses: AlignedBuffer<Float>
  /// T × B × E: the embedded ids, then their gradients.
  let embedded: AlignedBuffer<Float>
  /// T × B × V: logits, then their gradients.
  let logits: AlignedBuffer<Float>
  /// T × B × H: the gradient of the stack's output.
  let outputGradient: AlignedBuffer<Float>
  /// What is dropped from the embedded ids in the current call.
  private var embeddingDropout: Dropout?

  /// A pass over `batchSize` streams of `truncationLength` steps, with zero states.
  public init(model: LanguageModel, batchSize: Int, truncationLength: Int, team: ThreadTeam) {
    precondition(
      batchSize > 0 && truncationLength > 0,
      "\(batchSize) streams of \(truncationLength) steps: none may be 0")
    let configuration = model.configuration, positions = batchSize * truncationLength
    self.model = model
    self.configuration = configuration
    layout = StepLayout(streamCount: batchSize, stepCount: truncationLength)
    self.batchSize = batchSize
    self.truncationLength = truncationLength
    self.team = team
    gradients = AlignedBuffer(count: model.parameters.count)
    embedding = EmbeddingLayer(embeddingSize: configuration.embeddingSize)
    stack = RecurrentStack(
      configuration: configuration.stack, inputSize: configuration.embeddingSize, rowCapacity: positions,
      streamCapacity: batchSize, parameters: model.parameters, namePrefix: "rnn")
    output = LinearLayer(inputSize: configuration.hiddenSize, outputSize: configuration.vocabularySize)
    loss = SoftmaxCrossEntropy(classCount: configuration.vocabularySize)
    embeddingWeight = model.parameters.offset(of: "embedding.weight")
    outputWeight = model.parameters.offset(of: configuration.outputWeightName)
    outputBias = model.parameters.offset(of: "output.bias")
    ids = AlignedBuffer(count: positions)
    targets = AlignedBuffer(count: positions)
    resets = AlignedBuffer(count: positions)
    losses = AlignedBuffer(count: positions)
    embedded = AlignedBuffer(count: positions * configuration.embeddingSize)
    logits = AlignedBuffer(count: positions * configuration.vocabularySize)
    outputGradient = AlignedBuffer(count: positions * configuration.hiddenSize)
    parametersDidChange()
  }

  /// Takes the model's current weights. To be called after every change of them.
  public func parametersDidChange() {
    stack.parametersDidChange()
    output.pack(weights.baseAddress + outputWeight)
  }

  /// The states between two calls, L × B × S·H; S is 2 for the LSTM (h, then c) and else 1.
  public var carriedState: [Float] {
    get { stack.state.array }
    set { stack.state.update(from: newValue) }
  }

  /// Makes all states zero.
  public func clearCarriedState() { stack.clearState() }

  /// One step of training but for the update: the loss of a batch, and the gradient of its mean in `gradients`.
  /// - Parameters:
  ///   - inputs: T·B ids.
  ///   - targets: T·B ids to be predicted; −1 is not counted.
  ///   - resets: T·B; true where the state is zero before the step, at the beginning of a piece.
  ///   - accumulating: whether the gradient is added to what `gradients` holds instead of replacing it.
  ///   - dropout: the stream that decides what is dropped.
  public func train(
    inputs: [Int32], targets: [Int32], resets: [Bool], accumulating: Bool = false,
    dropout: inout RandomStream
  ) -> LossSum {
    let probability = configuration.embeddingDropout ?? configuration.dropout
    embeddingDropout =
      probability > 0
      ? Dropout(
        probability: probability, kind: configuration.dropoutKind, width: configuration.embeddingSize,
        layout: layout, random: &dropout) : nil
    stack.drawDropout(for: layout, from: &dropout)
    let count = take(inputs, targets, resets)
    forward()
    let total = addLosses(count: count, scale: count > 0 ? 1 / Float(count) : 0)
    if !accumulating { gradients.clear() }
    if count > 0 { backward() }
    return total
  }

  /// The loss of a batch, without dropout and without gradients. The states are carried on as in training.
  public func evaluate(inputs: [Int32], targets: [Int32], resets: [Bool]) -> LossSum {
    embeddingDropout = nil
    stack.omitDropout()
    let count = take(inputs, targets, resets)
    forward()
    return addLosses(count: count, scale: 0)
  }

  /// The loss of a window and the gradient of its mean; see `train(inputs:targets:resets:accumulating:dropout:)`.
  public func train(_ batch: TokenBatch, accumulating: Bool, dropout: inout RandomStream) -> LossSum {
    train(
      inputs: batch.inputs, targets: batch.targets, resets: batch.resets, accumulating: accumulating,
      dropout: &dropout)
  }

  /// How many ids of a window are to be predicted.
  public func targetWeight(of batch: TokenBatch) -> Double { Double(batch.targets.count { $0 >= 0 }) }

  /// The loss of a window; see `evaluate(inputs:targets:resets:)`.
  public func evaluate(_ batch: TokenBatch) -> LossSum {
    evaluate(inputs: batch.inputs, targets: batch.targets, resets: batch.resets)
  }

  /// Copies a batch in and checks it.
  /// - Returns: how many targets count.
  private func take(_ inputs: [Int32], _ targets: [Int32], _ resets: [Bool]) -> Int {
    let positions = batchSize * truncationLength, vocabulary = Int32(configuration.vocabularySize)
    precondition(
      inputs.count == positions && targets.count == positions && resets.count == positions,
      "\(inputs.count) inputs, \(targets.count) targets and \(resets.count) resets for \(positions) positions"
    )
    var count = 0
    for n in 0..<positions {
      let input = inputs[n], target = targets[n]
      precondition(
        input >= 0 && input < vocabulary && target >= -1 && target < vocabulary,
        "id \(input) or target \(target) is outside a vocabulary of \(vocabulary)")
      ids.baseAddress[n] = input
      self.targets.baseAddress[n] = target
      self.resets.baseAddress[n] = resets[n] ? 1 : 0
      if target >= 0 { count += 1 }
    }
    return count
  }

  private func forward() {
    embedding.forward(
      ids: ids.baseAddress, count: layout.rowCount, weight: weights.baseAddress + embeddingWeight,
      output: embedded.baseAddress, team: team)
    embeddingDropout?.apply(to: embedded.baseAddress, layout: layout, team: team)
    stack.forward(input: embedded.baseAddress, layout: layout, resets: resets.baseAddress, team: team)
    output.forward(
      input: stack.output.baseAddress, rows: layout.rowCount, output: logits.baseAddress, team: team)
  }

  private func addLosses(count: Int, scale: Float) -> LossSum {
    loss.run(
      logits: logits.baseAddress, bias: weights.baseAddress + outputBias, targets: targets.baseAddress,
      count: layout.rowCount, scale: scale, losses: losses.baseAddress, team: team)
    return LossSum(sum: losses.elements.reduce(0) { $0 + Double($1) }, count: count)
  }

  private func backward() {
    output.backward(
      input: stack.output.baseAddress, outputGradient: logits.baseAddress, rows: layout.rowCount,
      inputGradient: outputGradient.baseAddress, weightGradient: gradients.baseAddress + outputWeight,
      biasGradient: gradients.baseAddress + outputBias, team: team)
    stack.backward(
      input: embedded.baseAddress, outputGradient: outputGradient.baseAddress,
      inputGradient: embedded.baseAddress, gradients: gradients, layout: layout, resets: resets.baseAddress,
      team: team)
    embeddingDropout?.apply(to: embedded.baseAddress, layout: layout, team: team)
    embedding.backward(
      ids: ids.baseAddress, count: layout.rowCount, outputGradient: embedded.baseAddress,
      weightGradient: gradients.baseAddress + embeddingWeight, team: team)
  }
}
