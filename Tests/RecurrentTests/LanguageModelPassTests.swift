internal import Arithmetic
internal import Testing

@testable import Recurrent

@Suite struct LanguageModelPassTests {
  private let configuration = LanguageModelConfiguration(
    vocabularySize: 50, embeddingSize: 24, hiddenSize: 40, layerCount: 2, dropout: 0.2)

  /// Three updates from the same seed.
  private func train(
    threadCount: Int, batchSize: Int, weightDropout: Double = 0, contextSizes: [Int] = []
  ) -> (weights: [Float], losses: [LossSum], state: [Float]) {
    var configuration = configuration
    configuration.weightDropout = weightDropout
    configuration.contextSizes = contextSizes
    let model = Network(configuration: configuration, seed: 5)
    let team = ThreadTeam(threadCount: threadCount)
    let pass = LanguageModelPass(network: model, batchSize: batchSize, truncationLength: 9, team: team)
    let optimizer = Optimizer(.adamw(), parameterCount: model.parameters.count)
    let clipping = GradientClipping(pass.gradients, team: team)
    var random = RandomStream(seed: 5, name: "dropout")
    let losses = (0..<3).map { step in
      let batch = randomBatch(vocabulary: 50, steps: 9, streams: batchSize, seed: UInt64(step))
      let contexts = batch.inputs.flatMap { id in contextSizes.map { id % Int32($0) } }
      let loss = pass.train(
        inputs: batch.inputs, contexts: contexts, targets: batch.targets, resets: batch.resets,
        dropout: &random)
      clipping.clip(toGlobalNorm: 0.1)
      optimizer.update(model.parameters, gradients: pass.gradients, learningRate: 1e-2, team: team)
      pass.parametersDidChange()
      return loss
    }
    return (model.parameters.values.array, losses, pass.carriedState)
  }

  @Test("The result is bit for bit the same for any number of threads", arguments: [1, 5, 32])
  func theResultIsBitForBitTheSameForAnyNumberOfThreads(batchSize: Int) {
    let one = train(threadCount: 1, batchSize: batchSize)
    for threadCount in [2, 3, 4] {
      let many = train(threadCount: threadCount, batchSize: batchSize)
      #expect(many.weights == one.weights && many.losses == one.losses && many.state == one.state)
    }
  }

  @Test("So it is with dropped weights and a context", arguments: [1, 5, 32])
  func soItIsWithDroppedWeightsAndAContext(batchSize: Int) {
    let one = train(threadCount: 1, batchSize: batchSize, weightDropout: 0.3, contextSizes: [7, 3])
    for threadCount in [2, 3, 4] {
      let many = train(
        threadCount: threadCount, batchSize: batchSize, weightDropout: 0.3, contextSizes: [7, 3])
      #expect(many.weights == one.weights && many.losses == one.losses && many.state == one.state)
    }
  }

  @Test("Weights are dropped in training alone, from the weights as they are")
  func weightsAreDroppedInTrainingAlone() {
    var dropping = configuration
    dropping.dropout = 0
    dropping.weightDropout = 0.5
    var keeping = dropping
    keeping.weightDropout = 0
    let team = ThreadTeam(threadCount: 1), batch = randomBatch(vocabulary: 50, steps: 6, streams: 2, seed: 1)
    func pass(_ configuration: LanguageModelConfiguration) -> LanguageModelPass {
      LanguageModelPass(
        network: Network(configuration: configuration, seed: 1), batchSize: 2, truncationLength: 6, team: team
      )
    }
    let (dropped, kept) = (pass(dropping), pass(keeping))
    var random = RandomStream(seed: 1, name: "dropout")
    func evaluate(_ pass: LanguageModelPass) -> LossSum {
      pass.clearCarriedState()
      return pass.evaluate(inputs: batch.inputs, targets: batch.targets, resets: batch.resets)
    }
    func train(_ pass: LanguageModelPass, accumulating: Bool = false) -> LossSum {
      pass.clearCarriedState()
      return pass.train(
        inputs: batch.inputs, targets: batch.targets, resets: batch.resets, accumulating: accumulating,
        dropout: &random)
    }
    let whole = evaluate(kept)
    #expect(evaluate(dropped) == whole)
    let first = train(dropped), gradient = dropped.gradients.array
    #expect(first != whole)
    #expect(evaluate(dropped) == whole, "evaluation drops nothing, also after training")
    let before = random
    #expect(train(dropped) != first, "another window, other weights")
    random = before
    let second = train(dropped), other = dropped.gradients.array
    // The gradient of several windows is the sum of each under its own weights.
    random = RandomStream(seed: 1, name: "dropout")
    _ = train(dropped)
    #expect(dropped.gradients.array == gradient)
    #expect(train(dropped, accumulating: true) == second)
    for (index, sum) in dropped.gradients.array.enumerated() {
      #expect(abs(sum - gradient[index] - other[index]) < 1e-6)
    }
  }

