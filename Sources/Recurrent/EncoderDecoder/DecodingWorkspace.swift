internal import Arithmetic

/// The memory and the layers with which a `Translator` reads one source and follows some beginnings of its translation, each
/// a stream of the decoder.
///
/// B beginnings; other letters for sizes are those of `EncoderDecoderLayers`.
final class DecodingWorkspace {
  let sourceCapacity: Int
  let widthCapacity: Int
  /// B: which stream of the step before each of them continues.
  var parents: [Int]
  /// B: the ids that the beginnings end with.
  var inputs: AlignedBuffer<Int32> { layers.inputIDs }
  var attention: AttentionLayer { layers.attention }

  private let layers: EncoderDecoderLayers
  private let team: ThreadTeam
  /// B × the numbers of one layer's state.
  private let states: AlignedBuffer<Float>
  /// For one stream, two …
  private let stepLayouts: [StepLayout]
  private var attentionLayouts: [AttentionLayout] = []

  init(model: EncoderDecoder, sourceCapacity: Int, widthCapacity: Int, team: ThreadTeam) {
    self.sourceCapacity = sourceCapacity
    self.widthCapacity = widthCapacity
    self.team = team
    layers = EncoderDecoderLayers(
      model: model,
      capacity: .init(
        sources: 1, streams: widthCapacity, sourceRows: sourceCapacity, targetRows: widthCapacity,
        weights: widthCapacity * sourceCapacity, isTrained: false))
    parents = Array(repeating: 0, count: widthCapacity)
    states = AlignedBuffer(count: widthCapacity * model.configuration.decoderStateSize)
    stepLayouts = (1...widthCapacity).map { StepLayout(streamCount: $0, stepCount: 1) }
  }

  func parametersDidChange() { layers.parametersDidChange() }

  /// Runs the encoder, and puts the decoder's first stream in its initial state.
  func read(_ source: [Int32]) {
    for (index, id) in source.enumerated() { layers.sourceIDs[index] = id }
    layers.encode(layout: StepLayout(streamCount: 1, stepCount: source.count), team: team)
    attention.projectKeys(memory: layers.encoder.output.baseAddress, rows: source.count, team: team)
    layers.bridge.forward(
      from: layers.encoder, [0], to: layers.decoder, [0], tensors: layers.tensors.bridge, team: team)
    attentionLayouts = (1...widthCapacity).map {
      AttentionLayout(queryCounts: [$0], memoryCounts: [source.count])
    }
  }

  /// Gives each of the first `count` streams the state of its parent.
  func takeStatesOfParents(count: Int) {
    let size = layers.configuration.decoderStateSize, decoder = layers.decoder
    for layer in 0..<layers.configuration.decoder.layerCount {
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
    let queries = layers.combined.baseAddress + layers.memorySize, logits = layers.logits.baseAddress
    let querySize = layers.querySize, vocabularySize = layers.configuration.targetVocabularySize
    layers.decode(layout: stepLayouts[count - 1], team: team)
    for row in 0..<count {
      (queries + row * layers.combinedSize)
        .update(from: layers.decoder.output.baseAddress + row * querySize, count: querySize)
    }
    let memory = layers.encoder.output.baseAddress
    layers.attend(memory: memory, layout: attentionLayouts[count - 1], count: count, team: team)
    layers.predict(rows: 0..<count, team: team)
    for row in 0..<count {
      Kernels.current.add(
        layers.tensors.outputBias, to: logits + row * vocabularySize, count: vocabularySize)
    }
    return UnsafePointer(logits)
  }
}
