internal import CALSA

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A client of ALSA's sequencer with a port `in` and a port `out`, which other programs and devices are connected to: by `connect`, or from
/// outside by `aconnect`, a patch bay or a sequencer program.
public final class ALSASequencer: Sendable {
  /// The client's name; its ports are called `name:in` and `name:out`.
  public let name: String
  /// The client's number, which `aconnect -l` shows.
  public let number: Int
  fileprivate let handle: Handle
  fileprivate let inPort: Int32
  fileprivate let outPort: Int32

  /// ALSA's handle. Input and output have buffers of their own; outputs come one after another under a lock.
  fileprivate struct Handle: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  /// The flags of ports.
  private enum Capability {
    static let readable: UInt32 = 1 << 0 | 1 << 5
    static let writable: UInt32 = 1 << 1 | 1 << 6
    /// A MIDI port of a program.
    static let type: UInt32 = 1 << 1 | 1 << 20
  }

  /// Opens a client with its ports.
  /// - Parameter name: what it is called.
  /// - Throws: `PortError.noSequencer` where the kernel has none, as in containers.
  public init(name: String = "gruppetto") throws(PortError) {
    ALSAPorts.silence()
    var opened: OpaquePointer?
    // 3: both directions.
    let status = snd_seq_open(&opened, "default", 3, Int32(SND_SEQ_NONBLOCK))
    guard status == 0, let pointer = opened else { throw .noSequencer(reason: ALSAPorts.words(status)) }
    handle = Handle(pointer: pointer)
    snd_seq_set_client_name(pointer, name)
    inPort = snd_seq_create_simple_port(pointer, "in", Capability.writable, Capability.type)
    outPort = snd_seq_create_simple_port(pointer, "out", Capability.readable, Capability.type)
    number = Int(snd_seq_client_id(pointer))
    self.name = name
    guard inPort >= 0, outPort >= 0 else {
      throw .failed(name: name, reason: ALSAPorts.words(min(inPort, outPort)))
    }
  }

  deinit { snd_seq_close(handle.pointer) }

  /// What comes in at port `in`. One such object may be in use at a time: ALSA's handle has one reader.
  /// - Throws: `PortError.noResources`.
  public func input() throws(PortError) -> ALSASequencerInput { try ALSASequencerInput(self) }

  /// What goes out at port `out`.
  /// - Throws: `PortError.noResources`.
  public func output() throws(PortError) -> ALSASequencerOutput { try ALSASequencerOutput(self) }

  /// Which of the client's ports is connected.
  public enum Direction: Sendable, Hashable {
    /// The port `in`, which listens to another client.
    case input
    /// The port `out`, which another client listens to.
    case output
  }

  /// Connects another client; a connection that is there already is one.
  /// - Parameters:
  ///   - name: its name, the beginning of it, or numbers as `aconnect -l` shows them, such as `Launchkey` or `20:0`.
  ///   - direction: which port of this client it is connected to; nil for both, as far as it has ports for them.
  /// - Throws: `PortError.noSuchPort`; `.failed` where it has no port of that direction.
  public func connect(_ name: String, _ direction: Direction? = nil) throws(PortError) {
    var address = snd_seq_addr_t()
    guard snd_seq_parse_address(handle.pointer, &address, name) == 0 else {
      throw .noSuchPort(name: name, others: ports())
    }
    let (client, port) = (Int32(address.client), Int32(address.port))
    var statuses: [Int32] = []
    if direction != .output { statuses.append(snd_seq_connect_from(handle.pointer, inPort, client, port)) }
    if direction != .input { statuses.append(snd_seq_connect_to(handle.pointer, outPort, client, port)) }
    // A keyboard takes nothing and a sound module sends nothing.
    guard statuses.contains(where: { $0 == 0 || $0 == -EBUSY }) else {
      throw .failed(name: name, reason: ALSAPorts.words(statuses[0]))
    }
  }

  /// The ports of other clients, as `client:port`.
  public func ports() -> [String] {
    var (client, port): (OpaquePointer?, OpaquePointer?)
    guard snd_seq_client_info_malloc(&client) == 0, snd_seq_port_info_malloc(&port) == 0, let client, let port
    else {
      return []
    }
    defer {
      snd_seq_client_info_free(client)
      snd_seq_port_info_free(port)
    }
    var names: [String] = []
    snd_seq_client_info_set_client(client, -1)
    while snd_seq_query_next_client(handle.pointer, client) >= 0 {
      let number = snd_seq_client_info_get_client(client)
      // 0 is the system itself.
      guard number != 0, number != Int32(self.number) else { continue }
      let clientName = snd_seq_client_info_get_name(client).map { String(cString: $0) } ?? "\(number)"
      snd_seq_port_info_set_client(port, number)
      snd_seq_port_info_set_port(port, -1)
      while snd_seq_query_next_port(handle.pointer, port) >= 0 {
        names.append("\(clientName):\(snd_seq_port_info_get_port(port))")
      }
    }
    return names
  }
}

/// Messages that come in at the sequencer's port.
public final class ALSASequencerInput: MessageInput {
  /// What it is called in messages.
  public var name: String { "\(sequencer.name):in" }
  private let sequencer: ALSASequencer
  private let wake: WakeSignal
  private let descriptor: Int32
  private let state: Guarded<State>

