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
  /// Which ports `in` listens to.
  fileprivate let connections = SequencerConnections()

  /// ALSA's handle. Input and output have buffers of their own; outputs come one after another under a lock.
  fileprivate struct Handle: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  /// The flags of ports.
  private enum Capability {
    static let readable: UInt32 = 1 << 0 | 1 << 5
    static let writable: UInt32 = 1 << 1 | 1 << 6
    /// Not to be connected from outside.
    static let hidden: UInt32 = 1 << 7
    /// A MIDI port of a program.
    static let type: UInt32 = 1 << 1 | 1 << 20
  }

  /// As many events may wait to be read: what the kernel allows at most. A program that releases all keys of all channels sends 2048 at once.
  private static let inputPool = 2000

  /// Opens a client with its ports.
  /// - Parameter name: what it is called; where another client is called so, `name-2` and so on.
  /// - Throws: `PortError.noSequencer` where the kernel has none, as in containers; `.forbidden` where the user may not use it.
  public init(name: String = "gruppetto") throws(PortError) {
    ALSAPorts.silence()
    var opened: OpaquePointer?
    // 3: both directions.
    let status = snd_seq_open(&opened, "default", 3, Int32(SND_SEQ_NONBLOCK))
    guard status == 0, let pointer = opened else {
      if status == -EACCES || status == -EPERM { throw .forbidden(name: "the ALSA sequencer") }
      throw .noSequencer(reason: ALSAPorts.words(status))
    }
    handle = Handle(pointer: pointer)
    let name = [SequencerPort].freeName(name, among: Self.ports(pointer).map(\.clientName))
    snd_seq_set_client_name(pointer, name)
    snd_seq_set_client_pool_input(pointer, Self.inputPool)
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
  ///   - name: its name, the beginning of it, or numbers as `aconnect -l` shows them, such as `Launchkey` or `20:0`; where it names no port, the first
  ///     that has the direction.
  ///   - direction: which port of this client it is connected to; nil for both, as far as it has ports for them.
  /// - Throws: `PortError.noSuchPort`; `.unsuitablePort` where it has no port of that direction; `.failed`.
  public func connect(_ name: String, _ direction: Direction? = nil) throws(PortError) {
    let all = otherPorts()
    let found = all.named(name)
    guard !found.isEmpty else { throw .noSuchPort(name: name, others: all.map(\.label)) }
    let source = direction == .output ? nil : found.first(where: \.canSend)
    let destination = direction == .input ? nil : found.first(where: \.canReceive)
    // A keyboard takes nothing and a sound module sends nothing.
    guard source != nil || destination != nil else {
      throw .unsuitablePort(
        name: name, reason: direction == .output ? "nothing can be sent to it" : "it sends nothing")
    }
    if let source {
      // Before it is made: that it has ended again may be read by another thread at once.
      let sender = SequencerSender(client: source.client, port: source.port)
      connections.add(sender)
      let status = snd_seq_connect_from(handle.pointer, inPort, Int32(source.client), Int32(source.port))
      do { try check(status, name) } catch {
        connections.remove(sender)
        throw error
      }
    }
    if let destination {
      try check(
        snd_seq_connect_to(handle.pointer, outPort, Int32(destination.client), Int32(destination.port)), name)
    }
  }

  /// That there is such a connection already is no failure.
  private func check(_ status: Int32, _ name: String) throws(PortError) {
    guard status < 0, status != -EBUSY else { return }
    throw .unsuitablePort(name: name, reason: ALSAPorts.words(status))
  }

  /// The ports of other clients, as `client:port`.
  public func ports() -> [String] { otherPorts().map(\.label) }

  /// What can be connected to this client.
  private func otherPorts() -> [SequencerPort] {
    Self.ports(handle.pointer).filter { $0.client != number && ($0.canSend || $0.canReceive) }
  }

  /// All ports but the system's own, of which there are the timer's and the announcements'.
  private static func ports(_ handle: OpaquePointer) -> [SequencerPort] {
    var (client, port): (OpaquePointer?, OpaquePointer?)
    guard snd_seq_client_info_malloc(&client) == 0, snd_seq_port_info_malloc(&port) == 0, let client, let port
    else {
      return []
    }
    defer {
      snd_seq_client_info_free(client)
      snd_seq_port_info_free(port)
    }
    var ports: [SequencerPort] = []
    snd_seq_client_info_set_client(client, -1)
    while snd_seq_query_next_client(handle, client) >= 0 {
      let number = snd_seq_client_info_get_client(client)
      guard number != Int32(SND_SEQ_CLIENT_SYSTEM) else { continue }
      let name = snd_seq_client_info_get_name(client).map { String(cString: $0) } ?? "\(number)"
      snd_seq_port_info_set_client(port, number)
      snd_seq_port_info_set_port(port, -1)
      while snd_seq_query_next_port(handle, port) >= 0 {
        let flags = snd_seq_port_info_get_capability(port)
        guard flags & Capability.hidden == 0 else { continue }
        ports.append(
          SequencerPort(
            client: Int(number), clientName: name, port: Int(snd_seq_port_info_get_port(port)),
            portName: snd_seq_port_info_get_name(port).map { String(cString: $0) } ?? "",
            canSend: flags & Capability.readable == Capability.readable,
            canReceive: flags & Capability.writable == Capability.writable))
      }
    }
    return ports
  }

  /// How many ports listen to `out`.
  fileprivate var listenerCount: Int {
    var info: OpaquePointer?
    guard snd_seq_port_info_malloc(&info) == 0, let info else { return 0 }
    defer { snd_seq_port_info_free(info) }
    guard snd_seq_get_port_info(handle.pointer, outPort, info) == 0 else { return 0 }
    return Int(snd_seq_port_info_get_read_use(info))
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
    var arrivals: SequencerArrivals
  }

  fileprivate init(_ sequencer: ALSASequencer) throws(PortError) {
    self.sequencer = sequencer
    wake = try WakeSignal()
    var request = pollfd()
    guard snd_seq_poll_descriptors(sequencer.handle.pointer, &request, 1, Int16(POLLIN)) == 1 else {
      throw .failed(name: sequencer.name, reason: "it cannot be waited for")
    }
    descriptor = request.fd
    state = Guarded(
      State(arrivals: try SequencerArrivals(port: sequencer.inPort, connections: sequencer.connections)))
  }

  /// What came in so far.
  public var statistics: InputStatistics { state.withLock { $0.arrivals.statistics } }

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
    while true {
      if let event = state.arrivals.take() { return event }
      var event: UnsafeMutablePointer<snd_seq_event_t>?
      let status = snd_seq_event_input(sequencer.handle.pointer, &event)
      switch status {
      case -EAGAIN, -EINTR: return nil
      case -ENOSPC: state.arrivals.overflow(at: .now)
      default:
        guard status >= 0, let event else { throw .failed(name: name, reason: ALSAPorts.words(status)) }
        state.arrivals.add(event, at: .now)
      }
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
    var delivery = SequencerDelivery(patience: ByteStreamOutput.patienceSeconds)
    var statistics = OutputStatistics()
    var isClosed = false
  }

  fileprivate init(_ sequencer: ALSASequencer) throws(PortError) {
    self.sequencer = sequencer
    state = Guarded(State(coder: try SequencerCoder()))
  }

  /// What went out so far.
  public var statistics: OutputStatistics { state.withLock { $0.statistics } }

  /// Sends a message at once. A listener whose queue is full loses it, and it counts as dropped; the port goes on.
  /// - Parameters:
  ///   - message: what to send.
  ///   - time: when it was due; of no effect.
  /// - Throws: `PortError.failed`.
  public func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
    let failure = state.withLock { state -> Int32? in
      guard !state.isClosed else { return nil }
      var outcome = SequencerDelivery.Outcome.delivered
      var delivery = state.delivery
      state.coder.encode(message) { event in
        event.pointee.source.port = UInt8(truncatingIfNeeded: sequencer.outPort)
        event.pointee.dest.client = UInt8(SND_SEQ_ADDRESS_SUBSCRIBERS)
        event.pointee.dest.port = UInt8(SND_SEQ_ADDRESS_UNKNOWN)
        // Past the queues.
        event.pointee.queue = UInt8(SND_SEQ_QUEUE_DIRECT)
        if case .failed = outcome { return }
        let result = delivery.deliver(listeners: { sequencer.listenerCount }, pause: { usleep(500) }) {
          snd_seq_event_output_direct(sequencer.handle.pointer, event)
        }
        if result != .delivered { outcome = result }
      }
      state.delivery = delivery
      if outcome == .delivered {
        state.statistics.messageCount += 1
      } else {
        state.statistics.droppedCount += 1
      }
      if case .failed(let status) = outcome { return status }
      return nil
    }
    if let failure { throw .failed(name: name, reason: ALSAPorts.words(failure)) }
  }

  /// Ends it; what is sent later is dropped.
  public func close() { state.withLock { $0.isClosed = true } }
}
