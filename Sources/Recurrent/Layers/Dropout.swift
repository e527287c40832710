package import Arithmetic

/// Inverted dropout on rows of W numbers: a number stays with probability 1 − p, divided by it, or becomes 0. The choice is
/// a function of a place in a random stream, so that the backward pass makes it again instead of remembering it.
package struct Dropout {
  package let probability: Double
  private let kind: DropoutKind
  private let width: Int
  private let key: UInt64
  private let counter: UInt64

  /// A dropout of the rows of a batch, whose masks are drawn from `random`.
  package init(
    probability: Double, kind: DropoutKind = .independent, width: Int, layout: StepLayout,
    random: inout RandomStream
  ) {
    self.probability = probability
    self.kind = kind
    self.width = width
    key = random.key
    let count = width * (kind == .locked ? layout.streamCount : layout.rowCount)
    counter = random.reserveBlocks((count + 7) / 8)
  }

  /// Drops from `values`, N × W; applied to the gradient it is the backward pass.
  package func apply(to values: UnsafeMutablePointer<Float>, layout: StepLayout, team: ThreadTeam) {
    guard probability > 0 else { return }
    switch kind {
    case .independent:
      let count = layout.rowCount * width
      team.run { thread in
        let part = team.share(of: count, unit: 8, threadIndex: thread)
        drop(values + part.lowerBound, count: part.count, first: part.lowerBound)
      }
    case .locked:
      team.run { thread in
        let rows = team.share(of: layout.rowCount, threadIndex: thread)
        for step in 0..<layout.stepCount {
          let first = layout.offsets[step]
          for row in rows.clamped(to: first..<layout.offsets[step + 1]) {
            drop(values + row * width, count: width, first: (row - first) * width)
          }
        }
      }
    }
  }

  private func drop(_ values: UnsafeMutablePointer<Float>, count: Int, first: Int) {
    Kernels.current.dropOut(
      values, count: count, probability: probability, key: key, counter: counter, first: first)
  }
}
