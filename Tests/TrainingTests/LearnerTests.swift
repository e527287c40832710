import Arithmetic
import Recurrent
import Testing
import Training

@Suite struct LearnerTests {
  static let network = LanguageModelConfiguration(
    cell: .gru, vocabularySize: 8, embeddingSize: 6, hiddenSize: 12, layerCount: 2)

  /// A window of random ids in which every stream starts again and `counted` of the targets of a stream count.
  func batch(streams: Int, counted: [Int], seed: UInt64) -> TokenBatch {
    var random = RandomStream(seed: seed, name: "batch")
    var batch = TokenBatch(batchSize: streams, truncationLength: 6)
    for index in batch.inputs.indices {
      let (step, stream) = (index / streams, index % streams)
      batch.inputs[index] = Int32(random.integer(below: 8))
      let target = Int32(random.integer(below: 8))
      batch.targets[index] = step < counted[stream] ? target : -1
      batch.resets[index] = step == 0
    }
    return batch
  }

  /// Some streams of a batch.
  func part(_ batch: TokenBatch, _ streams: Range<Int>) -> TokenBatch {
    var part = TokenBatch(batchSize: streams.count, truncationLength: batch.truncationLength)
    for index in part.inputs.indices {
      let source = index / streams.count * batch.batchSize + streams.lowerBound + index % streams.count
      part.inputs[index] = batch.inputs[source]
      part.targets[index] = batch.targets[source]
      part.resets[index] = batch.resets[source]
    }
    return part
  }

  func learner(
    streams: Int, dropout: Double = 0, _ change: (Learner<LanguageModelPass>) -> Void = { _ in }
  ) -> Learner<
    LanguageModelPass
  > {
    let team = ThreadTeam(threadCount: 1)
    var network = Self.network
    network.dropout = dropout
    let pass = LanguageModelPass(
      network: Network(configuration: network, seed: 3), batchSize: streams, truncationLength: 6,
      team: team)
    let learner = Learner(pass, learningRate: 1e-2, clipNorm: 0.5, averageDecay: 0.9, team: team)
    change(learner)
    return learner
  }

  /// Parts that count differently many targets, one of them none at all.
  @Test(
    "Accumulated batches are one larger batch",
    arguments: [[6, 6, 6, 6, 6, 6], [6, 5, 1, 2, 3, 4], [0, 0, 6, 6, 1, 0], [3, 3, 0, 0, 2, 2]])
  func accumulatedBatchesAreOneLargerBatch(counted: [Int]) throws {
    let (whole, parts) = (learner(streams: 6), learner(streams: 2))
    for step in 0..<3 {
      let batch = batch(streams: 6, counted: counted, seed: UInt64(step))
      let loss = try whole.learn(batch)
      var sum = LossSum()
      for first in [0, 2, 4] { sum += try parts.add(part(batch, first..<first + 2)) }
      try parts.update()
      #expect(sum.count == loss.count && abs(sum.sum - loss.sum) < 1e-5 * loss.sum)
      #expect(abs(parts.gradientNorm - whole.gradientNorm) < 1e-5 * whole.gradientNorm)
    }
    let (a, b) = (whole.pass.parameters.values.array, parts.pass.parameters.values.array)
    // Adam divides by the root of what may be a tiny second moment: single weights may differ by more than the rounding.
    #expect(zip(a, b).allSatisfy { abs($0 - $1) < 2e-4 })
  }

  @Test("A few lines learn a pattern") func aFewLinesLearnAPattern() throws {
    let batches = (0..<4).map { batch(streams: 2, counted: [6, 6], seed: $0) }
    let learner = learner(streams: 2) { $0.learningRate = 2e-2 }
    let before = learner.loss(on: batches)
    for _ in 0..<60 { try learner.learn(batches) }
    let after = learner.loss(on: batches)
    #expect(before.count == 48 && after.mean < 0.1 * before.mean)
  }

