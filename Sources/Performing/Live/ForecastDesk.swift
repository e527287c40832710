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

  /// Answers a request; is told whether to forget the requests before.
  private let forecast: (Request, Bool) -> ExpectedBar?
  private let requests = BoundedQueue<(number: Int, request: Request)>(capacity: .max)
  private let asked = Guarded(Asked())
  private var thread: SystemThread?
  private var lastBar = -1
  private var beginsAnew = false

  /// The last request and its answer. Both are behind one lock, so that no answer is taken for that of a later request.
  private struct Asked {
    /// How many requests there were.
    var count = 0
    var answer: (bar: Int, expected: ExpectedBar)?
  }

  /// - Parameters:
  ///   - forecaster: What expects; nobody else uses it.
  ///   - hasThread: Whether it works on a thread of its own; where the system has none left, `work()` does.
  convenience init(_ forecaster: BarForecaster, hasThread: Bool) {
    self.init(roles: forecaster.roles, hasThread: hasThread) { request, beginsAnew in
      if beginsAnew { forecaster.reset() }
      return forecaster.forecast(bar: request.bar, tune: request.tune).map {
        ExpectedBar($0, length: request.length)
      }
    }
  }

  /// - Parameters:
  ///   - roles: What the model writes.
  ///   - hasThread: As above.
  ///   - forecast: What a model expects; is told whether to forget the requests before. It is called by one thread at a time.
  init(roles: Set<PartRole>, hasThread: Bool, forecast: @escaping (Request, Bool) -> ExpectedBar?) {
    self.roles = roles
    self.forecast = forecast
    guard hasThread else { return }
    let requests = requests
    thread = SystemThread { [weak self] in
      while let (number, request) = requests.waitForElement() {
        guard let self else { return }
        answer(request, number)
      }
    }
  }

  deinit { requests.end() }

  /// Asks; an answer that was not taken is of no use any more.
  func ask(_ request: Request) {
    let number = asked.withLock {
      $0.count += 1
      $0.answer = nil
      return $0.count
    }
    requests.add((number, request))
  }

  /// The answer to the last request, once.
  /// - Parameter bar: The bar that was asked for.
  /// - Returns: nil if there is no answer yet, or the last request was for another bar.
  func takeAnswer(for bar: Int) -> ExpectedBar? {
    asked.withLock {
      guard let answer = $0.answer, answer.bar == bar else { return nil }
      $0.answer = nil
      return answer.expected
    }
  }

  /// Answers a request, where no thread does.
  /// - Returns: false if there is none.
  func work() -> Bool {
    guard thread == nil, let (number, request) = requests.take() else { return false }
    answer(request, number)
    return true
  }

  private func answer(_ request: Request, _ number: Int) {
    if request.isNew || request.bar <= lastBar { beginsAnew = true }
    lastBar = request.bar
    // The tune of a bar that is past is part of the next request.
    guard asked.withLock({ $0.count }) == number else { return }
    let expected = forecast(request, beginsAnew)
    beginsAnew = false
    asked.withLock {
      // Another bar may have been asked for meanwhile.
      guard $0.count == number else { return }
      $0.answer = expected.map { (request.bar, $0) }
    }
  }
}
