import Recurrent
import Testing
import Training

@Suite struct PieceBatchesTests {
  /// What the windows say, put together again: for each piece's beginning the ids given and those predicted.
  private func pairs(of batches: PieceBatches) -> [[(given: Int32, predicted: Int32)]] {
    var batch = TokenBatch(batchSize: batches.batchSize, truncationLength: batches.truncationLength)
    var streams = [[[(given: Int32, predicted: Int32)]]](repeating: [], count: batches.batchSize)
    for window in 0..<batches.batchCount {
      batches.fill(&batch, index: window)
      for step in 0..<batch.truncationLength {
        for stream in 0..<batch.batchSize {
          let element = step * batch.batchSize + stream
          guard batch.targets[element] >= 0 else { continue }
          if batch.resets[element] { streams[stream].append([]) }
          streams[stream][streams[stream].count - 1].append((batch.inputs[element], batch.targets[element]))
        }
      }
    }
    return streams.flatMap { $0 }
  }

  @Test("A sample fills as many windows as it is set to", arguments: [1, 2, 7, 40, 10_000])
  func aSampleFillsAsManyWindows(count: Int) {
    let pieces = (0..<300).map { piece in (0..<(5 + piece % 30)).map { Int32(3 + $0) } }
    let all = PieceBatches(pieces: PieceIDs(pieces), batchSize: 3, truncationLength: 16)
    let sample = all.sample(batchCount: count)
    #expect(sample.batchCount <= max(count, 3) && sample.batchCount >= min(all.batchCount, count / 2))
    // All streams are used, be it by the beginnings of longer pieces.
    var batch = sample.makeBatch()
    sample.fill(&batch, index: 0)
    #expect((0..<3).allSatisfy { batch.resets[$0] })
    #expect(sample.predictionCount == all.sample(batchCount: count).predictionCount)
    #expect(count < all.batchCount || sample.predictionCount == all.predictionCount)
  }

  @Test("Every id but a piece's first is predicted once", arguments: [1, 2, 3, 7], [1, 2, 5, 64])
  func everyIdButAPiecesFirstIsPredictedOnce(batchSize: Int, truncationLength: Int) {
    // Piece p has the ids 100 p, 100 p + 1, …; lengths from 0 to 12.
    let pieces = (0...12).map { length in (0..<length).map { Int32(100 * length + $0) } }
    let batches = PieceBatches(
      pieces: PieceIDs(pieces), batchSize: batchSize, truncationLength: truncationLength)
    let expected = pieces.filter { $0.count > 1 }
    #expect(batches.predictionCount == expected.map { $0.count - 1 }.reduce(0, +))
    let found = pairs(of: batches).sorted { $0[0].given < $1[0].given }
    #expect(found.map { $0.map(\.given) } == expected.map { Array($0.dropLast()) })
    #expect(found.map { $0.map(\.predicted) } == expected.map { Array($0.dropFirst()) })
  }

  @Test("Streams end close together") func streamsEndCloseTogether() {
    let pieces = [90, 10, 10, 10, 30, 30].map { [Int32](repeating: 5, count: $0 + 1) }
    let batches = PieceBatches(pieces: PieceIDs(pieces), batchSize: 2, truncationLength: 10)
    // 180 predictions in two streams of 90: nine windows, none padded.
    #expect(batches.batchCount == 9)
  }

  @Test("Nothing to predict is no window") func nothingToPredictIsNoWindow() {
    let batches = PieceBatches(pieces: PieceIDs([[], [1]]), batchSize: 2, truncationLength: 4)
    #expect(batches.predictionCount == 0)
    #expect(batches.batchCount == 0)
  }
}
