internal import Arithmetic
internal import TestSupport
internal import Testing

@testable import Recurrent

/// Whole networks: what they compute does not depend on how sequences are batched, on the threads, or on whether they run
/// step by step.
@Suite struct NetworkTests {
  private let team = ThreadTeam(threadCount: 2)

  private func network(
    _ head: Head, input: Network.Input? = nil, isBidirectional: Bool = false, dropout: Double = 0
  ) -> Network {
    let input =
      input
      ?? Network.Input(
        vocabularySizes: [7, 4], embeddingSize: 5, frameSize: 3, normalization: .trainingSet, dropout: dropout
      )
    return Network(
      configuration: .init(
        input: input,
        stack: StackConfiguration(
          cell: .gru, hiddenSize: 6, layerCount: 2, isBidirectional: isBidirectional, dropout: dropout),
        head: head),
      normalization: input.normalization == .trainingSet
        ? FrameNormalization(mean: [1, -1, 0.5], variance: [4, 0.25, 0]) : nil,
      seed: 3)
  }

  @Test("Sequences in a batch do not touch each other", arguments: [nil, Pooling.last, .mean, .attention])
  func sequencesInABatchDoNotTouchEachOther(pooling: Pooling?) {
    let network = network(.softmax(classCount: 4, pooling: pooling), isBidirectional: true)
    let sequences = randomSequences([3, 6, 1, 6], network.configuration, seed: 1)
    let together = SequenceBatch(sequences, head: network.configuration.head)
    let pass = NetworkPass(network: network, rowCapacity: 16, streamCapacity: 4, team: team)
    let all = pass.predict(together)
    var sum = LossSum()
    for (index, sequence) in sequences.enumerated() {
      let alone = SequenceBatch([sequence], head: network.configuration.head)
      #expect(relativeDistance(pass.predict(alone).values[0], all.values[index]) < 1e-6)
      sum += pass.evaluate(alone)
    }
    let loss = pass.evaluate(together)
    #expect(loss.count == sum.count && abs(loss.sum - sum.sum) < 1e-5 * sum.sum)
    for index in sequences.indices {
      let rows = pooling == nil ? sequences[index].length : 1
      #expect(all.values[index].count == 4 * rows && all.labels(ofSequence: index).count == rows)
      #expect(abs(all.values[index].reduce(0, +) - Float(rows)) < 1e-4)
    }
  }

  @Test(
    "A runner says what the pass says",
    arguments: [
      Head.softmax(classCount: 4), .bernoulli(size: 5), .squaredError(size: 2), .gaussian(size: 2),
      .ctc(classCount: 4),
    ])
  func aRunnerSaysWhatThePassSays(head: Head) {
    let network = network(head)
    let sequence = randomSequences([9], network.configuration, seed: 2)[0]
    let pass = NetworkPass(network: network, rowCapacity: 9, streamCapacity: 1, team: team)
    let expected = pass.predict(SequenceBatch([sequence], head: head)).values[0]
    func said(by runner: NetworkRunner) -> [Float] {
      (0..<9).flatMap { step in
        Array(
          runner.advance(
            ids: Array(sequence.ids[2 * step..<2 * step + 2]),
            frame: Array(sequence.frames[3 * step..<3 * step + 3])))
      }
    }
    let runner = NetworkRunner(network: network)
    #expect(relativeDistance(said(by: runner), expected) < 1e-5)
    #expect(relativeDistance(said(by: NetworkRunner(network: network, format: .float16)), expected) < 1e-3)
    #expect(relativeDistance(said(by: NetworkRunner(network: network, format: .int8)), expected) < 3e-2)
    let state = runner.state
    let next = Array(runner.advance(ids: [1, -1], frame: [0, .nan, 1]))
    runner.reset()
    runner.state = state
    #expect(Array(runner.advance(ids: [1, -1], frame: [0, .nan, 1])) == next)
  }

  @Test(
    "The result is bit for bit the same for any number of threads",
    arguments: [
      Head.softmax(classCount: 4, pooling: .attention, labelSmoothing: 0.1), .bernoulli(size: 5),
      .ctc(classCount: 4),
    ])
  func theResultIsBitForBitTheSameForAnyNumberOfThreads(head: Head) {
    func trained(_ threadCount: Int) -> ([Float], [LossSum]) {
      let network = network(head, isBidirectional: true, dropout: 0.2)
      let team = ThreadTeam(threadCount: threadCount)
      let pass = NetworkPass(network: network, rowCapacity: 40, streamCapacity: 7, team: team)
      var random = RandomStream(seed: 1, name: "dropout")
      let losses = (0..<3).map { step in
        let sequences = randomSequences([9, 8, 8, 5, 3, 2, 1], network.configuration, seed: UInt64(step))
        let loss = pass.train(SequenceBatch(sequences, head: head), accumulating: false, dropout: &random)
        for index in 0..<network.parameters.count {
          network.parameters.values[index] -= 0.1 * pass.gradients[index]
        }
        pass.parametersDidChange()
        return loss
      }
      return (network.parameters.values.array, losses)
    }
    let one = trained(1)
    for threadCount in [2, 4] {
      let many = trained(threadCount)
      #expect(many.0 == one.0 && many.1 == one.1, "\(threadCount) threads")
    }
  }