  private struct State: ~Copyable {
    let coder: SequencerCoder
    var waiting: [InputEvent] = []
    var statistics = InputStatistics()
  }

  fileprivate init(_ sequencer: ALSASequencer) throws(PortError) {
    self.sequencer = sequencer
    wake = try WakeSignal()
    var request = pollfd()
    guard snd_seq_poll_descriptors(sequencer.handle.pointer, &request, 1, Int16(POLLIN)) == 1 else {
      throw .failed(name: sequencer.name, reason: "it cannot be waited for")
    }
    descriptor = request.fd
    state = Guarded(State(coder: try SequencerCoder()))
  }

  /// What came in so far.
  public var statistics: InputStatistics { state.withLock { $0.statistics } }

  /// Waits for what comes next.
  /// - Parameter timeoutSeconds: how long to wait at most.
  /// - Throws: `PortError.failed`.
  public func next(timeoutSeconds: Double) throws(PortError) -> InputEvent {
    let deadline = PerformanceTime.now.advanced(bySeconds: min(max(timeoutSeconds, 0), 86_400))
    while true {
      if wake.isRaised { return .closed }
      if let event = try state.withLock({ state throws(PortError) in try take(&state) }) { return event }
      let seconds = deadline.seconds(since: .now)
      guard seconds > 0 else { return .timedOut }
      _ = wait(for: descriptor, Int16(POLLIN), or: wake, seconds: seconds)
    }
  }

  private func take(_ state: inout State) throws(PortError) -> InputEvent? {
    while state.waiting.isEmpty {
      var event: UnsafeMutablePointer<snd_seq_event_t>?
      let status = snd_seq_event_input(sequencer.handle.pointer, &event)
      if status == -EAGAIN || status == -EINTR { return nil }
      if status == -ENOSPC {
        // The kernel's queue has run over: keys may have been released unheard.
        state.statistics.overflowCount += 1
        return .senderGone(.now)
      }
      guard status >= 0, let event else { throw .failed(name: name, reason: ALSAPorts.words(status)) }
      decode(event, &state)
    }
    return state.waiting.removeFirst()
  }

  private func decode(_ event: UnsafeMutablePointer<snd_seq_event_t>, _ state: inout State) {
    let time = PerformanceTime.now
    switch UInt32(event.pointee.type) {
    case SND_SEQ_EVENT_PORT_UNSUBSCRIBED.rawValue: state.waiting.append(.senderGone(time))
    case SND_SEQ_EVENT_PORT_SUBSCRIBED.rawValue: break
    default:
      let before = state.coder.faultCount
      var messages: [WireMessage] = []
      state.coder.decode(event) { messages.append($0) }
      state.waiting += messages.map { .message(TimedMessage(time: time, message: $0)) }
      state.statistics.messageCount += messages.count
      state.statistics.faultCount += state.coder.faultCount - before
    }
  }

  /// Ends it, and wakes the thread that waits.
  public func close() { wake.raise() }
}

/// Messages that go out at the sequencer's port, to all who are connected.
public final class ALSASequencerOutput: MessageOutput {
  /// What it is called in messages.
  public var name: String { "\(sequencer.name):out" }
  /// Nothing: events go out at once.
  public var leadSeconds: Double { 0 }
  private let sequencer: ALSASequencer
  private let state: Guarded<State>

  private struct State: ~Copyable {
    let coder: SequencerCoder
    var statistics = OutputStatistics()
    var isClosed = false
  }

  fileprivate init(_ sequencer: ALSASequencer) throws(PortError) {
    self.sequencer = sequencer
    state = Guarded(State(coder: try SequencerCoder()))
  }

  /// What went out so far.
  public var statistics: OutputStatistics { state.withLock { $0.statistics } }

  /// Sends a message at once.
  /// - Parameters:
  ///   - message: what to send.
  ///   - time: when it was due; of no effect.
  /// - Throws: `PortError.failed`.
  public func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
    let status = state.withLock { state -> Int32 in
      guard !state.isClosed else { return 0 }
      var result: Int32 = 0
      state.coder.encode(message) { event in
        event.pointee.source.port = UInt8(truncatingIfNeeded: sequencer.outPort)
        // To all who are connected, past the queues.
        event.pointee.dest.client = 254
        event.pointee.dest.port = 253
        event.pointee.queue = 253
        if result >= 0 { result = min(result, put(event)) }
      }
      if result >= 0 { state.statistics.messageCount += 1 } else { state.statistics.droppedCount += 1 }
      return result
    }
    // A receiver whose queue is full loses a message; the port goes on.
    if status < 0, status != -EAGAIN, status != -ENOSPC {
      throw .failed(name: name, reason: ALSAPorts.words(status))
    }
  }

  /// Sends an event. Where the kernel's pool is full it is waited for, since the rest of a long message would be no message.
  private func put(_ event: UnsafeMutablePointer<snd_seq_event_t>) -> Int32 {
    let deadline = PerformanceTime.now.advanced(bySeconds: ByteStreamOutput.patienceSeconds)
    while true {
      let status = snd_seq_event_output_direct(sequencer.handle.pointer, event)
      guard status == -EAGAIN, PerformanceTime.now < deadline else { return status }
      usleep(500)
    }
  }

  /// Ends it; what is sent later is dropped.
  public func close() { state.withLock { $0.isClosed = true } }
}
