internal import Arithmetic
internal import Testing

@testable import Recurrent

/// Heads whose outputs are made, used and overwritten in slices of rows.
@Suite struct SlicedOutputTests {
  private static let lengths = [9, 8, 8, 5, 3, 2, 1]

  private func network(_ head: Head, tiesEmbedding: Bool = false) -> Network {
    Network(
      configuration: .init(
        input: .ids(13, embeddingSize: 6),
        stack: StackConfiguration(hiddenSize: 6, layerCount: 2, dropout: 0.2),
        head: head, tiesEmbedding: tiesEmbedding), seed: 1)
  }

  /// The losses of two updates with their gradients, and predictions, where the head may keep `outputLimit` outputs.
  private func results(
    _ network: Network, outputLimit: Int, threadCount: Int = 2
  ) -> (losses: [LossSum], gradients: [Float], values: [[Float]]) {
    let team = ThreadTeam(threadCount: threadCount)
    let pass = NetworkPass(
      network: network, rowCapacity: 36, streamCapacity: 7, outputLimit: outputLimit, team: team)
    var random = RandomStream(seed: 1, name: "dropout")
    let batch = { (seed: UInt64) in
      SequenceBatch(
        randomSequences(Self.lengths, network.configuration, seed: seed), head: network.configuration.head)
    }
    let losses = [
      pass.train(batch(1), accumulating: false, dropout: &random),
      pass.train(batch(2), accumulating: true, dropout: &random), pass.evaluate(batch(3)),
    ]
    return (losses, pass.gradients.array, pass.predict(batch(4)).values)
  }

  @Test(
    "Slices give what the whole gives, to the last digits of sums",
    arguments: [
      Head.softmax(classCount: 13, labelSmoothing: 0.1), .bernoulli(size: 5), .squaredError(size: 3),
      .gaussian(size: 4), .ctc(classCount: 4), .softmax(classCount: 13, pooling: .attention),
    ])
  func slicesGiveWhatTheWholeGives(head: Head) {
    let network = network(head, tiesEmbedding: head.size == 13)
    let whole = results(network, outputLimit: 1 << 25)
    for limit in [1, 100, 250] {
      let sliced = results(network, outputLimit: limit)
      #expect(sliced.losses == whole.losses && sliced.values == whole.values, "\(limit)")
      #expect(relativeDistance(sliced.gradients, whole.gradients) < 1e-6, "\(limit)")
    }
  }

  @Test("Slices are bit for bit the same for any number of threads")
  func slicesAreBitForBitTheSameForAnyNumberOfThreads() {
    let network = network(.softmax(classCount: 13))
    let one = results(network, outputLimit: 250, threadCount: 1)
    for threadCount in [2, 3, 4] {
      let many = results(network, outputLimit: 250, threadCount: threadCount)
      #expect(many.losses == one.losses && many.gradients == one.gradients && many.values == one.values)
    }
  }

  @Test("An encoder–decoder learns the same in slices", arguments: EncoderDecoderTests.configurations)
  func anEncoderDecoderLearnsTheSameInSlices(configuration: EncoderDecoderConfiguration) {
    let model = EncoderDecoder(configuration: configuration, seed: 1)
    let results = [1 << 25, 1, 60].map { limit -> (loss: [LossSum], gradients: [Float]) in
      let pass = EncoderDecoderPass(
        model: model, capacity: .init(pairs: 5, sourceLength: 6, targetLength: 5), outputLimit: limit,
        team: ThreadTeam(threadCount: 2))
      var random = RandomStream(seed: 1, name: "dropout")
      let batch = EncoderDecoderTests.batch
      let losses = [
        pass.train(batch, dropout: &random), pass.train(batch, accumulating: true, dropout: &random),
        pass.evaluate(batch),
      ]
      return (losses, pass.gradients.array)
    }
    for sliced in results.dropFirst() {
      #expect(sliced.loss == results[0].loss)
      #expect(relativeDistance(sliced.gradients, results[0].gradients) < 1e-6)
    }
  }

  /// The logits alone of 4,096 rows would be 490 MB.
  @Test("Thirty thousand ids take no memory for all their logits")
  func thirtyThousandIDsTakeNoMemoryForAllTheirLogits() {
    let memory = { (size: Int) in
      LanguageModelPass.memoryRequirement(
        for: LanguageModelConfiguration(
          vocabularySize: size, embeddingSize: 64, hiddenSize: 64, layerCount: 2),
        batchSize: 32, truncationLength: 128)
    }
    let parameters = 4 * 2 * 30_000 * 64
    // Weights, gradients and twice the packed output, and a slice of 32 MB.
    #expect(memory(30_000) < memory(400) + 3 * parameters + 40 << 20)
    #expect(memory(30_000) < 150 << 20)
  }
}
