internal import Arithmetic

/// Sequences of any lengths in any order, and where they are in a packed batch, whose streams are sorted by length.
///
/// There are two orders of the same rows: packed, step by step, in which recurrent layers run; and by sequence, one behind
/// the other, in which attention and the losses do.
struct PackedOrder: Sendable, Hashable {
  /// The packed order.
  let layout: StepLayout
  /// The stream that each sequence is.
  let streams: [Int]
  /// Where each sequence begins in the order by sequence, and where the last ends.
  let offsets: [Int]
  /// For each row in the order by sequence its place in the packed order.
  let packedRows: [Int]

  /// Sequences of these lengths, each at least 1. Those of one length keep their order.
  init(lengths: [Int]) {
    let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
    let layout = StepLayout(lengths: order.map { lengths[$0] })
    var streams = [Int](repeating: 0, count: lengths.count)
    for (stream, sequence) in order.enumerated() { streams[sequence] = stream }
    self.layout = layout
    self.streams = streams
    offsets = AttentionLayout.offsets(lengths)
    packedRows = lengths.indices.flatMap { sequence in
      (0..<lengths[sequence]).map { layout.offsets[$0] + streams[sequence] }
    }
  }

  /// Copies packed rows of `width` numbers to the order by sequence, `stride` apart.
  func gather(
    _ packed: UnsafePointer<Float>, width: Int, into rows: UnsafeMutablePointer<Float>, stride: Int,
    team: ThreadTeam
  ) {
    team.run { thread in
      for row in team.share(of: packedRows.count, threadIndex: thread) {
        (rows + row * stride).update(from: packed + packedRows[row] * width, count: width)
      }
    }
  }

  /// Copies rows of `width` numbers, `stride` apart, to the packed order.
  func scatter(
    _ rows: UnsafePointer<Float>, width: Int, stride: Int, into packed: UnsafeMutablePointer<Float>,
    team: ThreadTeam
  ) {
    team.run { thread in
      for row in team.share(of: packedRows.count, threadIndex: thread) {
        (packed + packedRows[row] * width).update(from: rows + row * stride, count: width)
      }
    }
  }
}
