internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Messages that come in at a JACK client's port `midi_in`.
public final class JACKMessageInput: MessageInput {
  /// What it is called in messages.
  public var name: String { "\(client.name):midi_in" }
  private let client: JACKClient
  private let wake: Atomic<Bool>
  private let state = Guarded(State())

  private struct State {
    var parser = MIDIStreamParser()
    var waiting: [InputEvent] = []
    var messageCount = 0
    var isGone = false
    /// How often the server was back, as far as was seen.
    var reopenings = 0
  }

  init(_ client: JACKClient) {
    self.client = client
    wake = Atomic(false)
  }

  /// What came in so far.
  public var statistics: InputStatistics {
    state.withLock { state in
      var statistics = InputStatistics()
      statistics.messageCount = state.messageCount
      statistics.faultCount = state.parser.faults.count
      statistics.overflowCount = client.state.pointer.pointee.lostMessages.load(ordering: .relaxed)
      return statistics
    }
  }

  /// Waits for what comes next. JACK's thread wakes nobody: it is looked for every half a millisecond.
  /// - Parameter timeoutSeconds: how long to wait at most.
  public func next(timeoutSeconds: Double) throws(PortError) -> InputEvent {
    let deadline = PerformanceTime.now.advanced(bySeconds: min(max(timeoutSeconds, 0), 86_400))
    while true {
      if wake.load(ordering: .acquiring) { return .closed }
      if let event = take() { return event }
      guard PerformanceTime.now < deadline else { return .timedOut }
      usleep(500)
    }
  }

  private func take() -> InputEvent? {
    state.withLock { state in
      let ring = client.state.pointer
      if state.waiting.isEmpty, let (time, count) = ring.pointee.incoming.peek() {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
          ring.pointee.incoming.take(into: buffer.baseAddress)
          filled = count
        }
        let moment = PerformanceTime(nanoseconds: time)
        state.parser.consume(bytes) {
          state.waiting.append(.message(TimedMessage(time: moment, message: $0)))
        }
        state.messageCount += state.waiting.count
        // JACK gives whole messages, without running status.
        state.parser.reset()
      }
      if !state.waiting.isEmpty { return state.waiting.removeFirst() }
      let isGone = client.isShutDown
      let reopenings = ring.pointee.reopenings.load(ordering: .acquiring)
      // It may have ended and be back since.
      let wasGone = reopenings > state.reopenings && !state.isGone
      defer { (state.isGone, state.reopenings) = (isGone, reopenings) }
      return isGone && !state.isGone || wasGone ? .senderGone(.now) : nil
    }
  }

  /// Ends it; a thread that waits gets `closed`.
  public func close() { wake.store(true, ordering: .releasing) }
}

/// Messages that go out at a JACK client's port `midi_out`, each at its frame.
public final class JACKMessageOutput: MessageOutput {
  /// What it is called in messages.
  public var name: String { "\(client.name):midi_out" }
  /// Two cycles and two milliseconds: a message is to lie in the queue before the cycle of its frame begins.
  public var leadSeconds: Double { 2 * Double(client.periodFrames) / Double(client.sampleRate) + 0.002 }
  private let client: JACKClient
  private let state = Guarded(State())

  private struct State {
    var bytes: [UInt8] = []
    var statistics = OutputStatistics()
    var isClosed = false
    /// What was sent holds down, and how often the server had been back by then.
    var held = HeldKeys()
    var reopenings = 0
  }

  init(_ client: JACKClient) { self.client = client }

  /// What was handed to JACK so far.
  public var statistics: OutputStatistics { state.withLock { $0.statistics } }

  /// Hands a message to JACK's thread. While there is no server, it is dropped and counted; once it is back, what was held down before is released first.
  /// - Parameters:
  ///   - message: what to send, at most 4,096 bytes.
  ///   - time: when; messages go out in the order in which they are handed over.
  public func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
    state.withLock { state in
      guard !state.isClosed else { return }
      guard !client.isShutDown else {
        state.statistics.droppedCount += 1
        return
      }
      let reopenings = client.state.pointer.pointee.reopenings.load(ordering: .acquiring)
      if reopenings > state.reopenings {
        state.reopenings = reopenings
        for release in state.held.release() { write(release, time, &state) }
      }
      state.held.follow(message)
      write(message, time, &state)
    }
  }

  private func write(_ message: WireMessage, _ time: PerformanceTime, _ state: inout State) {
    state.bytes.removeAll(keepingCapacity: true)
    var writer = MIDIStreamWriter()
    writer.write(message, to: &state.bytes)
    guard !state.bytes.isEmpty else { return }
    let isWritten =
      state.bytes.count <= JACKState.messageLimit
      && state.bytes.withUnsafeBytes { bytes in
        bytes.baseAddress.map {
          client.state.pointer.pointee.outgoing.write($0, count: bytes.count, time: time.nanoseconds)
        } ?? false
      }
    if isWritten { state.statistics.messageCount += 1 } else { state.statistics.droppedCount += 1 }
  }

  /// Ends it; what is sent later is dropped.
  public func close() { state.withLock { $0.isClosed = true } }
}
