internal import Arithmetic

/// Inverted dropout: a number stays with probability 1 − p, divided by it, or becomes 0. The choice is a function of a
/// place in a random stream, so that the backward pass makes it again instead of remembering it.
struct Dropout {
  let probability: Double
  private let key: UInt64
  private let counter: UInt64

  /// A dropout of `count` numbers, whose chance is taken from `random`.
  init(probability: Double, count: Int, random: inout RandomStream) {
    self.probability = probability
    key = random.key
    counter = random.reserveBlocks((count + 7) / 8)
  }

  /// Drops from `values`; applied to the gradient it is the backward pass.
  func apply(to values: UnsafeMutablePointer<Float>, count: Int, team: ThreadTeam) {
    guard probability > 0 else { return }
    team.run { thread in
      let part = team.share(of: count, unit: 8, threadIndex: thread)
      Kernels.current.dropOut(
        values + part.lowerBound, count: part.count, probability: probability, key: key, counter: counter,
        first: part.lowerBound)
    }
  }
}
