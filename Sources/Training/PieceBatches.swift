internal import Groundwork
public import Recurrent
internal import Synchronization

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

  /// A piece in its stream: the steps at which it gives its ids to the network, all but its last.
  private struct Segment {
    var steps: Range<Int>
    var piece: Int
  }

  private let pieces: PieceIDs
  private let streams: [[Segment]]
  private let context: (any ContextSource)?
  private let cursors: Cursors

  /// How far the context of each stream was read: it goes on from window to window, and is read again from the beginning of
  /// a piece where windows are filled in another order.
  private final class Cursors: Sendable {
    let streams: Mutex<[ContextCursor]>

    init(_ streams: [ContextCursor]) { self.streams = Mutex(streams) }
  }

  /// Lays out `pieces`, each of which begins with an id that is given and never predicted. Pieces with fewer than two
  /// ids predict nothing and are left out.
  /// - Parameters:
  ///   - pieces: The pieces.
  ///   - batchSize: How many streams run side by side.
  ///   - truncationLength: How many steps a window has.
  ///   - context: What the network is told beside the ids, where it is told anything.
  public init(
    pieces: PieceIDs, batchSize: Int, truncationLength: Int, context: (any ContextSource)? = nil
  ) {
    precondition(
      batchSize > 0 && truncationLength > 0,
      "a window of \(truncationLength) steps and \(batchSize) streams is empty")
    self.batchSize = batchSize
    self.truncationLength = truncationLength
    self.pieces = pieces
    self.context = context
    cursors = Cursors(context.map { [ContextCursor](repeating: ContextCursor($0), count: batchSize) } ?? [])
    let longestFirst = (0..<pieces.count).filter { pieces.tokenCount(ofPiece: $0) > 1 }.sorted {
      (pieces.tokenCount(ofPiece: $1), $0) < (pieces.tokenCount(ofPiece: $0), $1)
    }
    var streams = [[Segment]](repeating: [], count: batchSize)
    var lengths = [Int](repeating: 0, count: batchSize)
    for piece in longestFirst {
      var shortest = 0
      for stream in 1..<max(batchSize, 1) where lengths[stream] < lengths[shortest] { shortest = stream }
      let start = lengths[shortest]
      lengths[shortest] += pieces.tokenCount(ofPiece: piece) - 1
      streams[shortest].append(Segment(steps: start..<lengths[shortest], piece: piece))
    }
    self.streams = streams
    predictionCount = lengths.reduce(0, +)
    batchCount = ((lengths.max() ?? 0) + truncationLength - 1) / truncationLength
  }

  /// A window in which nothing is predicted yet.
  public func makeBatch() -> TokenBatch {
    TokenBatch(
      batchSize: batchSize, truncationLength: truncationLength, contextCount: context?.featureCount ?? 0)
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
      for segment in segments[segments.partitioningIndex { $0.steps.upperBound > window.lowerBound }...] {
        guard segment.steps.lowerBound < window.upperBound else { break }
        let ids = pieces[segment.piece]
        for step in segment.steps.clamped(to: window) {
          let element = (step - window.lowerBound) * batchSize + stream
          let position = step - segment.steps.lowerBound
          batch.inputs[element] = ids[position]
          batch.targets[element] = ids[position + 1]
          batch.resets[element] = position == 0
        }
      }
    }
    if context != nil { cursors.streams.withLock { fillContexts(of: &batch, in: window, by: &$0) } }
  }

  /// Fills in what the network is told beside the ids of a window.
  private func fillContexts(
    of batch: inout TokenBatch, in window: Range<Int>, by cursors: inout [ContextCursor]
  ) {
    for (stream, segments) in streams.enumerated() {
      for segment in segments[segments.partitioningIndex { $0.steps.upperBound > window.lowerBound }...] {
        guard segment.steps.lowerBound < window.upperBound else { break }
        let ids = pieces[segment.piece], steps = segment.steps.clamped(to: window)
        cursors[stream].seek(
          piece: segment.piece, position: steps.lowerBound - segment.steps.lowerBound,
          reader: { context?.makeReader(ofPiece: segment.piece, ids: ids) }, id: { ids[$0] })
        for step in steps {
          batch.setContext(
            ofElement: (step - window.lowerBound) * batchSize + stream,
            to: cursors[stream].read(ids[step - segment.steps.lowerBound]))
        }
      }
    }
  }

  /// Whole pieces, spread evenly over all, as many as fill that many windows. Where already one piece for each stream fills more,
  /// the first windows hold the beginnings of all.
  public func sample(batchCount: Int) -> PieceBatches {
    guard batchCount < self.batchCount else { return self }
    var wanted = max(1, batchCount) * batchSize * truncationLength
    while true {
      let chosen = pieces.sample(predictionCount: wanted, pieceCount: batchSize)
      let part = PieceBatches(
        pieces: chosen, batchSize: batchSize, truncationLength: truncationLength, context: context)
      // Pieces are of different lengths: where they leave streams idle, fewer of them fill the windows.
      if part.batchCount <= batchCount || chosen.count <= batchSize { return part }
      wanted = wanted * 3 / 4
    }
  }
}
