internal import Synchronization

/// Work in numbered parts that several threads share, each taking the next one, with a place for each result.
package final class WorkQueue<Result: Sendable>: Sendable {
  private struct State {
    var taken = 0
    var finished = 0
    var results: [Result?]
  }

  /// How many parts there are.
  package let count: Int
  private let state: Mutex<State>

  /// A queue of `count` parts, none of them taken.
  package init(count: Int) {
    self.count = count
    state = Mutex(State(results: Array(repeating: nil, count: count)))
  }

  /// The next part that no thread has taken, from 0; nil if there is none.
  package func take() -> Int? {
    state.withLock { state in
      guard state.taken < count else { return nil }
      state.taken += 1
      return state.taken - 1
    }
  }

  /// Keeps the result of a part.
  /// - Returns: how many parts are finished now.
  @discardableResult
  package func finish(_ part: Int, _ result: Result) -> Int {
    state.withLock { state in
      state.results[part] = result
      state.finished += 1
      return state.finished
    }
  }

  /// The result of each part; nil for one that is not finished.
  package var results: [Result?] { state.withLock { $0.results } }
}
