internal import Arithmetic
internal import Testing

@testable import Recurrent

@Suite struct EncoderDecoderLearningTests {
  /// Sequences of 1 to 6 of eight ids.
  private func sources(_ count: Int, _ random: inout RandomStream) -> [[Int32]] {
    (0..<count).map { _ in (0...random.integer(below: 6)).map { _ in Int32(random.integer(below: 8)) } }
  }

  /// To say a sequence backward the network has to look at its end first, whatever its length.
  @Test(
    "A sequence is learned to be reversed",
    arguments: [AttentionConfiguration.Score.dot, .general, .additive])
  func aSequenceIsLearnedToBeReversed(score: AttentionConfiguration.Score) {
    let configuration = EncoderDecoderConfiguration(
      sourceVocabularySize: 8, targetVocabularySize: 9, embeddingSize: 16,
      encoder: .init(hiddenSize: 16, layerCount: 1, isBidirectional: true),
      decoder: .init(hiddenSize: 32, layerCount: 1), attention: .init(score: score, alignmentSize: 16),
      endID: 8)
    let model = EncoderDecoder(configuration: configuration, seed: 1)
    let team = ThreadTeam(threadCount: 2)
    let pass = EncoderDecoderPass(
      model: model, capacity: .init(pairs: 32, sourceLength: 6, targetLength: 6), team: team)
    let optimizer = Optimizer(.adam(), parameterCount: model.parameters.count)
    var random = RandomStream(seed: 1, name: "sequences"), dropout = RandomStream(seed: 1, name: "dropout")
    let stepCount = 400
    for step in 0..<stepCount {
      let sources = sources(32, &random)
      _ = pass.train(
        SequencePairBatch(sources: sources, targets: sources.map { $0.reversed() }), dropout: &dropout)
      let rate = 1.5e-2 * (1 - Double(step) / Double(stepCount))
      optimizer.update(model.parameters, gradients: pass.gradients, learningRate: rate, team: team)
      pass.parametersDidChange()
    }
    let translator = Translator(model: model)
    let unseen = sources(100, &random)
    let right = unseen.count { translator.translate($0, maximumLength: 8).ids == $0.reversed() }
    #expect(right >= 95, "\(right) of 100")
  }
}
