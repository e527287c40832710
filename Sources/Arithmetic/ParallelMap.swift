package import Groundwork

/// `transform` of each element, several side by side; the result does not depend on how many.
/// - Parameters:
///   - elements: What is transformed.
///   - activity: What is being done, for the progress.
///   - unit: What the elements are, for the progress.
///   - threadCount: How many threads share the work; no more are used than there are elements.
///   - cancellation: Asks to give up.
///   - progress: Is told how many elements are done.
///   - transform: Is called on several threads.
/// - Returns: The results in the order of the elements; nil where it was asked to give up before all were done.
package func parallelMap<Element: Sendable, Result: Sendable>(
  _ elements: [Element], activity: String, unit: String, threadCount: Int,
  cancellation: Cancellation? = nil, progress: ProgressHandler? = nil,
  _ transform: @Sendable (Element) -> Result
) -> [Result]? {
  let work = WorkQueue<Result>(count: elements.count)
  ThreadTeam(threadCount: max(1, min(threadCount, elements.count))).run { _ in
    while cancellation?.isRequested != true, let index = work.take() {
      let done = work.finish(index, transform(elements[index]))
      progress?(
        ProgressReport(
          activity: activity, completed: Double(done), total: Double(elements.count), unit: unit))
    }
  }
  let results = work.results.compactMap(\.self)
  return results.count == elements.count ? results : nil
}
