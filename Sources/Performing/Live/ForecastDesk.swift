internal import Composing
internal import Groundwork
internal import Music

/// Where an accompaniment asks a model what to expect, and finds the answer when it is there: it never waits.
///
/// The model works on a thread of its own, or in `work()`, where what is done is not to depend on time.
final class ForecastDesk: @unchecked Sendable {
  /// What is asked.
  struct Request: Sendable {
    /// The number of the bar, from 0.
    var bar: Int
    /// How many eighth notes it has.
    var length: Int
    /// The tune before it, in twelfths of a quarter note from bar 0.
    var tune: [Note]
    /// Whether the tune is another than that of the request before.
    var isNew: Bool
  }

  /// What the model writes.
  let roles: Set<PartRole>

  private let forecaster: BarForecaster
  private let requests = BoundedQueue<Request>(capacity: .max)
  private let result = Guarded<ExpectedBar?>(nil)
  private var thread: SystemThread?
  private var lastBar = -1

  /// - Parameters:
  ///   - forecaster: What expects; nobody else uses it.
  ///   - hasThread: Whether it works on a thread of its own; where the system has none left, `work()` does.
  init(_ forecaster: BarForecaster, hasThread: Bool) {
    self.forecaster = forecaster
    roles = forecaster.roles
    guard hasThread else { return }
    let requests = requests
    thread = SystemThread { [weak self] in
      while let request = requests.waitForElement() {
        guard let self else { return }
        answer(request)
      }
    }
  }

  deinit { requests.end() }

  /// Asks; an answer that was not taken is of no use any more.
  func ask(_ request: Request) {
    result.withLock { $0 = nil }
    requests.add(request)
  }

  /// The answer to the last request, once.
  func takeAnswer() -> ExpectedBar? {
    result.withLock { answer in
      defer { answer = nil }
      return answer
    }
  }

  /// Answers a request, where no thread does.
  /// - Returns: false if there is none.
  func work() -> Bool {
    guard thread == nil, let request = requests.take() else { return false }
    answer(request)
    return true
  }

  private func answer(_ request: Request) {
    if request.isNew || request.bar <= lastBar { forecaster.reset() }
    lastBar = request.bar
    // The tune of a bar that is past is part of the next request.
    guard requests.count == 0 else { return }
    let expected = forecaster.forecast(bar: request.bar, tune: request.tune).map {
      ExpectedBar($0, length: request.length)
    }
    guard requests.count == 0 else { return }
    result.withLock { $0 = expected }
  }
}
