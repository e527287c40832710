/// Counts what buffers would take, without taking it.
///
/// A buffer that is made under a plan has addresses and nothing behind them: the system gives memory where it is touched,
/// and is not even asked whether it has as much. So work of any size can be laid out to learn what it would need; it must
/// not be done, and whoever lays it out fills no buffer while `isMeasuring`.
package final class MemoryPlan: @unchecked Sendable {
  /// The plan that buffers made by this task are counted in; nil where they are real.
  @TaskLocal static var current: MemoryPlan?

  /// Whether buffers that are made now are counted alone and are not to be filled.
  package static var isMeasuring: Bool { current != nil }

  /// How many bytes the buffers take.
  package private(set) var byteCount = 0

  private init() {}

  /// How many bytes the buffers take that `body` makes and that its result keeps, or that were of use on the way.
  package static func measure<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> (result: Result, byteCount: Int) {
    let plan = MemoryPlan()
    let outcome = $current.withValue(plan) { () -> Swift.Result<Result, Failure> in
      do throws(Failure) { return .success(try body()) } catch { return .failure(error) }
    }
    return (try outcome.get(), plan.byteCount)
  }

  func count(_ bytes: Int) { byteCount += bytes }
}