  @Test("The average is what is measured") func theAverageIsWhatIsMeasured() throws {
    let batches = (0..<3).map { batch(streams: 2, counted: [6, 6], seed: $0) }
    let learner = learner(streams: 2)
    try learner.learn(batches)
    let average = try #require(learner.average)
    let weights = learner.pass.parameters.values.array
    let loss = learner.loss(on: batches)
    #expect(learner.pass.parameters.values.array == weights)
    learner.pass.parameters.values.update(from: average.values.array)
    learner.pass.parametersDidChange()
    learner.pass.clearCarriedState()
    #expect(batches.reduce(0) { $0 + learner.pass.evaluate($1).sum } == loss.sum)
  }

  @Test("Clipping by value limits each number") func clippingByValueLimitsEachNumber() throws {
    let learner = learner(streams: 2) {
      $0.clipNorm = nil
      $0.clipValue = 1e-3
    }
    try learner.learn(batch(streams: 2, counted: [6, 6], seed: 1))
    #expect(learner.pass.gradients.elements.allSatisfy { abs($0) <= 1e-3 })
    #expect(learner.gradientNorm > 1e-2, "the norm is that before clipping")
  }

  /// Neither the state that a batch has left nor the place in the stream of dropped numbers is spoilt.
  @Test("A learner continues after it has diverged", arguments: [Float.nan, .infinity, 3e38])
  func aLearnerContinuesAfterItHasDiverged(poison: Float) throws {
    let learners = [learner(streams: 2, dropout: 0.3), learner(streams: 2, dropout: 0.3)]
    var middle = batch(streams: 2, counted: [6, 6], seed: 2)
    for index in middle.resets.indices { middle.resets[index] = false }
    for learner in learners { try learner.learn(batch(streams: 2, counted: [6, 6], seed: 1)) }
    // The last layer's weights make its output, and so the loss or its gradient, no number, the embedding the state too.
    let parameters = learners[0].pass.parameters
    let before = parameters.values.array
    for name in ["embedding.weight", "output.weight"] {
      let entry = try #require(parameters.entry(named: name))
      for index in entry.range { parameters.values[index] = poison * (index % 2 == 0 ? 1 : -1) }
    }
    learners[0].pass.parametersDidChange()
    #expect(throws: TrainingError.self) {
      try learners[0].add(middle)
      try learners[0].learn(middle)
    }
    parameters.values.update(from: before)
    learners[0].pass.parametersDidChange()
    learners[1].pass.clearCarriedState()
    for learner in learners {
      learner.learningRate = 1e-3
      let loss = try learner.learn(middle)
      #expect(loss.sum.isFinite)
    }
    #expect(learners[0].pass.parameters.values.array == learners[1].pass.parameters.values.array)
    #expect(learners[0].dropout == learners[1].dropout)
    #expect(learners[0].pass.carriedState == learners[1].pass.carriedState)
  }

  @Test("A gradient that is no number changes nothing") func aGradientThatIsNoNumberChangesNothing() throws {
    for poison in [Float.infinity, .nan] {
      let learner = learner(streams: 2) { $0.clipValue = 1 }
      try learner.learn(batch(streams: 2, counted: [6, 6], seed: 1))
      let entry = try #require(learner.pass.parameters.entry(named: "output.weight"))
      learner.pass.parameters.values[entry.range.lowerBound] = poison
      learner.pass.parametersDidChange()
      let before = learner.pass.parameters.values.array
      do throws(TrainingError) {
        try learner.learn(batch(streams: 2, counted: [6, 6], seed: 2))
        Issue.record("\(poison) went unnoticed")
      } catch {
        #expect(error.message.contains("step 2"), "\(error.message)")
        #expect(error.message.contains("lower learningRate than 0.01"), "\(error.message)")
      }
      #expect(zip(learner.pass.parameters.values.array, before).allSatisfy { $0 == $1 || $1.isNaN })
    }
  }
}
