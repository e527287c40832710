internal import Arithmetic
public import Recurrent

/// Measurements inside a network at a validation, always on the first validation batch.
public struct Inspection: Codable, Hashable, Sendable {
  /// A tensor of weights.
  public struct Tensor: Codable, Hashable, Sendable {
    /// Its name, such as `rnn.weight_hh_l0`.
    public var name: String
    /// The norm of the gradient of the batch's mean loss, ‖g‖, before clipping.
    public var gradientNorm: Float
    /// How far an update by that gradient would move it, in terms of itself: ‖Δw‖ / ‖w‖. About 0.001 is healthy; nil
    /// where all its weights are 0.
    public var updateRatio: Float?

    /// The measurements of a tensor.
    public init(name: String, gradientNorm: Float, updateRatio: Float?) {
      self.name = name
      self.gradientNorm = gradientNorm
      self.updateRatio = updateRatio
    }
  }

  /// The tensors in the order of the weights.
  public var tensors: [Tensor]
  /// How far gradients reach back, where that can be seen.
  public var lags: GradientLags?
  /// The saturation of the gates.
  public var gates: [GateSaturation]

  /// The measurements.
  public init(tensors: [Tensor], lags: GradientLags? = nil, gates: [GateSaturation] = []) {
    self.tensors = tensors
    self.lags = lags
    self.gates = gates
  }
}

extension TrainingRun {
  /// Looks inside the network, and leaves no trace: batch and dropout are always the same, so that a run that is resumed
  /// sees what it would have seen. Nil if a gradient is no number.
  func inspect() -> Inspection? {
    let carried = pass.carriedState
    defer { learner.pass.carriedState = carried }
    validation.fill(&validationBatch, index: 0)
    var dropout = RandomStream(seed: configuration.seed, name: "inspection")
    _ = pass.train(validationBatch, accumulating: false, dropout: &dropout)
    let gradientNorms = norms(of: pass.gradients), weightNorms = norms(of: pass.parameters.values)
    if let limit = configuration.clipValue { learner.clipping.clip(toMagnitude: Float(limit)) }
    if let limit = configuration.clipNorm { learner.clipping.clip(toGlobalNorm: Float(limit)) }
    let updateNorms = learner.optimizer.updateNorms(
      pass.parameters, gradients: pass.gradients, learningRate: state.learningRate)
    let tensors = pass.parameters.entries.indices.map { index in
      Inspection.Tensor(
        name: pass.parameters.entries[index].name, gradientNorm: Float(gradientNorms[index]),
        updateRatio: weightNorms[index] > 0 ? Float(updateNorms[index] / weightNorms[index]) : nil)
    }
    let inside = pass.inspect(validationBatch)
    // A norm may be finite and still be more than a `Float` holds.
    let reach = inside?.lags?.norms.flatMap(\.self) ?? []
    let seen = tensors.flatMap { [$0.gradientNorm, $0.updateRatio ?? 0] } + reach
    guard (gradientNorms + weightNorms + updateNorms).allSatisfy(\.isFinite), seen.allSatisfy(\.isFinite)
    else { return nil }
    return Inspection(tensors: tensors, lags: inside?.lags, gates: inside?.gates ?? [])
  }

  /// The norm of each tensor's part of a buffer.
  private func norms(of values: AlignedBuffer<Float>) -> [Double] {
    pass.parameters.entries.map {
      Kernels.current.sumOfSquares(values.baseAddress + $0.range.lowerBound, count: $0.range.count)
        .squareRoot()
    }
  }
}
