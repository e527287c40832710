internal import Arithmetic
internal import Groundwork
internal import Recurrent
internal import Training

/// A discriminator that reads tokens: a GRU in both directions over the ids of an excerpt, pooled by attention into the odds that
/// it was composed by a program. It needs no descriptors, and finds what nobody thought of describing.
struct TokenDiscriminator: Sendable {
  /// The ids of each example of the pool; none is empty.
  let sequences: [[Int32]]
  /// How many ids there are.
  let vocabularySize: Int
  /// Decides weights, order and dropout.
  let seed: UInt64
  let cancellation: Cancellation

  /// Of longer excerpts the first ids are read.
  static let lengthLimit = 1_024
  private static let batchSize = 16
  private static let epochLimit = 30
  /// After how many epochs without a lower loss on the pieces that were set aside training ends.
  private static let patience = 5
  /// One piece in this many of those to learn from is set aside to stop by.
  private static let stoppingShare = 6

  private static let head = Head.softmax(classCount: 2, pooling: .attention)

  /// Trains a discriminator, and gives the logarithm of the odds of the class `true` for each example that it is to judge.
  /// - Throws: `EvaluationError.interrupted`, `.cause` where training diverges.
  func scores(_ fit: Contest.Fit) throws(EvaluationError) -> [Double] {
    var random = RandomStream(seed: seed, name: "stopping/\(fit.number)")
    let stopping = Self.groupsToStopBy(fit, random: &random)
    let weights = Self.classWeights(fit)
    var head = Self.head
    head.classWeights = weights
    func examples(_ isIncluded: (Int) -> Bool) -> [TrainingSequence] {
      fit.training.filter { isIncluded($0.group) }.map {
        TrainingSequence(ids: sequences[$0.example], target: .labels([$0.label ? 1 : 0]))
      }
    }
    let training = SequenceBatches(
      examples { !stopping.contains($0) }, batchSize: Self.batchSize, head: head,
      seed: seed &+ UInt64(fit.number))
    let validation = examples { stopping.contains($0) }
    let network = Network(
      configuration: .init(
        input: .ids(vocabularySize, embeddingSize: 32, dropout: 0.2),
        stack: StackConfiguration(hiddenSize: 64, layerCount: 1, isBidirectional: true, dropout: 0.3),
        head: head),
      seed: seed &+ UInt64(fit.number))
    let team = ThreadTeam(threadCount: 1)
    let pass = NetworkPass(
      network: network, rowCapacity: rowCapacity, streamCapacity: Self.batchSize, team: team)
    let learner = Learner(
      pass, optimizer: .adam(), learningRate: 3e-3, clipNorm: 1, seed: seed &+ UInt64(fit.number), team: team)
    try train(learner, training, stoppingBy: Self.batches(of: validation, head: head), network: network)
    return judged(fit.test, by: pass, head: head)
  }

  /// How many ids any batch can have.
  private var rowCapacity: Int {
    sequences.map(\.count).sorted(by: >).prefix(Self.batchSize).reduce(0, +)
  }

  /// Leaves the network with the weights of the epoch of the least loss on the examples that were set aside.
  private func train(
    _ learner: Learner<NetworkPass>, _ batches: SequenceBatches, stoppingBy validation: [SequenceBatch],
    network: Network
  ) throws(EvaluationError) {
    var best = (loss: Double.infinity, epoch: 0, weights: network.parameters.values.array)
    for epoch in 0..<Self.epochLimit {
      for batch in batches.batches(epoch: epoch) {
        if cancellation.isRequested { throw .interrupted }
        do { try learner.learn(batch) } catch { throw .cause(error) }
      }
      let loss = learner.loss(on: validation).mean
      if loss < best.loss { best = (loss, epoch, network.parameters.values.array) }
      if epoch - best.epoch >= Self.patience { break }
    }
    network.parameters.values.update(from: best.weights)
    learner.pass.parametersDidChange()
  }

  private func judged(_ examples: [Int], by pass: NetworkPass, head: Head) -> [Double] {
    let sequences = examples.map { TrainingSequence(ids: self.sequences[$0]) }
    var scores: [Double] = []
    for start in stride(from: 0, to: sequences.count, by: Self.batchSize) {
      let part = Array(sequences[start..<min(start + Self.batchSize, sequences.count)])
      for values in pass.predict(SequenceBatch(part, head: head)).values {
        // Where both are sure, rounding must not make ties of what the network can still order.
        let (no, yes) = (Double(max(values[0], 1e-30)), Double(max(values[1], 1e-30)))
        scores.append(logarithm(yes) - logarithm(no))
      }
    }
    return scores
  }

  private static func batches(of sequences: [TrainingSequence], head: Head) -> [SequenceBatch] {
    stride(from: 0, to: sequences.count, by: batchSize).map {
      SequenceBatch(Array(sequences[$0..<min($0 + batchSize, sequences.count)]), head: head)
    }
  }

  /// Some pieces of each class, at least one.
  private static func groupsToStopBy(_ fit: Contest.Fit, random: inout RandomStream) -> Set<Int> {
    var result: Set<Int> = []
    for label in [false, true] {
      var groups = Set(fit.training.lazy.filter { $0.label == label }.map(\.group)).sorted()
      random.shuffle(&groups)
      result.formUnion(groups.prefix(max(1, groups.count / stoppingShare)))
    }
    return result
  }

  /// Both classes weigh the same.
  private static func classWeights(_ fit: Contest.Fit) -> [Double] {
    let positives = Double(fit.training.count { $0.label }), count = Double(fit.training.count)
    return [count / (2 * (count - positives)), count / (2 * positives)]
  }
}
