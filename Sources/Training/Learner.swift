public import Arithmetic
public import Recurrent

/// Trains a network batch by batch: gradients, clipping, an update of the weights, and their moving average.
///
/// This is all that a program needs which holds its data in memory:
///
///     let learner = Learner(pass, optimizer: .adam(), learningRate: 1e-3, team: team)
///     for _ in 0..<20 {
///       let loss = try learner.learn(batches)
///       print(loss.mean, learner.loss(on: validationBatches).mean)
///     }
///
/// `TrainingRun` adds schedules, validation, early stopping, checkpoints and a history.
public final class Learner<Pass: TrainablePass> {
  /// The network that learns.
  public let pass: Pass
  /// What turns gradients into updates.
  public let optimizer: Optimizer
  /// The moving average of the weights, where one is kept.
  public let average: WeightAverage?
  /// The learning rate of the next update.
  public var learningRate: Double
  /// The largest global norm that a gradient keeps; nil lets it be.
  public var clipNorm: Double?
  /// The largest size that a single number of a gradient keeps; nil lets it be.
  public var clipValue: Double?
  /// The stream that decides what is dropped.
  public var dropout: RandomStream
  /// The gradient's global norm at the last update, before it was clipped.
  public private(set) var gradientNorm = 0.0

  let clipping: GradientClipping
  private let team: ThreadTeam
  /// What the targets weigh of the batches that `pass.gradients` holds, and of the last of them.
  private var (weight, lastWeight) = (0.0, 0.0)
  /// Where the stream that decides what is dropped stood before these batches.
  private var dropoutBefore: RandomStream

  /// A learner before its first update.
  /// - Parameters:
  ///   - pass: The network that learns, with its first weights.
  ///   - optimizer: What turns gradients into updates; its constants must be valid.
  ///   - learningRate: The learning rate, until it is set again.
  ///   - clipNorm: The largest global norm that a gradient keeps (Pascanu et al. 2013); nil lets it be.
  ///   - clipValue: The largest size that a single number of a gradient keeps; nil lets it be.
  ///   - averageDecay: How much of the weights' moving average an update keeps; nil keeps no average.
  ///   - seed: The seed of what is dropped.
  ///   - team: The threads that compute.
  public init(
    _ pass: Pass, optimizer: OptimizerConfiguration = .adam(), learningRate: Double = 1e-3,
    clipNorm: Double? = 1, clipValue: Double? = nil, averageDecay: Double? = nil, seed: UInt64 = 1,
    team: ThreadTeam
  ) {
    self.pass = pass
    self.optimizer = Optimizer(optimizer, parameterCount: pass.parameters.count)
    average = averageDecay.map { WeightAverage(of: pass.parameters, decay: $0) }
    self.learningRate = learningRate
    self.clipNorm = clipNorm
    self.clipValue = clipValue
    dropout = RandomStream(seed: seed, name: "dropout")
    dropoutBefore = dropout
    clipping = GradientClipping(pass.gradients, team: team)
    self.team = team
  }

  /// One update for each batch.
  /// - Returns: the loss of all batches, each under the weights before its update.
  /// - Throws: `TrainingError.diverged` if a loss or a gradient is not a number. The weights are then as before the
  ///   update, and so is the stream that decides what is dropped; no state is carried on. With a lower `learningRate` the
  ///   learner can continue.
  @discardableResult
  public func learn(_ batches: some Sequence<Pass.Batch>) throws(TrainingError) -> LossSum {
    var total = LossSum()
    for batch in batches {
      total += try add(batch)
      try update()
    }
    return total
  }

  /// One update from a batch.
  /// - Returns: the loss of the batch under the weights before the update.
  /// - Throws: `TrainingError.diverged`.
  @discardableResult
  public func learn(_ batch: Pass.Batch) throws(TrainingError) -> LossSum {
    let loss = try add(batch)
    try update()
    return loss
  }

