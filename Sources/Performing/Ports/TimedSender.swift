internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Sends messages through another output when they are due.
///
/// Any thread hands over messages, with moments in any order; a thread of its own, with real-time priority where the system
/// allows it, sleeps on a timer of the system until the first is due. How late each was is kept in `timeliness`.
public final class TimedSender: MessageOutput {
  /// The output's name.
  public var name: String { output.name }
  /// Nothing: messages may be handed over at any time before they are due.
  public var leadSeconds: Double { 0 }
  /// Whether the system gave the thread real-time priority; known once it has begun to run.
  public var isRealTime: Bool { realTime.load(ordering: .relaxed) }

  private let output: any MessageOutput
  private let state: Guarded<State>
  private let wake: AlarmSignal
  private let realTime = Atomic<Bool>(false)
  private let droppedCount = Atomic<Int>(0)
  private let thread = Guarded<PortThread?>(nil)

  private struct State {
    var queue: DueQueue
    var held = HeldKeys()
    var timeliness = Timeliness()
    var failure: PortError?
    var isClosed = false
  }

  /// Starts the thread.
  /// - Parameters:
  ///   - output: where messages go when they are due.
  ///   - capacity: how many messages may wait; more are dropped and counted.
  /// - Throws: `PortError.noResources`.
  public init(_ output: some MessageOutput, capacity: Int = 16_384) throws(PortError) {
    self.output = output
    state = Guarded(State(queue: DueQueue(capacity: capacity)))
    wake = AlarmSignal()
    let thread = try PortThread { [weak self, wake] in
      let isRealTime = PortThread.becomeRealTime()
      self?.realTime.store(isRealTime, ordering: .relaxed)
      // The sender is let go of while it sleeps, so that it ends when nobody else holds it.
      while let time = self?.work() { wake.sleep(until: time) }
    }
    self.thread.withLock { $0 = thread }
  }

  deinit { wake.raise() }

  /// What went out, and what was dropped because too much was waiting or by the output.
  public var statistics: OutputStatistics {
    var statistics = output.statistics
    statistics.droppedCount += droppedCount.load(ordering: .relaxed)
    return statistics
  }

  /// How late messages were handed to the output.
  public var timeliness: Timeliness { state.withLock { $0.timeliness } }

  /// Why the output is of no use any more; nil as long as it is.
  var problem: PortError? { state.withLock { $0.failure } }

  /// How many messages wait.
  public var waitingCount: Int { state.withLock { $0.queue.count } }

  /// Hands over a message.
  /// - Parameters:
  ///   - message: what to send.
  ///   - time: when it is due; at once where that is over.
  /// - Throws: what the output threw before; it is of no use after that.
  public func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
    let (isAdded, isFirst) = try state.withLock { state throws(PortError) -> (Bool, Bool) in
      if let failure = state.failure { throw failure }
      guard !state.isClosed else { return (true, false) }
      let first = state.queue.firstTime
      let isAdded = state.queue.add(TimedMessage(time: time, message: message))
      return (isAdded, first.map { time < $0 } ?? true)
    }
    if !isAdded { droppedCount.add(1, ordering: .relaxed) }
    if isAdded, isFirst { wake.raise() }
  }

  /// Drops what has not been sent, and releases the keys and pedals that are down.
  public func cancelAll() {
    state.withLock { state in
      state.queue.removeAll()
      // They are held until the releases have gone out.
      var held = state.held
      for message in held.release() { _ = state.queue.add(TimedMessage(time: .now, message: message)) }
    }
    wake.raise()
  }

  /// Waits until all has been sent.
  /// - Parameter timeoutSeconds: how long at most.
  /// - Returns: whether all was sent.
  public func waitUntilSent(timeoutSeconds: Double) -> Bool {
    let deadline = PerformanceTime.now.advanced(bySeconds: timeoutSeconds)
    while waitingCount > 0 {
      guard PerformanceTime.now < deadline else { return false }
      usleep(1000)
    }
    return true
  }

  /// Releases keys and pedals that are down, ends the thread, and closes the output.
  public func close() {
    cancelAll()
    _ = waitUntilSent(timeoutSeconds: 1)
    let wasClosed = state.withLock { state in
      defer { state.isClosed = true }
      return state.isClosed
    }
    guard !wasClosed else { return }
    wake.raise()
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
    output.close()
  }

  /// Sends what is due.
  /// - Returns: when to look again, nil where the sender is closed.
  private func work() -> PerformanceTime? {
    let lead = output.leadSeconds
    while true {
      // Taken one by one, so that whoever hands over a message never waits for the output.
      let (message, next, isClosed) = state.withLock { state in
        if state.isClosed { return (TimedMessage?.none, PerformanceTime?.none, true) }
        let message = state.queue.take(by: PerformanceTime.now.advanced(bySeconds: lead))
        if let message { state.held.follow(message.message) }
        return (message, state.queue.firstTime, false)
      }
      if isClosed { return nil }
      guard let message else {
        return next?.advanced(bySeconds: -lead) ?? PerformanceTime(nanoseconds: .max)
      }
      do throws(PortError) {
        try output.send(message.message, at: message.time)
        let late = PerformanceTime.now.seconds(since: message.time) + lead
        state.withLock { $0.timeliness.add(late) }
      } catch {
        state.withLock { state in
          state.failure = error
          state.queue.removeAll()
        }
      }
    }
  }
}
