import Performing
import Testing

@Suite("Moments of a performance")
struct PerformanceTimeTests {
  @Test("Seconds between moments are those that lie between them")
  func secondsAreThoseBetween() {
    let first = PerformanceTime(nanoseconds: 5_000_000_000)
    let second = first.advanced(bySeconds: 1.5)
    #expect(second.nanoseconds == 6_500_000_000)
    #expect(second.seconds(since: first) == 1.5)
    #expect(first < second)
  }
}