  /// Adds the gradient of a batch to those since the last update, so that several batches make one update: that of a
  /// larger batch which has them side by side.
  /// - Throws: `TrainingError.diverged`.
  @discardableResult
  public func add(_ batch: Pass.Batch) throws(TrainingError) -> LossSum {
    // The pass adds the gradient of the batch's mean. What is there already is brought to the same measure before: the
    // gradient of a sum, divided by this batch's weight.
    let batchWeight = pass.targetWeight(of: batch)
    if weight > 0, batchWeight > 0, batchWeight != lastWeight {
      clipping.scale(by: Float(lastWeight / batchWeight))
    }
    if weight == 0 { dropoutBefore = dropout }
    let loss = pass.train(batch, accumulating: weight > 0, dropout: &dropout)
    guard loss.sum.isFinite else { throw diverged("the loss") }
    if batchWeight > 0 { lastWeight = batchWeight }
    weight += batchWeight
    return loss
  }

  /// Forgets the gradients that were added since the last update.
  public func discard() { weight = 0 }

  /// Updates the weights by the gradients that were added since the last update.
  /// - Throws: `TrainingError.diverged`.
  public func update() throws(TrainingError) {
    if weight > 0, weight != lastWeight { clipping.scale(by: Float(lastWeight / weight)) }
    weight = 0
    let norm = try clip()
    gradientNorm = Double(norm)
    optimizer.update(pass.parameters, gradients: pass.gradients, learningRate: learningRate, team: team)
    average?.update(from: pass.parameters, team: team)
    pass.parametersDidChange()
  }

  /// The loss of batches without learning from them, under the average of the weights where one is kept.
  public func loss(on batches: some Sequence<Pass.Batch>) -> LossSum {
    let carried = pass.carriedState
    exchangeAverage()
    defer {
      exchangeAverage()
      pass.carriedState = carried
    }
    return batches.reduce(into: LossSum()) { $0 += pass.evaluate($1) }
  }

  /// Puts the average of the weights in their place, or takes it back, where one is kept.
  public func exchangeAverage() {
    guard let average else { return }
    average.swap(with: pass.parameters)
    pass.parametersDidChange()
  }

  /// - Returns: the gradients' norm before they were clipped.
  private func clip() throws(TrainingError) -> Float {
    let norm: Float
    if let clipValue {
      // Measured before, since clipping would hide an infinite gradient.
      norm = clipping.norm
      guard norm.isFinite else { throw diverged("the gradient") }
      clipping.clip(toMagnitude: Float(clipValue))
      if let clipNorm { clipping.clip(toGlobalNorm: Float(clipNorm)) }
    } else {
      norm = clipNorm.map { clipping.clip(toGlobalNorm: Float($0)) } ?? clipping.norm
      guard norm.isFinite else { throw diverged("the gradient") }
    }
    return norm
  }

  /// Undoes the batches of the update that is being made, where one of its numbers is none.
  /// - Returns: the diagnosis.
  private func diverged(_ quantity: String) -> TrainingError {
    weight = 0
    dropout = dropoutBefore
    // What it was before is gone, and what it is now may be no number.
    pass.clearCarriedState()
    return .diverged(
      step: optimizer.stepCount + 1, quantity: quantity,
      remedies: TrainingError.remediesOfDivergence(
        learningRate: learningRate, clipNorm: clipNorm, clipValue: clipValue))
  }
}

extension Learner where Pass == NetworkPass {
  /// A learner of a network on the batches that `batches` makes; everything else as in `init(_:optimizer:…)`.
  public convenience init(
    _ network: Network, on batches: SequenceBatches, optimizer: OptimizerConfiguration = .adam(),
    learningRate: Double = 1e-3, clipNorm: Double? = 1, seed: UInt64 = 1, team: ThreadTeam = ThreadTeam()
  ) {
    self.init(
      NetworkPass(network: network, batches: batches, team: team), optimizer: optimizer,
      learningRate: learningRate, clipNorm: clipNorm, seed: seed, team: team)
  }
}