  @Test("Accumulation adds gradients") func accumulationAddsGradients() {
    let network = network(.gaussian(size: 2))
    let pass = NetworkPass(network: network, rowCapacity: 9, streamCapacity: 2, team: team)
    let head = network.configuration.head
    let batches = [1, 2].map {
      SequenceBatch(randomSequences([5, 4], network.configuration, seed: UInt64($0)), head: head)
    }
    var random = RandomStream(seed: 1, name: "dropout")
    let each = batches.map { batch -> [Float] in
      _ = pass.train(batch, accumulating: false, dropout: &random)
      return pass.gradients.array
    }
    _ = pass.train(batches[0], accumulating: false, dropout: &random)
    _ = pass.train(batches[1], accumulating: true, dropout: &random)
    #expect(relativeDistance(pass.gradients.elements, zip(each[0], each[1]).map { $0 + $1 }) < 1e-6)
  }

  @Test("Carried state makes one long sequence of short windows")
  func carriedStateMakesOneLongSequenceOfShortWindows() {
    let network = network(.bernoulli(size: 5))
    let (head, configuration) = (network.configuration.head, network.configuration)
    let whole = SequenceBatch(randomSequences([8, 8], configuration, seed: 4), head: head)
    let long = NetworkPass(network: network, rowCapacity: 16, streamCapacity: 2, team: team)
    let short = NetworkPass(
      network: network, rowCapacity: 8, streamCapacity: 2, carriesState: true, team: team)
    guard case .frames(let targets) = whole.targets else { return }
    var sum = LossSum()
    for rows in [0..<8, 8..<16] {
      sum += short.evaluate(
        SequenceBatch(
          layout: StepLayout(streamCount: 2, stepCount: 4),
          ids: Array(whole.ids[2 * rows.lowerBound..<2 * rows.upperBound]),
          frames: Array(whole.frames[3 * rows.lowerBound..<3 * rows.upperBound]),
          targets: .frames(Array(targets[5 * rows.lowerBound..<5 * rows.upperBound]))))
    }
    let loss = long.evaluate(whole)
    #expect(abs(loss.sum - sum.sum) < 1e-6 * loss.sum && loss.count == sum.count)
    #expect(short.carriedState.contains { $0 != 0 })
    // A reset of every stream is a new beginning.
    var again = SequenceBatch(randomSequences([4, 4], configuration, seed: 5), head: head)
    again.resets = [true, true] + [Bool](repeating: false, count: 6)
    let fresh = long.evaluate(again)
    #expect(abs(short.evaluate(again).sum - fresh.sum) < 1e-6 * fresh.sum)
  }

  @Test("Frames are normalized and what is missing is the mean")
  func framesAreNormalizedAndWhatIsMissingIsTheMean() {
    for normalization in [Network.Input.Normalization.trainingSet, .sequence] {
      let frames: [Float] = [1, 10, 3, .nan, 5, 30, 7, 20]
      let sequence = TrainingSequence(frames: frames, frameSize: 2)
      let input = Network.Input.frames(2, normalization: normalization)
      let measured = FrameNormalization(of: [sequence], frameSize: 2)
      #expect(measured.mean == [4, 20])
      #expect(abs(measured.variance[0] - 5) < 1e-6 && abs(measured.variance[1] - 200 / 3) < 1e-4)
      let network = Network(
        configuration: .init(
          input: input, stack: StackConfiguration(hiddenSize: 3, layerCount: 1), head: .squaredError(size: 1)),
        normalization: normalization == .trainingSet ? measured : nil, seed: 1)
      let layer = InputLayer(network: network, rowCapacity: 4, streamCapacity: 1)
      layer.forward(
        ids: Span(), contexts: Span(), frames: frames.span, layout: StepLayout(streamCount: 1, stepCount: 4),
        team: team)
      let (a, b) = (1 / Float(5).squareRoot(), 1 / Float(200.0 / 3).squareRoot())
      let expected: [Float] = [-3 * a, -10 * b, -a, 0, a, 10 * b, 3 * a, 0]
      #expect(relativeDistance(layer.output.elements, expected) < 1e-6, "\(normalization)")
    }
  }

  @Test("A network comes back from its file") func aNetworkComesBackFromItsFile() throws {
    let folder = try TemporaryFolder()
    let network = network(.softmax(classCount: 4, pooling: .attention, classWeights: [1, 2, 3, 4]))
    try network.write(to: folder.file("network.safetensors"))
    let again = try Network(path: folder.file("network.safetensors"))
    #expect(again.configuration == network.configuration && again.normalization == network.normalization)
    #expect(again.parameters.values.array == network.parameters.values.array)
    try Safetensors.write(network.tensors(), to: folder.file("bare.safetensors"))
    #expect(throws: SafetensorsError.self) { try Network(path: folder.file("bare.safetensors")) }
  }

