internal import Arithmetic

/// The layers of an encoder–decoder, and what goes forward through them, for training as for translating.
///
/// M rows of the sources, N of the targets; E is the embedding's size, K what the encoder gives, H what the decoder does,
/// V the target's vocabulary.
final class EncoderDecoderLayers {
  /// The most that there is room for.
  struct Capacity {
    /// Sources that are read at once.
    var sources: Int
    /// Streams of the decoder.
    var streams: Int
    /// M and N.
    var sourceRows: Int
    var targetRows: Int
    /// Weights of the attention: of each row of the targets, the length of its source.
    var weights: Int
    /// Whether a backward pass follows.
    var isTrained: Bool
    /// How many logits are held at once where a backward pass follows; see `RowSlices`.
    var outputLimit = RowSlices.outputLimit
  }

  let configuration: EncoderDecoderConfiguration
  let tensors: EncoderDecoderTensors
  let embedding: EmbeddingLayer
  let encoder: RecurrentStack
  let decoder: RecurrentStack
  let bridge: StateBridge
  let attention: AttentionLayer
  let combination: LinearLayer
  let output: LinearLayer

  /// Packed ids: M and N.
  let sourceIDs: AlignedBuffer<Int32>
  let inputIDs: AlignedBuffer<Int32>
  /// Packed, M × E and N × E.
  let sourceEmbedded: AlignedBuffer<Float>
  let targetEmbedded: AlignedBuffer<Float>
  /// By sequence, N × (K + H): context and decoder's output side by side.
  let combined: AlignedBuffer<Float>
  /// By sequence, N × H: the attentional states.
  let attentional: AlignedBuffer<Float>
  /// Which rows of the targets `logits` holds at once: all where they are few.
  let slices: RowSlices
  /// By sequence, the rows of a slice × V, without their bias.
  let logits: AlignedBuffer<Float>

  init(model: EncoderDecoder, capacity: Capacity) {
    let configuration = model.configuration
    let (m, n, v) = (capacity.sourceRows, capacity.targetRows, configuration.targetVocabularySize)
    let (e, k, h) = (
      configuration.embeddingSize, configuration.encoder.outputSize, configuration.decoder.outputSize
    )
    self.configuration = configuration
    tensors = EncoderDecoderTensors(model.parameters, in: model.parameters.values)
    embedding = EmbeddingLayer(embeddingSize: e)
    encoder = RecurrentStack(
      configuration: configuration.encoder, inputSize: e, rowCapacity: m, streamCapacity: capacity.sources,
      parameters: model.parameters, namePrefix: "encoder.rnn")
    decoder = RecurrentStack(
      configuration: configuration.decoder, inputSize: e, rowCapacity: n, streamCapacity: capacity.streams,
      parameters: model.parameters, namePrefix: "decoder.rnn")
    bridge = StateBridge(configuration: configuration, sequenceCapacity: capacity.sources)
    attention = AttentionLayer(
      configuration: configuration.attention, querySize: h, memorySize: k,
      capacity: .init(
        sequences: capacity.sources, queries: n, memory: m, weights: capacity.weights,
        isTrained: capacity.isTrained))
    combination = LinearLayer(inputSize: k + h, outputSize: h)
    output = LinearLayer(inputSize: h, outputSize: v)
    (sourceIDs, inputIDs) = (AlignedBuffer(count: m), AlignedBuffer(count: n))
    (sourceEmbedded, targetEmbedded) = (AlignedBuffer(count: m * e), AlignedBuffer(count: n * e))
    combined = AlignedBuffer(count: n * (k + h))
    attentional = AlignedBuffer(count: n * h)
    slices = RowSlices(
      rowCapacity: n, width: v, outputLimit: capacity.isTrained ? capacity.outputLimit : .max)
    logits = AlignedBuffer(count: slices.rowCapacity * v)
    parametersDidChange()
  }

  /// Takes the weights as they are now.
  func parametersDidChange() {
    encoder.parametersDidChange()
    decoder.parametersDidChange()
    bridge.pack(tensors.bridge)
    attention.pack(tensors.attention)
    combination.pack(tensors.combination)
    output.pack(tensors.outputWeight)
  }
}

extension EncoderDecoderLayers {
  var memorySize: Int { configuration.encoder.outputSize }
  var querySize: Int { configuration.decoder.outputSize }
  var combinedSize: Int { memorySize + querySize }

  /// Contexts and queries, or their gradients, as a matrix.
  func combinedRows(_ buffer: AlignedBuffer<Float>, count: Int) -> MatrixView {
    MatrixView(buffer.baseAddress, rows: count, columns: combinedSize)
  }

  /// Runs the encoder over `sourceIDs` from a zero state.
  func encode(layout: StepLayout, dropout: Dropout? = nil, team: ThreadTeam) {
    embedding.forward(
      ids: sourceIDs.baseAddress, count: layout.rowCount, weight: tensors.sourceEmbedding,
      output: sourceEmbedded.baseAddress, team: team)
    dropout?.apply(to: sourceEmbedded.baseAddress, layout: layout, team: team)
    encoder.clearState()
    encoder.forward(input: sourceEmbedded.baseAddress, layout: layout, team: team)
  }

  /// Runs the decoder over `inputIDs` from the state that it is in.
  func decode(layout: StepLayout, dropout: Dropout? = nil, team: ThreadTeam) {
    embedding.forward(
      ids: inputIDs.baseAddress, count: layout.rowCount, weight: tensors.targetEmbedding,
      output: targetEmbedded.baseAddress, team: team)
    dropout?.apply(to: targetEmbedded.baseAddress, layout: layout, team: team)
    decoder.forward(input: targetEmbedded.baseAddress, layout: layout, team: team)
  }

  /// From the queries in the first `count` rows of `combined`, for which the keys were projected, to `attentional`.
  func attend(memory: UnsafePointer<Float>, layout: AttentionLayout, count: Int, team: ThreadTeam) {
    let rows = combinedRows(combined, count: count)
    attention.attend(
      queries: rows.columns(memorySize..<combinedSize), memory: memory, layout: layout,
      tensors: tensors.attention, context: combined.baseAddress, contextStride: combinedSize, team: team)
    combination.forward(rows, into: attentional.baseAddress, team: team)
    team.run { thread in
      let part = team.share(of: count * querySize, unit: 16, threadIndex: thread)
      Kernels.current.tanh(attentional.baseAddress + part.lowerBound, count: part.count)
    }
  }

  /// From some rows of `attentional`, not more than a slice has, to as many of `logits`.
  func predict(rows: Range<Int>, team: ThreadTeam) {
    output.forward(
      input: attentional.baseAddress + rows.lowerBound * querySize, rows: rows.count,
      output: logits.baseAddress, team: team)
  }
}
