public import Recurrent

/// Pieces laid out for evaluation: each is read from a zero state, several side by side, and each id but a piece's
/// first is predicted exactly once.
///
/// Pieces follow one another in `B` streams, the longest first, each to the stream that is shortest so far, so that
/// the streams end close together. Because the state is cleared where a piece begins, the loss is that of one piece
/// after the other.
public struct PieceBatches: ValidationBatches, Sendable {
  /// How many streams run side by side, `B`.
  public let batchSize: Int
  /// How many steps a window has, `T`.
  public let truncationLength: Int
  /// How many ids are predicted in all.
  public let predictionCount: Int
  /// How many windows there are.
  public let batchCount: Int

  private struct Segment {
    var start: Int
    var piece: [Int32]
    /// How many ids the piece gives to the network: all but its last.
    var stepCount: Int { piece.count - 1 }
  }

  private let streams: [[Segment]]

  /// Lays out `pieces`, each of which begins with an id that is given and never predicted. Pieces with fewer than two
  /// ids predict nothing and are left out.
  public init(pieces: [[Int32]], batchSize: Int, truncationLength: Int) {
    precondition(
      batchSize > 0 && truncationLength > 0,
      "a window of \(truncationLength) steps and \(batchSize) streams is empty")
    self.batchSize = batchSize
    self.truncationLength = truncationLength
    let usable = pieces.filter { $0.count > 1 }
    let longestFirst = usable.indices.sorted {
      (usable[$1].count, $0) < (usable[$0].count, $1)
    }
    var streams = [[Segment]](repeating: [], count: batchSize)
    var lengths = [Int](repeating: 0, count: batchSize)
    for index in longestFirst {
      var shortest = 0
      for stream in 1..<max(batchSize, 1) where lengths[stream] < lengths[shortest] { shortest = stream }
      let segment = Segment(start: lengths[shortest], piece: usable[index])
      lengths[shortest] += segment.stepCount
      streams[shortest].append(segment)
    }
    self.streams = streams
    predictionCount = lengths.reduce(0, +)
    batchCount = ((lengths.max() ?? 0) + truncationLength - 1) / truncationLength
  }

  /// A window in which nothing is predicted yet.
  public func makeBatch() -> TokenBatch {
    TokenBatch(batchSize: batchSize, truncationLength: truncationLength)
  }

  /// Fills `batch` with window `index`; windows are to be read in order, since each carries on the states of the last.
  public func fill(_ batch: inout TokenBatch, index: Int) {
    precondition(
      batch.batchSize == batchSize && batch.truncationLength == truncationLength,
      "a window of \(batch.truncationLength) × \(batch.batchSize) cannot hold one of \(truncationLength) × \(batchSize)"
    )
    batch.clear()
    let window = index * truncationLength..<(index + 1) * truncationLength
    for (stream, segments) in streams.enumerated() {
      for segment in segments where segment.start < window.upperBound {
        let steps = segment.start..<segment.start + segment.stepCount
        for step in steps.clamped(to: window) {
          let element = (step - window.lowerBound) * batchSize + stream
          let position = step - segment.start
          batch.inputs[element] = segment.piece[position]
          batch.targets[element] = segment.piece[position + 1]
          batch.resets[element] = position == 0
        }
      }
    }
  }
}
