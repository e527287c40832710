internal import Arithmetic
public import Music
package import Recurrent
internal import Tokenization
internal import Training

/// How a network goes on learning from the piece that it reads (dynamic evaluation, Krause et al. 2018): after each window
/// of ids that it has predicted, its weights move against the gradient of the window's mean loss and a little back to what
/// they were trained to be,
///
///     θ ← θ − η g + λ (θ_0 − θ).
///
/// So what a piece does again and again becomes more probable in its own continuation.
public struct DynamicEvaluation: Codable, Hashable, Sendable {
  /// η, the learning rate, above 0 and at most 1000.
  public var learningRate: Double
  /// λ, how much of the distance to the trained weights each update takes back, 0 ... 1.
  public var decay: Double
  /// How many ids are predicted between two updates, at least 1.
  public var windowLength: Int
  /// The largest norm that a gradient keeps, above 0.
  public var clipNorm: Double

  /// Settings, by default cautious ones.
  public init(
    learningRate: Double = 0.05, decay: Double = 0.002, windowLength: Int = 16, clipNorm: Double = 1
  ) {
    self.learningRate = learningRate
    self.decay = decay
    self.windowLength = windowLength
    self.clipNorm = clipNorm
  }

  /// Checks every setting.
  /// - Throws: `ComposingError.invalidOption`.
  public func validate() throws(ComposingError) {
    try requireOption(
      learningRate > 0 && learningRate <= 1000, "learningRate", learningRate, "a number above 0, up to 1000")
    try requireOption((0...1).contains(decay), "decay", decay, "a number from 0 to 1")
    try requireOption(
      (1...65_536).contains(windowLength), "windowLength", windowLength, "1 to 65,536 ids")
    try requireOption(clipNorm > 0, "clipNorm", clipNorm, "a number above 0")
  }
}

extension MusicModel {
  /// The model after it has gone on learning from a piece, such as the primer that it is to continue; this one stays as it is.
  ///
  ///     let composer = try Composer(model: model.adapted(to: primer))
  ///     let piece = try composer.compose(CompositionOptions(seed: 1, primer: primer))
  /// - Parameters:
  ///   - score: The piece.
  ///   - settings: How it learns.
  ///   - threadCount: How many threads compute; the result does not depend on it.
  /// - Throws: `ComposingError`: an invalid setting, a network that is no language model, a score that the tokenizer cannot
  ///   express, weights that are no numbers any more.
  public func adapted(
    to score: Score, by settings: DynamicEvaluation = DynamicEvaluation(), threadCount: Int = 1
  ) throws(ComposingError) -> MusicModel {
    let ids: [Int32]
    do { ids = try tokenizer.encode(score).ids } catch { throw .unusablePrimer(reason: error.message) }
    // That the piece ends here is not to be learned: it is to be continued.
    let open = ids.last == tokenizer.vocabulary.roles.end ? Array(ids.dropLast()) : ids
    return try adapted(toIDs: open, by: settings, threadCount: threadCount).model
  }

  /// The same of ids.
  /// - Returns: the model, and the loss of the ids, each predicted before the weights had learned from it.
  package func adapted(
    toIDs ids: [Int32], by settings: DynamicEvaluation, threadCount: Int = 1
  ) throws(ComposingError) -> (model: MusicModel, loss: LossSum) {
    try settings.validate()
    let trained = try network, network = trained.copy()
    let team = ThreadTeam(threadCount: threadCount), length = settings.windowLength
    let pass = LanguageModelPass(network: network, batchSize: 1, truncationLength: length, team: team)
    if !initialState.isEmpty {
      pass.setInitialState(initialState)
      pass.clearCarriedState()
    }
    let clipping = GradientClipping(pass.gradients, team: team)
    var context = tokenizer.makeContext()
    var features = [Int32](repeating: -1, count: tokenizer.contextFeatures.count)
    var batch = TokenBatch(batchSize: 1, truncationLength: length, contextCount: features.count)
    var total = LossSum()
    for start in stride(from: 0, to: ids.count - 1, by: length) {
      batch.clear()
      for step in 0..<min(length, ids.count - 1 - start) {
        batch.inputs[step] = ids[start + step]
        batch.targets[step] = ids[start + step + 1]
        batch.resets[step] = start + step == 0
        context?.advance(ids[start + step])
        context?.write(into: &features)
        batch.setContext(ofElement: step, to: features)
      }
      // Nothing is dropped, as when composing.
      let loss = pass.trainWithoutDropout(batch)
      guard loss.sum.isFinite, clipping.clip(toGlobalNorm: Float(settings.clipNorm)).isFinite else {
        throw .brokenWeights(path: folder?.training.weightsPath)
      }
      total += loss
      move(network.parameters, against: pass.gradients, from: trained.parameters, settings)
      pass.parametersDidChange()
    }
    var model = MusicModel(
      tokenizer: tokenizer, network: .network(network), folder: folder, description: description)
    model.initialState = initialState
    return (model, total)
  }

  private func move(
    _ parameters: ParameterStore, against gradients: AlignedBuffer<Float>, from trained: ParameterStore,
    _ settings: DynamicEvaluation
  ) {
    let (values, origin, gradient) = (
      parameters.values.baseAddress, trained.values.baseAddress, gradients.baseAddress
    )
    let (rate, decay) = (Float(settings.learningRate), Float(settings.decay))
    for index in 0..<parameters.count {
      values[index] += decay * (origin[index] - values[index]) - rate * gradient[index]
    }
  }
}
