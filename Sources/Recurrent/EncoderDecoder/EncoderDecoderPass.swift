public import Arithmetic

/// Runs an encoder–decoder over batches of pairs, forward and backward, with the known target as the decoder's input
/// (teacher forcing): the loss is the negative log-likelihood of every id of the targets and of their ends.
///
/// All memory is taken when the pass is made. No row is computed for padding: sources and targets are packed each in an order
/// of their own. M rows of the sources, N of the targets; E is the embedding's size, K what the encoder gives, H what the
/// decoder does, V the target's vocabulary.
public final class EncoderDecoderPass: TrainablePass {
  /// The network that is run.
  public let model: EncoderDecoder
  /// The weights.
  public var parameters: ParameterStore { model.parameters }
  /// The gradient of the mean loss, laid out as the parameters are.
  public let gradients: AlignedBuffer<Float>
  /// The most that a batch may hold.
  public let capacity: Capacity

  /// The most that a batch may hold.
  public struct Capacity: Sendable, Hashable {
    /// How many pairs.
    public var pairs: Int
    /// How many ids a source has.
    public var sourceLength: Int
    /// How many ids a target has, its end not included.
    public var targetLength: Int

    /// Room for so many pairs of such lengths.
    public init(pairs: Int, sourceLength: Int, targetLength: Int) {
      self.pairs = pairs
      self.sourceLength = sourceLength
      self.targetLength = targetLength
    }
  }

  let team: ThreadTeam
  let configuration: EncoderDecoderConfiguration
  let tensors: EncoderDecoderTensors
  let tensorGradients: EncoderDecoderTensors
  let embedding: EmbeddingLayer
  let encoder: RecurrentStack
  let decoder: RecurrentStack
  let bridge: StateBridge
  let attention: AttentionLayer
  let combination: LinearLayer
  let output: LinearLayer
  let loss: SoftmaxCrossEntropy

  /// Packed ids: M and N.
  let sourceIDs: AlignedBuffer<Int32>
  let inputIDs: AlignedBuffer<Int32>
  /// By sequence, N.
  let targetIDs: AlignedBuffer<Int32>
  let losses: AlignedBuffer<Float>
  /// Packed, M × E and N × E.
  let sourceEmbedded: AlignedBuffer<Float>
  let targetEmbedded: AlignedBuffer<Float>
  /// By sequence, M × K: the encoder's output.
  let memory: AlignedBuffer<Float>
  /// By sequence, N × (K + H): context and decoder's output side by side.
  let combined: AlignedBuffer<Float>
  /// By sequence, N × H: the attentional states.
  let attentional: AlignedBuffer<Float>
  /// By sequence, N × V: logits, then their gradients.
  let logits: AlignedBuffer<Float>

  let memoryGradient: AlignedBuffer<Float>
  let combinedGradient: AlignedBuffer<Float>
  let attentionalGradient: AlignedBuffer<Float>
  /// Packed, M × K, N × H, and the larger of M × E and N × E.
  let encoderGradient: AlignedBuffer<Float>
  let decoderGradient: AlignedBuffer<Float>
  let embeddedGradient: AlignedBuffer<Float>

  /// What the current call drops from the embeddings; nil where nothing is.
  var sourceDropout: Dropout?
  var targetDropout: Dropout?

  /// A pass over batches that fit `capacity`.
  public init(model: EncoderDecoder, capacity: Capacity, team: ThreadTeam) {
    precondition(
      min(capacity.pairs, capacity.sourceLength, capacity.targetLength + 1) > 0,
      "\(capacity.pairs) pairs of \(capacity.sourceLength) and \(capacity.targetLength) ids: none may be 0")
    let configuration = model.configuration
    let (m, n) = (capacity.pairs * capacity.sourceLength, capacity.pairs * (capacity.targetLength + 1))
    let (e, k, h) = (
      configuration.embeddingSize, configuration.encoder.outputSize, configuration.decoder.outputSize
    )
    self.model = model
    self.configuration = configuration
    self.capacity = capacity
    self.team = team
    gradients = AlignedBuffer(count: model.parameters.count)
    tensors = EncoderDecoderTensors(model.parameters, in: model.parameters.values)
    tensorGradients = EncoderDecoderTensors(model.parameters, in: gradients)
    embedding = EmbeddingLayer(embeddingSize: e)
    encoder = RecurrentStack(
      configuration: configuration.encoder, inputSize: e, rowCapacity: m, streamCapacity: capacity.pairs,
      parameters: model.parameters, namePrefix: "encoder.rnn")
    decoder = RecurrentStack(
      configuration: configuration.decoder, inputSize: e, rowCapacity: n, streamCapacity: capacity.pairs,
      parameters: model.parameters, namePrefix: "decoder.rnn")
    bridge = StateBridge(configuration: configuration, sequenceCapacity: capacity.pairs)
    attention = AttentionLayer(
      configuration: configuration.attention, querySize: h, memorySize: k,
      capacity: .init(
        sequences: capacity.pairs, queries: n, memory: m, weights: n * capacity.sourceLength, isTrained: true)
    )
    combination = LinearLayer(inputSize: k + h, outputSize: h)
    output = LinearLayer(inputSize: h, outputSize: configuration.targetVocabularySize)
    loss = SoftmaxCrossEntropy(classCount: configuration.targetVocabularySize)
    sourceIDs = AlignedBuffer(count: m)
    inputIDs = AlignedBuffer(count: n)
    targetIDs = AlignedBuffer(count: n)
    losses = AlignedBuffer(count: n)
    sourceEmbedded = AlignedBuffer(count: m * e)
    targetEmbedded = AlignedBuffer(count: n * e)
    memory = AlignedBuffer(count: m * k)
    combined = AlignedBuffer(count: n * (k + h))
    attentional = AlignedBuffer(count: n * h)
    logits = AlignedBuffer(count: n * configuration.targetVocabularySize)
    memoryGradient = AlignedBuffer(count: m * k)
    combinedGradient = AlignedBuffer(count: n * (k + h))
    attentionalGradient = AlignedBuffer(count: n * h)
    encoderGradient = AlignedBuffer(count: m * k)
    decoderGradient = AlignedBuffer(count: n * h)
    embeddedGradient = AlignedBuffer(count: max(m, n) * e)
    parametersDidChange()
  }

