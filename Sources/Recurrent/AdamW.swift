public import Arithmetic

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Adam with decoupled weight decay (Kingma & Ba 2015; Loshchilov & Hutter 2019), as PyTorch's `AdamW` computes it.
public final class AdamW {
  /// What does not change from step to step.
  public struct Configuration: Codable, Sendable, Hashable {
    /// How much of the first moment, the mean of the gradients, is kept.
    public var beta1: Double
    /// How much of the second moment, the mean of their squares, is kept.
    public var beta2: Double
    /// What is added to the root of the second moment.
    public var epsilon: Double
    /// The part of a weight that a step takes away, times the learning rate.
    public var weightDecay: Double

    /// PyTorch's defaults.
    public init(
      beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01
    ) {
      precondition(
        (0..<1).contains(beta1) && (0..<1).contains(beta2),
        "moments keep a part below 1, not \(beta1) and \(beta2)")
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.weightDecay = weightDecay
    }
  }

  /// What does not change from step to step.
  public let configuration: Configuration
  /// The first moments, laid out as the parameters are.
  public let firstMoments: AlignedBuffer<Float>
  /// The second moments, laid out as the parameters are.
  public let secondMoments: AlignedBuffer<Float>
  /// How many updates were made.
  public var stepCount = 0

  private let decays: @Sendable (ParameterStore.Entry) -> Bool

  /// An optimiser at its first step.
  /// - Parameters:
  ///   - parameterCount: how many parameters it will update.
  ///   - configuration: PyTorch's defaults unless told otherwise.
  ///   - decays: which tensors the weight decay applies to; all by default, as in PyTorch.
  public init(
    parameterCount: Int, configuration: Configuration = Configuration(),
    decays: @escaping @Sendable (ParameterStore.Entry) -> Bool = { _ in true }
  ) {
    self.configuration = configuration
    self.decays = decays
    firstMoments = AlignedBuffer(count: parameterCount)
    secondMoments = AlignedBuffer(count: parameterCount)
  }

  /// Changes the parameters by one step against the gradients. A `LanguageModelPass` over them must be told.
  public func update(
    _ parameters: ParameterStore, gradients: AlignedBuffer<Float>, learningRate: Double, team: ThreadTeam
  ) {
    precondition(
      parameters.count == firstMoments.count && gradients.count == firstMoments.count,
      "\(parameters.count) parameters and \(gradients.count) gradients for \(firstMoments.count) moments")
    stepCount += 1
    let beta1 = configuration.beta1, beta2 = configuration.beta2, epsilon = configuration.epsilon
    let step = learningRate / (1 - pow(beta1, Double(stepCount)))
    let secondCorrection = 1 / (1 - pow(beta2, Double(stepCount))).squareRoot()
    team.run { thread in
      for entry in parameters.entries {
        let part = team.share(of: entry.range.count, unit: 16, threadIndex: thread)
        guard !part.isEmpty else { continue }
        let first = entry.range.lowerBound + part.lowerBound
        Kernels.current.adamW(
          count: part.count, decay: Float(decays(entry) ? 1 - learningRate * configuration.weightDecay : 1),
          beta1: Float(beta1), beta2: Float(beta2), step: Float(step),
          secondCorrection: Float(secondCorrection),
          epsilon: Float(epsilon), gradients: gradients.baseAddress + first,
          parameters: parameters.values.baseAddress + first, first: firstMoments.baseAddress + first,
          second: secondMoments.baseAddress + first)
      }
    }
  }
}
