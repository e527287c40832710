import Groundwork
import Testing

@testable import Arithmetic

@Suite struct ParallelMapTests {
  @Test("Results come in the order of the elements, whatever the number of threads", arguments: [1, 2, 7])
  func resultsComeInOrder(threadCount: Int) {
    let squares: [Int]? = parallelMap(
      Array(0..<100), activity: "squaring", unit: "numbers", threadCount: threadCount
    ) { $0 * $0 }
    #expect(squares == (0..<100).map { $0 * $0 })
    let none: [Int]? = parallelMap(
      [Int](), activity: "squaring", unit: "numbers", threadCount: threadCount
    ) { $0 }
    #expect(none == [])
  }

  @Test("A cancelled map has no result") func aCancelledMapHasNoResult() {
    let cancellation = Cancellation()
    cancellation.request()
    let results: [Int]? = parallelMap(
      [1, 2], activity: "", unit: "", threadCount: 2, cancellation: cancellation
    ) { $0 }
    #expect(results == nil)
  }

  @Test("A quantile lies between two values in proportion") func quantiles() {
    #expect(quantile([1, 2, 3, 4], 0.5) == 2.5 && quantile([1, 2, 3], 1) == 3 && quantile([5], 0.3) == 5)
    #expect(quantile([], 0.5).isNaN)
  }
}