  /// Takes the weights as they are now. To be called after every change of them.
  public func parametersDidChange() {
    encoder.parametersDidChange()
    decoder.parametersDidChange()
    bridge.pack(tensors.bridge)
    attention.pack(tensors.attention)
    combination.pack(tensors.combination)
    output.pack(tensors.outputWeight)
  }

  /// The loss of a batch and the gradient of its mean.
  /// - Parameters:
  ///   - batch: pairs that fit `capacity`, with ids of the vocabularies.
  ///   - accumulating: whether the gradient is added to `gradients` instead of replacing them.
  ///   - dropout: the stream that decides what is dropped.
  public func train(
    _ batch: SequencePairBatch, accumulating: Bool = false, dropout: inout RandomStream
  ) -> LossSum {
    drawDropout(for: batch, from: &dropout)
    take(batch)
    forward(batch)
    let total = addLosses(count: batch.targetCount, scale: 1 / Float(batch.targetCount))
    if !accumulating { gradients.clear() }
    backward(batch)
    return total
  }

  /// How many ids of a batch are predicted, the targets' ends included.
  public func targetWeight(of batch: SequencePairBatch) -> Double { Double(batch.targetCount) }

  /// The loss of a batch, without dropout and without gradients.
  public func evaluate(_ batch: SequencePairBatch) -> LossSum {
    (sourceDropout, targetDropout) = (nil, nil)
    encoder.omitDropout()
    decoder.omitDropout()
    take(batch)
    forward(batch)
    return addLosses(count: batch.targetCount, scale: 0)
  }

  private func drawDropout(for batch: SequencePairBatch, from random: inout RandomStream) {
    func embeddingDropout(_ stack: StackConfiguration, _ layout: StepLayout) -> Dropout? {
      guard stack.dropout > 0 else { return nil }
      return Dropout(
        probability: stack.dropout, kind: stack.dropoutKind, width: configuration.embeddingSize,
        layout: layout,
        random: &random)
    }
    sourceDropout = embeddingDropout(configuration.encoder, batch.source.layout)
    encoder.drawDropout(for: batch.source.layout, from: &random)
    targetDropout = embeddingDropout(configuration.decoder, batch.target.layout)
    decoder.drawDropout(for: batch.target.layout, from: &random)
  }

  private func addLosses(count: Int, scale: Float) -> LossSum {
    loss.run(
      logits: logits.baseAddress, bias: tensors.outputBias, targets: targetIDs.baseAddress, count: count,
      scale: scale, losses: losses.baseAddress, team: team)
    return LossSum(sum: losses.elements.prefix(count).reduce(0) { $0 + Double($1) }, count: count)
  }

  /// Copies the ids of a batch in and checks them.
  private func take(_ batch: SequencePairBatch) {
    precondition(
      batch.count <= capacity.pairs && batch.source.layout.stepCount <= capacity.sourceLength
        && batch.target.layout.stepCount <= capacity.targetLength + 1,
      "\(batch.count) pairs of up to \(batch.source.layout.stepCount) and \(batch.target.layout.stepCount - 1) ids for a pass of \(capacity)"
    )
    let sources = 0..<Int32(configuration.sourceVocabularySize)
    let targets = 0..<Int32(configuration.targetVocabularySize)
    for (pair, ids) in batch.sources.enumerated() {
      let first = batch.source.offsets[pair]
      for (step, id) in ids.enumerated() {
        precondition(sources.contains(id), "source id \(id) is outside a vocabulary of \(sources.count)")
        sourceIDs.baseAddress[batch.source.packedRows[first + step]] = id
      }
    }
    for (pair, ids) in batch.targets.enumerated() {
      let first = batch.target.offsets[pair]
      inputIDs.baseAddress[batch.target.packedRows[first]] = configuration.beginID
      targetIDs.baseAddress[first + ids.count] = configuration.endID
      for (step, id) in ids.enumerated() {
        precondition(targets.contains(id), "target id \(id) is outside a vocabulary of \(targets.count)")
        inputIDs.baseAddress[batch.target.packedRows[first + step + 1]] = id
        targetIDs.baseAddress[first + step] = id
      }
    }
  }
}
