internal import Arithmetic

/// Inverted dropout of a layer's recurrent weights (DropConnect on W_h, Merity et al. 2018): a weight stays for a whole batch
/// with probability 1 − p, divided by it, or is 0. The choice is a function of a place in a random stream, so that the weights'
/// gradients are dropped in the same places without a mask.
struct WeightDropout {
  let probability: Double
  private let key: UInt64
  private let counter: UInt64

  /// A choice for `count` weights that is drawn from `random`.
  init(probability: Double, count: Int, random: inout RandomStream) {
    self.probability = probability
    key = random.key
    counter = random.reserveBlocks((count + 7) / 8)
  }

  /// Drops from all weights, or from their gradients.
  func apply(to values: AlignedBuffer<Float>) {
    Kernels.current.dropOut(
      values.baseAddress, count: values.count, probability: probability, key: key, counter: counter, first: 0)
  }
}
