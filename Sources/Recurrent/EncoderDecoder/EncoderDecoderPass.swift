public import Arithmetic

/// Runs an encoder–decoder over batches of pairs, forward and backward, with the known target as the decoder's input
/// (teacher forcing): the loss is the negative log-likelihood of every id of the targets and of their ends.
///
/// All memory is taken when the pass is made. No row is computed for padding: sources and targets are packed each in an order
/// of their own. Letters for sizes are those of `EncoderDecoderLayers`.
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

    /// Room for this many pairs of these lengths.
    public init(pairs: Int, sourceLength: Int, targetLength: Int) {
      self.pairs = pairs
      self.sourceLength = sourceLength
      self.targetLength = targetLength
    }
  }

  let team: ThreadTeam
  let configuration: EncoderDecoderConfiguration
  let layers: EncoderDecoderLayers
  let tensorGradients: EncoderDecoderTensors
  let loss: SoftmaxCrossEntropy
  var encoder: RecurrentStack { layers.encoder }
  var decoder: RecurrentStack { layers.decoder }
  var attention: AttentionLayer { layers.attention }

  /// By sequence, N.
  let targetIDs: AlignedBuffer<Int32>
  let losses: AlignedBuffer<Float>
  /// By sequence, M × K: the encoder's output.
  let memory: AlignedBuffer<Float>

  let memoryGradient: AlignedBuffer<Float>
  let combinedGradient: AlignedBuffer<Float>
  let attentionalGradient: AlignedBuffer<Float>
  /// Packed, M × K, N × H, and the larger of M × E and N × E.
  let encoderGradient: AlignedBuffer<Float>
  let decoderGradient: AlignedBuffer<Float>
  let embeddedGradient: AlignedBuffer<Float>

  /// What the current call drops from the embeddings; nil if nothing is.
  var sourceDropout: Dropout?
  var targetDropout: Dropout?

  /// A pass over batches that fit `capacity`.
  public convenience init(model: EncoderDecoder, capacity: Capacity, team: ThreadTeam) {
    self.init(model: model, capacity: capacity, outputLimit: RowSlices.outputLimit, team: team)
  }

  /// - Parameter outputLimit: how many logits are held at once; see `RowSlices`.
  init(model: EncoderDecoder, capacity: Capacity, outputLimit: Int, team: ThreadTeam) {
    precondition(
      min(capacity.pairs, capacity.sourceLength, capacity.targetLength + 1) > 0,
      "\(capacity.pairs) pairs of \(capacity.sourceLength) and \(capacity.targetLength) ids: none may be 0")
    let configuration = model.configuration
    let (m, n) = (capacity.pairs * capacity.sourceLength, capacity.pairs * (capacity.targetLength + 1))
    self.model = model
    self.capacity = capacity
    self.team = team
    self.configuration = configuration
    layers = EncoderDecoderLayers(
      model: model,
      capacity: .init(
        sources: capacity.pairs, streams: capacity.pairs, sourceRows: m, targetRows: n,
        weights: n * capacity.sourceLength, isTrained: true, outputLimit: outputLimit))
    gradients = AlignedBuffer(count: model.parameters.count)
    tensorGradients = EncoderDecoderTensors(model.parameters, in: gradients)
    loss = SoftmaxCrossEntropy(classCount: configuration.targetVocabularySize)
    (targetIDs, losses) = (AlignedBuffer(count: n), AlignedBuffer(count: n))
    memory = AlignedBuffer(count: m * layers.memorySize)
    memoryGradient = AlignedBuffer(count: memory.count)
    combinedGradient = AlignedBuffer(count: layers.combined.count)
    attentionalGradient = AlignedBuffer(count: layers.attentional.count)
    encoderGradient = AlignedBuffer(count: memory.count)
    decoderGradient = AlignedBuffer(count: layers.attentional.count)
    embeddedGradient = AlignedBuffer(count: max(m, n) * configuration.embeddingSize)
  }

  /// Takes the weights as they are now. To be called after every change of them.
  public func parametersDidChange() { layers.parametersDidChange() }

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
    if !accumulating { gradients.clear() }
    let total = measure(count: batch.targetCount, scale: 1 / Float(batch.targetCount))
    backward(batch)
    return total
  }

  /// How many ids of a batch are predicted, the targets' ends included.
  public func targetWeight(of batch: SequencePairBatch) -> Double { Double(batch.targetCount) }

  /// The loss of a batch, without dropout and without gradients.
  public func evaluate(_ batch: SequencePairBatch) -> LossSum {
    (sourceDropout, targetDropout) = (nil, nil)
    layers.encoder.omitDropout()
    layers.decoder.omitDropout()
    take(batch)
    forward(batch)
    return measure(count: batch.targetCount, scale: 0)
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
    layers.encoder.drawDropout(for: batch.source.layout, from: &random)
    targetDropout = embeddingDropout(configuration.decoder, batch.target.layout)
    layers.decoder.drawDropout(for: batch.target.layout, from: &random)
  }

  /// The losses of the first `count` rows of `layers.attentional`; with a `scale` other than 0 their gradients too, and those
  /// of the output's tensors, which are added to.
  private func measure(count: Int, scale: Float) -> LossSum {
    let width = layers.querySize
    layers.slices.forEach(of: count) { rows in
      let first = rows.lowerBound
      layers.predict(rows: rows, team: team)
      loss.run(
        logits: layers.logits.baseAddress, bias: layers.tensors.outputBias,
        targets: targetIDs.baseAddress + first, count: rows.count, scale: scale,
        losses: losses.baseAddress + first, team: team)
      guard scale != 0 else { return }
      layers.output.backward(
        input: layers.attentional.baseAddress + first * width, outputGradient: layers.logits.baseAddress,
        rows: rows.count, inputGradient: attentionalGradient.baseAddress + first * width,
        weightGradient: tensorGradients.outputWeight, biasGradient: tensorGradients.outputBias, team: team)
    }
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
        layers.sourceIDs.baseAddress[batch.source.packedRows[first + step]] = id
      }
    }
    for (pair, ids) in batch.targets.enumerated() {
      let first = batch.target.offsets[pair]
      layers.inputIDs.baseAddress[batch.target.packedRows[first]] = configuration.beginID
      targetIDs.baseAddress[first + ids.count] = configuration.endID
      for (step, id) in ids.enumerated() {
        precondition(targets.contains(id), "target id \(id) is outside a vocabulary of \(targets.count)")
        layers.inputIDs.baseAddress[batch.target.packedRows[first + step + 1]] = id
        targetIDs.baseAddress[first + step] = id
      }
    }
  }
}
