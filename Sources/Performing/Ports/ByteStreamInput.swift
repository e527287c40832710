internal import Groundwork
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How messages are written in a stream of bytes.
public enum WireEncoding: String, Sendable, CaseIterable {
  /// The bytes of a MIDI 1.0 cable.
  case midi1
  /// Universal MIDI Packets (MIDI 2.0): words of 32 bits in the machine's byte order, as Linux's UMP devices give them.
  case universalPackets
}

/// Messages from a stream of bytes: standard input, a FIFO, a raw MIDI device.
public final class ByteStreamInput: MessageInput {
  /// What it is called in messages.
  public let name: String
  private let wake: WakeSignal
  private let state: Guarded<State>
  private let messageCount = Atomic<Int>(0)
  private let faultCount = Atomic<Int>(0)

  init(name: String, source: sending any ByteSource, encoding: WireEncoding) throws(PortError) {
    self.name = name
    wake = try WakeSignal()
    state = Guarded(State(source: source, decoder: WireDecoder(encoding)))
  }

  /// Messages from a descriptor that is open for reading. It ends where the descriptor does.
  /// - Parameters:
  ///   - descriptor: what to read. It stays open at the end.
  ///   - name: what it is called in messages.
  ///   - encoding: how messages are written.
  /// - Throws: `PortError.noResources`.
  public convenience init(
    descriptor: Int32, name: String, encoding: WireEncoding = .midi1
  ) throws(PortError) {
    try self.init(
      name: name, source: DescriptorSource(descriptor: descriptor, name: name, isOwned: false),
      encoding: encoding)
  }

  /// Messages from standard input.
  /// - Parameters:
  ///   - encoding: how messages are written.
  ///   - first: bytes that were read from it before, to find out what it is; less than a message. They come with those that follow.
  /// - Throws: `PortError.noResources`.
  public static func standardInput(
    encoding: WireEncoding = .midi1, after first: [UInt8] = []
  ) throws(PortError) -> ByteStreamInput {
    let name = "standard input"
    return try ByteStreamInput(
      name: name,
      source: DescriptorSource(descriptor: STDIN_FILENO, name: name, isOwned: false, first: first),
      encoding: encoding)
  }

  /// Messages from a FIFO, whose writers may come and go: `senderGone` is given when the last has closed it.
  /// - Parameters:
  ///   - path: where it is.
  ///   - creates: whether to make it where nothing is at the path; it is then removed when this object ends.
  ///   - encoding: how messages are written.
  /// - Throws: `PortError.unopenable` or `.notAPort`.
  public convenience init(
    fifo path: String, creates: Bool = false, encoding: WireEncoding = .midi1
  ) throws(PortError) {
    try self.init(name: path, source: FIFOSource(path: path, creates: creates), encoding: encoding)
  }

  /// What came in so far.
  public var statistics: InputStatistics {
    var statistics = InputStatistics()
    statistics.messageCount = messageCount.load(ordering: .relaxed)
    statistics.faultCount = faultCount.load(ordering: .relaxed)
    return statistics
  }

  /// Ends it, and wakes the thread that waits.
  public func close() { wake.raise() }

  /// Waits for what comes next.
  /// - Parameter timeoutSeconds: how long to wait at most, in steps of a millisecond.
  /// - Throws: `PortError.failed`.
  public func next(timeoutSeconds: Double) throws(PortError) -> InputEvent {
    let deadline = PerformanceTime.now.advanced(bySeconds: min(max(timeoutSeconds, 0), 86_400))
    return try state.withLock { state throws(PortError) in
      while true {
        if wake.isRaised { return .closed }
        if let event = state.takePending() { return event }
        if state.isEnded { return .ended }
        let limit = min(deadline, state.sensing.deadline ?? deadline)
        let seconds = limit.seconds(since: .now)
        let ready = wait(
          for: state.source.descriptor, Int16(POLLIN), or: wake, seconds: seconds)
        if ready != 0 { try read(&state) }
        if let event = state.loseSensing(now: .now) { return event }
        // Also where bytes keep coming that complete no message.
        guard PerformanceTime.now >= deadline else { continue }
        return state.takePending() ?? (wake.isRaised ? .closed : .timedOut)
      }
    }
  }

  /// Reads once, and keeps what it completes.
  private func read(_ state: inout State) throws(PortError) {
    let result = try state.read()
    let time = PerformanceTime.now
    switch result {
    case .bytes(let count):
      let before = state.decoder.faultCount
      let messages = state.decode(count, time)
      messageCount.add(messages, ordering: .relaxed)
      faultCount.add(state.decoder.faultCount - before, ordering: .relaxed)
    case .nothing: break
    case .senderGone: state.loseSender(time)
    case .ended:
      state.loseSender(time)
      state.isEnded = true
    }
  }
}

extension ByteStreamInput {
  /// What the reading thread uses.
  private struct State: ~Copyable {
    let source: any ByteSource
    var decoder: WireDecoder
    var sensing = ActiveSensing()
    var isEnded = false
    private var pending: [InputEvent] = []
    private var nextPending = 0
    /// Whether anything came since the sender has gone.
    private var hasSender = false
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1024, alignment: 8)

    init(source: any ByteSource, decoder: WireDecoder) {
      self.source = source
      self.decoder = decoder
    }

    deinit { buffer.deallocate() }

    mutating func takePending() -> InputEvent? {
      guard nextPending < pending.count else { return nil }
      defer {
        nextPending += 1
        if nextPending == pending.count {
          pending.removeAll(keepingCapacity: true)
          nextPending = 0
        }
      }
      return pending[nextPending]
    }

    func read() throws(PortError) -> ByteSourceRead { try source.read(into: buffer) }

    /// Keeps the messages in the first bytes of the buffer.
    /// - Returns: how many they are.
    mutating func decode(_ count: Int, _ time: PerformanceTime) -> Int {
      hasSender = true
      sensing.note(time)
      let before = pending.count
      decoder.consume(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: time) { timed in
        if timed.message == .activeSensing { sensing.begin(time) }
        pending.append(.message(timed))
      }
      return pending.count - before
    }

    mutating func loseSender(_ time: PerformanceTime) {
      decoder.reset()
      sensing = ActiveSensing()
      if hasSender { pending.append(.senderGone(time)) }
      hasSender = false
    }

    mutating func loseSensing(now: PerformanceTime) -> InputEvent? {
      guard let deadline = sensing.deadline, now >= deadline, nextPending == pending.count else { return nil }
      sensing = ActiveSensing()
      return .senderGone(now)
    }
  }
}

/// Whether a sender that began active sensing is still there.
///
/// After its first FE a sender lets no more than 300 ms pass without a message; a receiver that misses it releases everything,
/// and goes on without sensing until the next FE (*MIDI 1.0 Detailed Specification* 4.2, active sensing). A tenth more is allowed
/// here, which the specification's later notes recommend.
struct ActiveSensing: Sendable {
  static let limitSeconds = 0.33
  /// When the sender counts as gone; nil where it does not sense.
  private(set) var deadline: PerformanceTime?

  /// The sender senses.
  mutating func begin(_ time: PerformanceTime) { deadline = time.advanced(bySeconds: Self.limitSeconds) }

  /// Something came.
  mutating func note(_ time: PerformanceTime) { if deadline != nil { begin(time) } }
}
