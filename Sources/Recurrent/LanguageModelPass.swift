public import Arithmetic

/// Runs a model over batches of sequences, forward and backward: truncated backpropagation through time over B parallel
/// streams of T steps, with a state that is carried from one call to the next.
///
/// All memory is taken when the pass is made. Sequences are time-major: the element of step t and stream b is number
/// t·B + b. V is the vocabulary's size, E the embedding's, H the layers', L how many there are. Where the model's dropout is
/// not 0, training drops from the embedding's output and from the output of every layer.
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
  private let configuration: NetworkConfiguration
  private let layout: NetworkLayout
  private var weights: AlignedBuffer<Float> { model.parameters.values }
  private let embedding: EmbeddingLayer
  private let layers: [GRULayer]
  private let output: LinearLayer
  private let loss: SoftmaxCrossEntropy

  private let ids: AlignedBuffer<Int32>
  private let targets: AlignedBuffer<Int32>
  private let resets: AlignedBuffer<UInt8>
  private let losses: AlignedBuffer<Float>
  /// T × B × E.
  private let embedded: AlignedBuffer<Float>
  /// T × B × V: logits, then their gradients.
  private let logits: AlignedBuffer<Float>
  /// T × B × max(E, H), twice: the gradient of a layer's output and that of its input.
  private var outputGradient: AlignedBuffer<Float>
  private var inputGradient: AlignedBuffer<Float>
  /// The dropouts of the current call, from the embedding's upward.
  private var dropouts: [Dropout] = []

  /// A pass over `batchSize` streams of `truncationLength` steps, with zero states.
  public init(model: LanguageModel, batchSize: Int, truncationLength: Int, team: ThreadTeam) {
    precondition(
      batchSize > 0 && truncationLength > 0,
      "\(batchSize) streams of \(truncationLength) steps: none may be 0")
    let configuration = model.configuration, positions = batchSize * truncationLength
    self.model = model
    self.configuration = configuration
    layout = NetworkLayout(configuration)
    self.batchSize = batchSize
    self.truncationLength = truncationLength
    self.team = team
    gradients = AlignedBuffer(count: model.parameters.count)
    embedding = EmbeddingLayer(embeddingSize: configuration.embeddingSize)
    layers = (0..<configuration.layerCount).map { layer in
      GRULayer(
        inputSize: configuration.inputSize(ofLayer: layer), hiddenSize: configuration.hiddenSize,
        batchSize: batchSize, truncationLength: truncationLength)
    }
    output = LinearLayer(inputSize: configuration.hiddenSize, outputSize: configuration.vocabularySize)
    loss = SoftmaxCrossEntropy(classCount: configuration.vocabularySize)
    ids = AlignedBuffer(count: positions)
    targets = AlignedBuffer(count: positions)
    resets = AlignedBuffer(count: positions)
    losses = AlignedBuffer(count: positions)
    embedded = AlignedBuffer(count: positions * configuration.embeddingSize)
    logits = AlignedBuffer(count: positions * configuration.vocabularySize)
    let widest = max(configuration.embeddingSize, configuration.hiddenSize)
    outputGradient = AlignedBuffer(count: positions * widest)
    inputGradient = AlignedBuffer(count: positions * widest)
    dropouts.reserveCapacity(configuration.layerCount + 1)
    parametersDidChange()
  }

  /// Takes the model's current weights. To be called after every change of them.
  public func parametersDidChange() {
    for (index, layer) in layers.enumerated() {
      layer.pack(GRULayer.Tensors(layout.layers[index], in: weights))
    }
    output.pack(weights.baseAddress + layout.outputWeight)
  }

  /// The states between two calls, L × B × H.
  public var carriedState: [Float] {
    get { layers.flatMap(\.carriedState.array) }
    set {
      let count = batchSize * configuration.hiddenSize
      precondition(
        newValue.count == layers.count * count,
        "\(newValue.count) numbers for \(layers.count * count) of state")
      for (index, layer) in layers.enumerated() {
        layer.carriedState.update(from: newValue[index * count..<(index + 1) * count])
      }
    }
  }

  /// Makes all states zero.
  public func clearCarriedState() {
    for layer in layers { layer.carriedState.clear() }
  }

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
    dropouts.removeAll(keepingCapacity: true)
    if configuration.dropout > 0 {
      let positions = batchSize * truncationLength
      for index in 0...layers.count {
        dropouts.append(
          Dropout(
            probability: configuration.dropout,
            count: positions * (index == 0 ? configuration.embeddingSize : configuration.hiddenSize),
            random: &dropout))
      }
    }
    let count = take(inputs, targets, resets)
    forward()
    let total = addLosses(count: count, scale: count > 0 ? 1 / Float(count) : 0)
    if !accumulating { gradients.clear() }
    if count > 0 { backward() }
    return total
  }

  /// The loss of a batch, without dropout and without gradients. The states are carried on as in training.
  public func evaluate(inputs: [Int32], targets: [Int32], resets: [Bool]) -> LossSum {
    dropouts.removeAll(keepingCapacity: true)
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
    let positions = batchSize * truncationLength
    embedding.forward(
      ids: ids.baseAddress, count: positions, weight: weights.baseAddress + layout.embedding,
      output: embedded.baseAddress,
      team: team)
    drop(0, embedded)
    for (index, layer) in layers.enumerated() {
      layer.forward(
        input: input(ofLayer: index), tensors: GRULayer.Tensors(layout.layers[index], in: weights),
        resets: resets.baseAddress, team: team)
      drop(index + 1, layer.output)
    }
    output.forward(
      input: input(ofLayer: layers.count), rows: positions, output: logits.baseAddress, team: team)
  }

  private func addLosses(count: Int, scale: Float) -> LossSum {
    let positions = batchSize * truncationLength
    loss.run(
      logits: logits.baseAddress, bias: weights.baseAddress + layout.outputBias, targets: targets.baseAddress,
      count: positions,
      scale: scale, losses: losses.baseAddress, team: team)
    return LossSum(sum: losses.elements.reduce(0) { $0 + Double($1) }, count: count)
  }

  private func backward() {
    let positions = batchSize * truncationLength
    output.backward(
      input: input(ofLayer: layers.count), outputGradient: logits.baseAddress, rows: positions,
      inputGradient: outputGradient.baseAddress, weightGradient: gradients.baseAddress + layout.outputWeight,
      biasGradient: gradients.baseAddress + layout.outputBias, team: team)
    for index in layers.indices.reversed() {
      let layer = layers[index]
      drop(index + 1, outputGradient, count: layer.output.count)
      layer.backward(
        input: input(ofLayer: index), outputGradient: outputGradient.baseAddress,
        inputGradient: inputGradient.baseAddress,
        gradients: GRULayer.Tensors(layout.layers[index], in: gradients),
        resets: resets.baseAddress, team: team)
      swap(&outputGradient, &inputGradient)
    }
    drop(0, outputGradient, count: embedded.count)
    embedding.backward(
      ids: ids.baseAddress, count: positions, outputGradient: outputGradient.baseAddress,
      weightGradient: gradients.baseAddress + layout.embedding, team: team)
  }

  private func drop(_ index: Int, _ values: AlignedBuffer<Float>, count: Int? = nil) {
    guard index < dropouts.count else { return }
    dropouts[index].apply(to: values.baseAddress, count: count ?? values.count, team: team)
  }

  private func input(ofLayer layer: Int) -> UnsafePointer<Float> {
    UnsafePointer((layer == 0 ? embedded : layers[layer - 1].output).baseAddress)
  }
}
