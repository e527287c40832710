public import Arithmetic

/// An exponential moving average of weights over the updates of a training (Polyak & Juditsky 1992): smoother than the
/// weights themselves, and as a rule a little better.
///
/// Update n keeps d = min(decay, (1 + n) / (10 + n)) of the average, so that the first weights are soon forgotten; as
/// TensorFlow's `ExponentialMovingAverage` with `num_updates` does.
public final class WeightAverage {
  /// How much of the average an update keeps in the long run, 0 ..< 1.
  public let decay: Double
  /// The average, laid out as the parameters are.
  public let values: AlignedBuffer<Float>
  /// How many updates went into it.
  public var updateCount = 0

  /// An average that begins with the weights as they are.
  public init(of parameters: ParameterStore, decay: Double) {
    precondition(decay >= 0 && decay < 1, "an average that keeps \(decay) of itself; expected 0 to below 1")
    self.decay = decay
    values = AlignedBuffer(count: parameters.count)
    values.update(from: parameters.values.elements)
  }

  /// Takes in the weights after an update.
  public func update(from parameters: ParameterStore, team: ThreadTeam) {
    updateCount += 1
    let kept = min(decay, Double(1 + updateCount) / Double(10 + updateCount))
    team.run { thread in
      let part = team.share(of: values.count, unit: 16, threadIndex: thread)
      guard !part.isEmpty else { return }
      Kernels.current.approach(
        values.baseAddress + part.lowerBound, towards: parameters.values.baseAddress + part.lowerBound,
        share: Float(1 - kept), count: part.count)
    }
  }

  /// Exchanges the average and the weights, so that the average can be tried out; a second call takes it back. A pass over
  /// the weights must be notified.
  public func swap(with parameters: ParameterStore) {
    let chunk = 4096
    withUnsafeTemporaryAllocation(of: Float.self, capacity: chunk) { scratch in
      guard let kept = scratch.baseAddress else { return }
      for first in stride(from: 0, to: values.count, by: chunk) {
        let count = min(chunk, values.count - first)
        let (average, weights) = (values.baseAddress + first, parameters.values.baseAddress + first)
        kept.update(from: average, count: count)
        average.update(from: weights, count: count)
        weights.update(from: kept, count: count)
      }
    }
  }
}
