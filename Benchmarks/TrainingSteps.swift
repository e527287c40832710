internal import Arithmetic
internal import Recurrent
internal import Training

/// Updates as a run makes them, of every cell and every kind of network: two batches make one, its gradient is clipped by
/// value and by norm, and the weights have a moving average.
func trainingSteps(team: ThreadTeam) -> [(name: String, run: () -> Void)] {
  Cell.allCases.map { (name: $0.rawValue, run: languageModelStep(cell: $0, team: team)) }
    + [
      ("context and dropped weights", languageModelStep(cell: .gru, contextSizes: [16, 9], team: team)),
      ("labels from both sides", networkStep(.softmax(classCount: 5), team: team)),
      ("one label", networkStep(.softmax(classCount: 5, pooling: .attention), team: team)),
      ("real values", networkStep(.gaussian(size: 2), team: team)),
      ("CTC", networkStep(.ctc(classCount: 5), team: team)),
      ("encoder-decoder", encoderDecoderStep(team: team)),
    ]
}

private func step<Pass: TrainablePass>(_ pass: Pass, _ batch: Pass.Batch, team: ThreadTeam) -> () -> Void {
  let learner = Learner(pass, optimizer: .adamw(), clipValue: 0.1, averageDecay: 0.99, team: team)
  return {
    do throws(TrainingError) {
      try learner.add(batch)
      try learner.add(batch)
      try learner.update()
    } catch {
      preconditionFailure(error.message)
    }
  }
}

private func languageModelStep(
  cell: Cell, contextSizes: [Int] = [], team: ThreadTeam
) -> () -> Void {
  let configuration = LanguageModelConfiguration(
    cell: cell, vocabularySize: 400, contextSizes: contextSizes, embeddingSize: 32, hiddenSize: 64,
    layerCount: 2, dropout: 0.1, weightDropout: contextSizes.isEmpty ? 0 : 0.2)
  var batch = TokenBatch(batchSize: 16, truncationLength: 12, contextCount: contextSizes.count)
  for index in batch.inputs.indices {
    batch.inputs[index] = Int32(index * 7 % configuration.vocabularySize)
    batch.targets[index] = Int32(index * 5 % configuration.vocabularySize)
    batch.resets[index] = index % 13 == 0
    batch.setContext(ofElement: index, to: contextSizes.map { Int32(index % ($0 + 1)) - 1 })
  }
  let pass = LanguageModelPass(
    network: Network(configuration: configuration, seed: 0), batchSize: batch.batchSize,
    truncationLength: batch.truncationLength, team: team)
  return step(pass, batch, team: team)
}

/// Three sequences of frames, read from both sides.
private func networkStep(_ head: Head, team: ThreadTeam) -> () -> Void {
  let frameSize = 3
  let sequences = [9, 6, 4].map { length in
    let frames = (0..<length * frameSize).map { Float($0 % 5) / 5 }
    let labelCount = head.kind == .ctc ? 2 : head.pooling == nil ? length : 1
    let target: TrainingSequence.Target =
      head.kind == .gaussian
      ? .frames((0..<length * head.size).map { Float($0 % 3) })
      : .labels((0..<labelCount).map { Int32(1 + $0 % 4) })
    return TrainingSequence(frames: frames, frameSize: frameSize, target: target)
  }
  let network = Network(
    configuration: Network.Configuration(
      input: .init(frameSize: frameSize),
      stack: StackConfiguration(
        hiddenSize: 16, layerCount: 2, isBidirectional: true, dropout: 0.1, isResidual: true,
        normalizesLayers: true),
      head: head),
    seed: 0)
  let pass = NetworkPass(network: network, rowCapacity: 19, streamCapacity: 3, team: team)
  return step(pass, SequenceBatch(sequences, head: head), team: team)
}

private func encoderDecoderStep(team: ThreadTeam) -> () -> Void {
  let model = EncoderDecoder(
    configuration: EncoderDecoderConfiguration(
      sourceVocabularySize: 20, targetVocabularySize: 20, embeddingSize: 8,
      encoder: StackConfiguration(hiddenSize: 8, layerCount: 1, isBidirectional: true),
      decoder: StackConfiguration(hiddenSize: 16, layerCount: 2), endID: 0),
    seed: 0)
  let batch = SequencePairBatch(
    sources: [[1, 2, 3, 4], [5, 6], [7, 8, 9]], targets: [[3, 2, 1], [6, 5, 4, 3], [9]])
  let pass = EncoderDecoderPass(
    model: model, capacity: .init(pairs: 3, sourceLength: 4, targetLength: 4), team: team)
  return step(pass, batch, team: team)
}
