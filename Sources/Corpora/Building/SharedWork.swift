internal import Synchronization

/// Files that several threads read, each taking the next one, with a place for each result.
final class SharedWork: Sendable {
  private struct State {
    var next = 0
    var finished = 0
    var results: [FileReading?]
  }
  private let count: Int
  private let state: Mutex<State>

  init(count: Int) {
    self.count = count
    state = Mutex(State(results: Array(repeating: nil, count: count)))
  }

  /// The next index that nobody has taken; nil when there is none.
  func take() -> Int? {
    state.withLock { state in
      guard state.next < count else { return nil }
      state.next += 1
      return state.next - 1
    }
  }

  func finish(_ index: Int, _ result: FileReading) {
    state.withLock { state in
      state.results[index] = result
      state.finished += 1
    }
  }

  var finishedCount: Int { state.withLock { $0.finished } }

  /// What was finished, in order.
  var results: [FileReading] { state.withLock { $0.results.compactMap(\.self) } }
}
