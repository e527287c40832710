/// Messages that one part of the program hands to another: an input that is filled from within.
public final class MessageQueue: MessageInput {
  /// What it is called in messages.
  public let name: String
  private let capacity: Int
  private let alarm = AlarmSignal()
  private let state = Guarded(State())

  private struct State {
    var waiting: [InputEvent] = []
    var next = 0
    var isClosed = false
    var isEnded = false
    var statistics = InputStatistics()
  }

  /// An empty queue.
  /// - Parameters:
  ///   - name: what it is called in messages.
  ///   - capacity: how many messages may wait; more are dropped and counted.
  public init(name: String, capacity: Int = 4_096) {
    self.name = name
    self.capacity = capacity
  }

  /// What came in so far.
  public var statistics: InputStatistics { state.withLock { $0.statistics } }

  /// Whether more may be added. It stays so until the thread that adds has added.
  public var hasRoom: Bool { state.withLock { $0.waiting.count - $0.next < capacity } }

  /// Adds what came in.
  /// - Parameter event: a message, or that the sender has gone.
  /// - Returns: false where there was no room.
  @discardableResult
  public func add(_ event: InputEvent) -> Bool {
    let isAdded = state.withLock { state in
      guard state.waiting.count - state.next < capacity else {
        state.statistics.overflowCount += 1
        return false
      }
      state.waiting.append(event)
      if case .message = event { state.statistics.messageCount += 1 }
      return true
    }
    if isAdded { alarm.raise() }
    return isAdded
  }

  /// Counts what came in and was no message.
  /// - Parameter count: how much.
  public func addFaults(_ count: Int) { state.withLock { $0.statistics.faultCount += count } }

  /// Marks that nothing more will come.
  public func end() {
    state.withLock { $0.isEnded = true }
    alarm.raise()
  }

  /// Waits for what comes next.
  /// - Parameter timeoutSeconds: how long to wait at most.
  public func next(timeoutSeconds: Double) throws(PortError) -> InputEvent {
    let deadline = PerformanceTime.now.advanced(bySeconds: min(max(timeoutSeconds, 0), 86_400))
    while true {
      if let event = take() { return event }
      guard PerformanceTime.now < deadline else { return .timedOut }
      alarm.sleep(until: deadline)
    }
  }

  private func take() -> InputEvent? {
    state.withLock { state in
      if state.isClosed { return .closed }
      guard state.next < state.waiting.count else { return state.isEnded ? .ended : nil }
      defer {
        state.next += 1
        if state.next == state.waiting.count || state.next >= 1_024 {
          state.waiting.removeFirst(state.next)
          state.next = 0
        }
      }
      return state.waiting[state.next]
    }
  }

  /// Ends it, and wakes the thread that waits.
  public func close() {
    state.withLock { $0.isClosed = true }
    alarm.raise()
  }
}
