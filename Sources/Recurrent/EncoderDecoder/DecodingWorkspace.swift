internal import Arithmetic

/// The memory and the layers with which a `Translator` reads one source and follows some beginnings of its translation, each
/// a stream of the decoder.
///
/// S ids of the source, B beginnings; E, K, H and V as in `EncoderDecoderPass`.
final class DecodingWorkspace {
  let sourceCapacity: Int
  let widthCapacity: Int
  let attention: AttentionLayer
  /// B: the ids that the beginnings end with.
  let inputs: AlignedBuffer<Int32>
  /// B: which stream of the step before each of them continues.
  var parents: [Int]

  private let configuration: EncoderDecoderConfiguration
  private let team: ThreadTeam
  private let tensors: EncoderDecoderTensors
  private let embedding: EmbeddingLayer
  private let encoder: RecurrentStack
  private let decoder: RecurrentStack
  private let bridge: StateBridge
  private let combination: LinearLayer
  private let output: LinearLayer

  /// S, and S × E.
  private let sourceIDs: AlignedBuffer<Int32>
  private let sourceEmbedded: AlignedBuffer<Float>
  /// B × E, B × (K + H), B × H, B × V.
  private let embedded: AlignedBuffer<Float>
  private let combined: AlignedBuffer<Float>
  private let attentional: AlignedBuffer<Float>
  private let logits: AlignedBuffer<Float>
  /// B × the numbers of one layer's state.
  private let states: AlignedBuffer<Float>
  /// For one stream, two …
  private let stepLayouts: [StepLayout]
  private var attentionLayouts: [AttentionLayout] = []

  init(model: EncoderDecoder, sourceCapacity: Int, widthCapacity: Int, team: ThreadTeam) {
    let configuration = model.configuration
    let (e, k, h) = (
      configuration.embeddingSize, configuration.encoder.outputSize, configuration.decoder.outputSize
    )
    self.sourceCapacity = sourceCapacity
    self.widthCapacity = widthCapacity
    self.configuration = configuration
    self.team = team
    tensors = EncoderDecoderTensors(model.parameters, in: model.parameters.values)
    embedding = EmbeddingLayer(embeddingSize: e)
    encoder = RecurrentStack(
      configuration: configuration.encoder, inputSize: e, rowCapacity: sourceCapacity, streamCapacity: 1,
      parameters: model.parameters, namePrefix: "encoder.rnn")
    decoder = RecurrentStack(
      configuration: configuration.decoder, inputSize: e, rowCapacity: widthCapacity,
      streamCapacity: widthCapacity, parameters: model.parameters, namePrefix: "decoder.rnn")
    bridge = StateBridge(configuration: configuration, sequenceCapacity: 1)
    attention = AttentionLayer(
      configuration: configuration.attention, querySize: h, memorySize: k,
      capacity: .init(
        sequences: 1, queries: widthCapacity, memory: sourceCapacity, weights: widthCapacity * sourceCapacity,
        isTrained: false))
    combination = LinearLayer(inputSize: k + h, outputSize: h)
    output = LinearLayer(inputSize: h, outputSize: configuration.targetVocabularySize)
    inputs = AlignedBuffer(count: widthCapacity)
    parents = Array(repeating: 0, count: widthCapacity)
    sourceIDs = AlignedBuffer(count: sourceCapacity)
    sourceEmbedded = AlignedBuffer(count: sourceCapacity * e)
    embedded = AlignedBuffer(count: widthCapacity * e)
    combined = AlignedBuffer(count: widthCapacity * (k + h))
    attentional = AlignedBuffer(count: widthCapacity * h)
    logits = AlignedBuffer(count: widthCapacity * configuration.targetVocabularySize)
    states = AlignedBuffer(count: widthCapacity * configuration.decoderStateSize)
    stepLayouts = (1...widthCapacity).map { StepLayout(streamCount: $0, stepCount: 1) }
    parametersDidChange()
  }

  func parametersDidChange() {
    encoder.parametersDidChange()
    decoder.parametersDidChange()
    bridge.pack(tensors.bridge)
    attention.pack(tensors.attention)
    combination.pack(tensors.combination)
    output.pack(tensors.outputWeight)
  }

  /// Runs the encoder, and puts the decoder's first stream in its initial state.
  func read(_ source: [Int32]) {
    for (index, id) in source.enumerated() { sourceIDs[index] = id }
    embedding.forward(
      ids: sourceIDs.baseAddress, count: source.count, weight: tensors.sourceEmbedding,
      output: sourceEmbedded.baseAddress, team: team)
    encoder.clearState()
    encoder.forward(
      input: sourceEmbedded.baseAddress, layout: StepLayout(streamCount: 1, stepCount: source.count),
      team: team)
    attention.projectKeys(memory: encoder.output.baseAddress, rows: source.count, team: team)
    bridge.forward(from: encoder, [0], to: decoder, [0], tensors: tensors.bridge, team: team)
    attentionLayouts = (1...widthCapacity).map {
      AttentionLayout(queryCounts: [$0], memoryCounts: [source.count])
    }
  }

  /// Gives each of the first `count` streams the state of its parent.
  func takeStatesOfParents(count: Int) {
    let size = configuration.decoderStateSize
    for layer in 0..<configuration.decoder.layerCount {
      for stream in 0..<count {
        (states.baseAddress + stream * size)
          .update(from: decoder.state(layer: layer, direction: 0, stream: parents[stream]), count: size)
      }
      for stream in 0..<count {
        decoder.state(layer: layer, direction: 0, stream: stream)
          .update(from: states.baseAddress + stream * size, count: size)
      }
    }
  }

  /// Runs the decoder one step on the first `count` of `inputs`. Where they looked is then in the attention's weights.
  /// - Returns: their logits, `count` × V.
  func step(count: Int) -> UnsafePointer<Float> {
    let k = configuration.encoder.outputSize, h = configuration.decoder.outputSize
    let rows = MatrixView(combined.baseAddress, rows: count, columns: k + h), kernels = Kernels.current
    embedding.forward(
      ids: inputs.baseAddress, count: count, weight: tensors.targetEmbedding, output: embedded.baseAddress,
      team: team)
    decoder.forward(input: embedded.baseAddress, layout: stepLayouts[count - 1], team: team)
    for row in 0..<count {
      (combined.baseAddress + row * (k + h) + k).update(from: decoder.output.baseAddress + row * h, count: h)
    }
    attention.attend(
      queries: rows.columns(k..<k + h), memory: encoder.output.baseAddress,
      layout: attentionLayouts[count - 1],
      tensors: tensors.attention, context: combined.baseAddress, contextStride: k + h, team: team)
    combination.forward(rows, into: attentional.baseAddress, team: team)
    kernels.tanh(attentional.baseAddress, count: count * h)
    output.forward(input: attentional.baseAddress, rows: count, output: logits.baseAddress, team: team)
    for row in 0..<count {
      let vocabulary = configuration.targetVocabularySize
      kernels.add(tensors.outputBias, to: logits.baseAddress + row * vocabulary, count: vocabulary)
    }
    return UnsafePointer(logits.baseAddress)
  }
}
