import Recurrent
import Testing

@Suite struct TokenBatchTests {
  @Test(
    "Windows predict each id but the first once",
    arguments: [(2, 1, 1), (17, 3, 4), (18, 3, 4), (100, 8, 5), (9, 16, 4)])
  func windowsPredictEachIDButTheFirstOnce(count: Int, batchSize: Int, truncationLength: Int) {
    let ids = (0..<Int32(count)).map { $0 }
    let windows = TokenBatch.windows(of: ids, batchSize: batchSize, truncationLength: truncationLength)
    var predicted: [Int32] = []
    for stream in 0..<batchSize {
      // Over all windows a stream reads one part of the sequence, in order.
      var expected: Int32?
      for window in windows {
        for element in stride(from: stream, to: window.inputs.count, by: batchSize)
        where window.targets[element] >= 0 {
          #expect(window.targets[element] == window.inputs[element] + 1)
          #expect(window.resets[element] == (expected == nil))
          #expect(expected == nil || window.inputs[element] == expected)
          expected = window.targets[element]
          predicted.append(window.targets[element])
        }
      }
    }
    #expect(predicted == Array(ids.dropFirst()))
  }

  @Test("What is too short to predict has no windows") func whatIsTooShortToPredictHasNoWindows() {
    #expect(TokenBatch.windows(of: [], batchSize: 2, truncationLength: 3).isEmpty)
    #expect(TokenBatch.windows(of: [1], batchSize: 2, truncationLength: 3).isEmpty)
  }
}
