public import Arithmetic

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Changes weights against their gradients, by the rule of its configuration and as PyTorch's optimizer of the same name
/// does.
///
/// What it keeps from one update to the next is in named buffers, so that a checkpoint can save and load it.
public final class Optimizer {
  /// A running value of every parameter, laid out as the parameters are.
  public struct StateBuffer: Sendable {
    /// What it is: `firstMoment`, `secondMoment`, `squareAverage`, `gradientAverage`, `momentum`.
    public let name: String
    /// The values, zero before the first update.
    public let values: AlignedBuffer<Float>
  }

  /// The rule and its constants.
  public let configuration: OptimizerConfiguration
  /// What is kept from one update to the next.
  public let stateBuffers: [StateBuffer]
  /// How many updates were made.
  public var stepCount = 0

  private let parameterCount: Int
  private let decays: @Sendable (ParameterStore.Entry) -> Bool

  /// An optimizer before its first update.
  /// - Parameters:
  ///   - configuration: its rule and its constants, which must be valid (`fault` is nil).
  ///   - parameterCount: how many parameters it will update.
  ///   - decays: which tensors the weight decay applies to; all by default, as in PyTorch.
  public init(
    _ configuration: OptimizerConfiguration, parameterCount: Int,
    decays: @escaping @Sendable (ParameterStore.Entry) -> Bool = { _ in true }
  ) {
    if let fault = configuration.fault {
      preconditionFailure("the optimizer's \(fault.name) is \(fault.value); expected \(fault.expected)")
    }
    self.configuration = configuration
    self.parameterCount = parameterCount
    self.decays = decays
    stateBuffers = configuration.stateNames.map {
      StateBuffer(name: $0, values: AlignedBuffer(count: parameterCount))
    }
  }

  /// Changes the parameters by one step against the gradients. A pass over them must be notified.
  public func update(
    _ parameters: ParameterStore, gradients: AlignedBuffer<Float>, learningRate: Double, team: ThreadTeam
  ) {
    precondition(
      parameters.count == parameterCount && gradients.count == parameterCount,
      "\(parameters.count) parameters and \(gradients.count) gradients for an optimizer of \(parameterCount)")
    stepCount += 1
    let state = StatePointers(stateBuffers)
    team.run { thread in
      for entry in parameters.entries {
        let part = team.share(of: entry.range.count, unit: 16, threadIndex: thread)
        guard !part.isEmpty else { continue }
        let first = entry.range.lowerBound + part.lowerBound
        apply(
          step: stepCount, learningRate: learningRate, weightDecay: weightDecay(of: entry), count: part.count,
          gradients: gradients.baseAddress + first, parameters: parameters.values.baseAddress + first,
          state: state.advanced(by: first))
      }
    }
  }

  /// How far one more update would move each tensor: the norm of its change, ‖Δw‖. Nothing is changed.
  public func updateNorms(
    _ parameters: ParameterStore, gradients: AlignedBuffer<Float>, learningRate: Double
  ) -> [Double] {
    let chunk = 16_384
    let moved = AlignedBuffer<Float>(count: chunk)
    let scratch = stateBuffers.map { StateBuffer(name: $0.name, values: AlignedBuffer(count: chunk)) }
    return parameters.entries.map { entry in
      var squares = 0.0
      for first in stride(from: entry.range.lowerBound, to: entry.range.upperBound, by: chunk) {
        let count = min(chunk, entry.range.upperBound - first)
        let weights = parameters.values.baseAddress + first
        moved.baseAddress.update(from: weights, count: count)
        for (copy, buffer) in zip(scratch, stateBuffers) {
          copy.values.baseAddress.update(from: buffer.values.baseAddress + first, count: count)
        }
        apply(
          step: stepCount + 1, learningRate: learningRate, weightDecay: weightDecay(of: entry), count: count,
          gradients: gradients.baseAddress + first, parameters: moved.baseAddress,
          state: StatePointers(scratch))
        for index in 0..<count {
          let change = Double(moved.baseAddress[index]) - Double(weights[index])
          squares += change * change
        }
      }
      return squares.squareRoot()
    }
  }

  private func weightDecay(of entry: ParameterStore.Entry) -> Double {
    decays(entry) ? configuration.weightDecay : 0
  }

  /// Update number `step` of `count` parameters that lie one after the other.
  private func apply(
    step: Int, learningRate: Double, weightDecay: Double, count: Int, gradients: UnsafePointer<Float>,
    parameters: UnsafeMutablePointer<Float>, state: StatePointers
  ) {
    switch configuration.rule {
    case .sgd(let momentum, let isNesterov):
      Kernels.current.descend(
        count: count, penalty: Float(weightDecay), rate: Float(learningRate), momentum: Float(momentum),
        isNesterov: isNesterov, gradients: gradients, parameters: parameters, velocity: state.first)
    case .rmsprop(let smoothing, let epsilon, _, let isCentered):
      guard let squares = state.first else { return }
      Kernels.current.rmsprop(
        count: count, penalty: Float(weightDecay), rate: Float(learningRate), smoothing: smoothing,
        epsilon: Float(epsilon), momentum: Float(configuration.momentum ?? 0), gradients: gradients,
        parameters: parameters, squares: squares, means: isCentered ? state.second : nil,
        velocity: isCentered ? state.third : state.second)
    case .adam(let beta1, let beta2, let epsilon), .adamw(let beta1, let beta2, let epsilon):
      guard let first = state.first, let second = state.second else { return }
      let isDecoupled = configuration.name == .adamw
      Kernels.current.adam(
        count: count, decay: Float(isDecoupled ? 1 - learningRate * weightDecay : 1),
        penalty: Float(isDecoupled ? 0 : weightDecay), beta1: beta1, beta2: beta2,
        step: Float(learningRate / (1 - pow(beta1, Double(step)))),
        secondCorrection: Float(1 / (1 - pow(beta2, Double(step))).squareRoot()), epsilon: Float(epsilon),
        gradients: gradients, parameters: parameters, first: first, second: second)
    }
  }
}

extension OptimizerConfiguration {
  /// What the rule keeps of every parameter, in the order of `Optimizer.stateBuffers`.
  var stateNames: [String] {
    switch rule {
    case .sgd(let momentum, _): momentum > 0 ? ["momentum"] : []
    case .rmsprop(_, _, let momentum, let isCentered):
      ["squareAverage"] + (isCentered ? ["gradientAverage"] : []) + (momentum > 0 ? ["momentum"] : [])
    case .adam, .adamw: ["firstMoment", "secondMoment"]
    }
  }

  /// How many values an optimizer of this configuration keeps of every parameter.
  public var stateCount: Int { stateNames.count }
}

/// The state of some parameters; nil for what the rule does not have.
private struct StatePointers {
  var first: UnsafeMutablePointer<Float>?
  var second: UnsafeMutablePointer<Float>?
  var third: UnsafeMutablePointer<Float>?

  init(_ buffers: [Optimizer.StateBuffer]) {
    first = buffers.isEmpty ? nil : buffers[0].values.baseAddress
    second = buffers.count < 2 ? nil : buffers[1].values.baseAddress
    third = buffers.count < 3 ? nil : buffers[2].values.baseAddress
  }

  func advanced(by offset: Int) -> Self {
    var result = self
    result.first = first.map { $0 + offset }
    result.second = second.map { $0 + offset }
    result.third = third.map { $0 + offset }
    return result
  }
}