  @Test("Streams do not touch each other") func streamsDoNotTouchEachOther() {
    let model = Network(configuration: configuration, seed: 1)
    let team = ThreadTeam(threadCount: 2)
    let (steps, streams) = (6, 5)
    let batch = randomBatch(vocabulary: 50, steps: steps, streams: streams, seed: 1)
    let together = LanguageModelPass(network: model, batchSize: streams, truncationLength: steps, team: team)
    let sum = together.evaluate(inputs: batch.inputs, targets: batch.targets, resets: batch.resets)
    var alone = LossSum()
    for stream in 0..<streams {
      let pass = LanguageModelPass(network: model, batchSize: 1, truncationLength: steps, team: team)
      let places = (0..<steps).map { $0 * streams + stream }
      alone += pass.evaluate(
        inputs: places.map { batch.inputs[$0] }, targets: places.map { batch.targets[$0] },
        resets: places.map { batch.resets[$0] })
    }
    #expect(alone.count == sum.count)
    #expect(abs(alone.sum - sum.sum) < 1e-6 * sum.sum)
  }

  @Test("Two short calls are one long") func twoShortCallsAreOneLong() {
    let model = Network(configuration: configuration, seed: 2)
    let team = ThreadTeam(threadCount: 1)
    let batch = randomBatch(vocabulary: 50, steps: 8, streams: 3, seed: 2)
    let long = LanguageModelPass(network: model, batchSize: 3, truncationLength: 8, team: team)
    let short = LanguageModelPass(network: model, batchSize: 3, truncationLength: 4, team: team)
    let whole = long.evaluate(inputs: batch.inputs, targets: batch.targets, resets: batch.resets)
    let halves = [0..<12, 12..<24].map { range in
      short.evaluate(
        inputs: Array(batch.inputs[range]), targets: Array(batch.targets[range]),
        resets: Array(batch.resets[range]))
    }
    #expect(abs((halves[0] + halves[1]).sum - whole.sum) < 1e-9 * whole.sum)
    #expect(short.carriedState == long.carriedState)
  }

  @Test("A reset is a zero state") func aResetIsAZeroState() {
    let model = Network(configuration: configuration, seed: 3)
    let pass = LanguageModelPass(
      network: model, batchSize: 2, truncationLength: 1, team: ThreadTeam(threadCount: 1))
    let fresh = pass.evaluate(inputs: [4, 9], targets: [1, 2], resets: [false, false])
    let carried = pass.evaluate(inputs: [4, 9], targets: [1, 2], resets: [false, false])
    let reset = pass.evaluate(inputs: [4, 9], targets: [1, 2], resets: [true, true])
    #expect(reset == fresh && carried != fresh)
    pass.clearCarriedState()
    #expect(pass.evaluate(inputs: [4, 9], targets: [1, 2], resets: [false, false]) == fresh)
  }

  @Test("A batch without targets leaves no gradient") func aBatchWithoutTargetsLeavesNoGradient() {
    let model = Network(configuration: configuration, seed: 3)
    let pass = LanguageModelPass(
      network: model, batchSize: 2, truncationLength: 2, team: ThreadTeam(threadCount: 1))
    var random = RandomStream(seed: 0, name: "dropout")
    let loss = pass.train(
      inputs: [1, 2, 3, 4], targets: [-1, -1, -1, -1], resets: [true, true, false, false], dropout: &random)
    #expect(loss == LossSum(sum: 0, count: 0))
    #expect(pass.gradients.array.allSatisfy { $0 == 0 })
  }

  @Test("Initialization follows PyTorch") func initializationFollowsPyTorch() {
    let model = Network(configuration: configuration, seed: 6)
    let bound = 1 / Float(40).squareRoot()
    for entry in model.parameters.entries where entry.name != "embedding.weight" {
      let values = model.parameters.values.elements[entry.range]
      #expect(
        values.allSatisfy { abs($0) <= bound } && values.contains { abs($0) > 0.8 * bound }, "\(entry.name)")
    }
    let embedding = model.parameters.values.elements[0..<50 * 24]
    let variance = embedding.reduce(0) { $0 + $1 * $1 } / Float(embedding.count)
    #expect(abs(variance - 1) < 0.2)
    #expect(
      Network(configuration: configuration, seed: 6).parameters.values.array
        == model.parameters.values.array)
    #expect(
      Network(configuration: configuration, seed: 7).parameters.values.array
        != model.parameters.values.array)
  }
}
