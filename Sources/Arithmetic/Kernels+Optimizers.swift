internal import CKernels

// The updates of weights. The C structures' fields are arguments here; `CKernels.h` documents each.
extension Kernels {
  /// One update by Adam or AdamW; the moments are laid out as the parameters are.
  package func adam(
    count: Int, decay: Float, penalty: Float, beta1: Double, beta2: Double, step: Float,
    secondCorrection: Float, epsilon: Float, gradients: UnsafePointer<Float>,
    parameters: UnsafeMutablePointer<Float>, first: UnsafeMutablePointer<Float>,
    second: UnsafeMutablePointer<Float>
  ) {
    let constants = gruppetto_adam_step(
      decay: decay, penalty: penalty, beta1: Float(beta1), beta2: Float(beta2),
      new1: Float(1 - beta1), new2: Float(1 - beta2), step: step,
      second_correction: secondCorrection, epsilon: epsilon)
    table.pointee.adam(count, constants, gradients, parameters, first, second)
  }

  /// One update by gradient descent; without momentum there is no velocity.
  package func descend(
    count: Int, penalty: Float, rate: Float, momentum: Float, isNesterov: Bool,
    gradients: UnsafePointer<Float>, parameters: UnsafeMutablePointer<Float>,
    velocity: UnsafeMutablePointer<Float>?
  ) {
    let constants = gruppetto_descent_step(
      penalty: penalty, rate: rate, momentum: momentum, is_nesterov: isNesterov ? 1 : 0)
    table.pointee.descend(count, constants, gradients, parameters, velocity)
  }

  /// One update by RMSProp; `means` only where it is centered, `velocity` only with momentum.
  package func rmsprop(
    count: Int, penalty: Float, rate: Float, smoothing: Double, epsilon: Float, momentum: Float,
    gradients: UnsafePointer<Float>, parameters: UnsafeMutablePointer<Float>,
    squares: UnsafeMutablePointer<Float>, means: UnsafeMutablePointer<Float>?,
    velocity: UnsafeMutablePointer<Float>?
  ) {
    let constants = gruppetto_rmsprop_step(
      penalty: penalty, rate: rate, smoothing: Float(smoothing), added: Float(1 - smoothing),
      epsilon: epsilon, momentum: momentum)
    table.pointee.rmsprop(count, constants, gradients, parameters, squares, means, velocity)
  }

  /// Brings every element into −`limit` ... `limit`; one that is no number stays.
  package func clamp(_ x: UnsafeMutablePointer<Float>, to limit: Float, count: Int) {
    table.pointee.clamp(count, limit, x)
  }

  /// Moves every element by `share` of its distance towards its `target`.
  package func approach(
    _ x: UnsafeMutablePointer<Float>, towards target: UnsafePointer<Float>, share: Float, count: Int
  ) {
    table.pointee.approach(count, share, target, x)
  }
}