  @Test("Batches have every sequence once and similar lengths")
  func batchesHaveEverySequenceOnceAndSimilarLengths() {
    var random = RandomStream(seed: 1, name: "lengths")
    let sequences = (0..<1000).map { _ in
      TrainingSequence(
        ids: [Int32](repeating: 0, count: 1 + random.integer(below: 200)), target: .labels([0]))
    }
    let batches = SequenceBatches(
      sequences, batchSize: 16, head: .softmax(classCount: 2, pooling: .last), seed: 5)
    let first = batches.order(epoch: 0), second = batches.order(epoch: 1)
    #expect(first != second && first == batches.order(epoch: 0))
    #expect(first.flatMap { $0 }.sorted() == Array(0..<1000))
    for batch in batches.batches(epoch: 0) {
      #expect(batch.layout.rowCount <= batches.rowCapacity)
      #expect(batch.layout.streamCount <= batches.streamCapacity)
      let lengths = batch.layout.lengths
      #expect(lengths[0] - lengths[lengths.count - 1] <= 40, "as long as one another, nearly")
    }
  }

  @Test("Label sequences are read from CTC") func labelSequencesAreReadFromCTC() {
    let network = network(.ctc(classCount: 4))
    let pass = NetworkPass(network: network, rowCapacity: 12, streamCapacity: 2, team: team)
    let output = pass.predict(
      SequenceBatch(
        randomSequences([5, 7], network.configuration, seed: 6), head: network.configuration.head))
    let decoder = CTCDecoder(classCount: 4)
    for index in 0..<2 {
      #expect(output.labelSequence(ofSequence: index) == decoder.greedy(output.values[index]))
      let best = decoder.beamSearch(output.values[index], beamWidth: 1000)[0]
      #expect(output.labelSequence(ofSequence: index, beamWidth: 1000) == best.labels)
    }
  }

  /// Whether the sum of the frames is above zero: learned from the order of nothing, by any network that works.
  @Test("A classifier learns") func aClassifierLearns() {
    var random = RandomStream(seed: 2, name: "data")
    let sequences = (0..<200).map { _ in
      let frames = (0..<5 + random.integer(below: 10)).map { _ in Float(random.normal()) }
      return TrainingSequence(
        frames: frames, frameSize: 1, target: .labels([frames.reduce(0, +) > 0 ? 1 : 0]))
    }
    let head = Head.softmax(classCount: 2, pooling: .last)
    let network = Network(
      configuration: .init(
        input: .frames(1, normalization: .none), stack: StackConfiguration(hiddenSize: 8, layerCount: 1),
        head: head), seed: 1)
    let batches = SequenceBatches(sequences, batchSize: 50, head: head, seed: 1)
    let pass = NetworkPass(network: network, batches: batches, team: team)
    var dropout = RandomStream(seed: 1, name: "dropout")
    var losses: [Double] = []
    for epoch in 0..<40 {
      var loss = LossSum()
      for batch in batches.batches(epoch: epoch) {
        loss += pass.train(batch, accumulating: false, dropout: &dropout)
        for index in 0..<network.parameters.count {
          network.parameters.values.baseAddress[index] -= pass.gradients.baseAddress[index]
        }
        pass.parametersDidChange()
      }
      losses.append(loss.mean)
    }
    #expect(losses[0] > 0.5 && losses[39] < 0.25, "\(losses)")
  }
}

/// Random sequences of these lengths with targets for a configuration's head; some ids and numbers are missing.
func randomSequences(
  _ lengths: [Int], _ configuration: Network.Configuration, seed: UInt64
) -> [TrainingSequence] {
  var random = RandomStream(seed: seed, name: "sequences")
  let input = configuration.input, head = configuration.head
  return lengths.map { length in
    let ids = (0..<length).flatMap { _ in
      input.vocabularySizes.map { Int32(random.integer(below: $0 + 1)) - 1 }
    }
    let frames = (0..<length * input.frameSize).map { _ in
      random.integer(below: 10) == 0 ? Float.nan : Float(random.normal())
    }
    let rows = head.pooling == nil ? length : 1
    let target: TrainingSequence.Target =
      switch head.kind {
      case .softmax: .labels((0..<rows).map { _ in Int32(random.integer(below: head.size)) })
      case .ctc: .labels((0..<length / 2).map { _ in Int32(1 + random.integer(below: head.size - 1)) })
      case .bernoulli: .frames((0..<rows * head.size).map { _ in Float(random.integer(below: 2)) })
      case .squaredError, .gaussian:
        .frames(
          (0..<rows * head.size).map { _ in random.integer(below: 8) == 0 ? .nan : Float(random.normal()) })
      }
    return TrainingSequence(length: length, ids: ids, frames: frames, target: target)
  }
}
