#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Lets other programs play, set parameters and start and stop through OSC: `Documentation/Ports.md` has the addresses.
///
/// It receives on a thread of its own. Notes and other messages of MIDI go to `input`; everything else goes to the handler. Bundles are
/// held until they are due, for up to a minute. What is no OSC is dropped and counted.
public final class OSCServer: Sendable {
  /// Where it receives.
  public var endpoint: OSCEndpoint { socket.endpoint }
  /// The notes that come in. It ends with the server.
  public let input: MessageQueue

  private let socket: UDPSocket
  private let wake: WakeSignal
  private let refusesNotes: String?
  private let handler: RemoteHandler
  private let shared = Guarded(Shared())
  private let thread = Guarded<PortThread?>(nil)

  /// How far ahead bundles may be, in seconds.
  public static let holdSeconds = 60.0
  /// How many messages may be held.
  static let holdLimit = 4_096
  /// How many others may be sent what is played.
  public static let subscriberLimit = 16

  private struct Shared {
    var statistics = OSCStatistics()
    var subscribers: [OSCEndpoint] = []
    /// Who sent the last message of MIDI-GPT's.
    var midiGPTClient: OSCEndpoint?
  }

  /// Begins to receive.
  /// - Parameters:
  ///   - endpoint: where: by default only from this machine. A port of 0 lets the system choose one.
  ///   - refusingNotes: why notes and other messages of MIDI are not taken, which whoever sends them is told; nil where they are.
  ///   - handler: does what is asked for.
  /// - Throws: `PortError.unusableAddress` where the port is taken or the address is not this machine's, `.noResources`.
  public init(
    endpoint: OSCEndpoint = OSCEndpoint(port: 9_000), refusingNotes: String? = nil,
    handler: @escaping RemoteHandler
  ) throws(PortError) {
    socket = try UDPSocket(bound: endpoint)
    wake = try WakeSignal()
    input = MessageQueue(name: "OSC at \(socket.endpoint)")
    refusesNotes = refusingNotes
    self.handler = handler
    let thread = try PortThread { [weak self, socket, wake] in
      var inbox = OSCInbox()
      while !wake.isRaised {
        let ready = wait(for: socket.descriptor, Int16(POLLIN), or: wake, seconds: inbox.waitSeconds)
        guard let self else { return }
        if ready != 0 { self.receive(&inbox) }
        self.deliver(&inbox)
      }
    }
    self.thread.withLock { $0 = thread }
  }

  deinit { wake.raise() }

  /// What came in so far.
  public var statistics: OSCStatistics { shared.withLock { $0.statistics } }

  /// Those who are sent what is played.
  public var subscribers: [OSCEndpoint] { shared.withLock { $0.subscribers } }

  /// Adds someone who is sent what is played, as `/gruppetto/subscribe` does.
  /// - Parameter endpoint: where.
  /// - Returns: false where there are too many.
  @discardableResult
  public func subscribe(_ endpoint: OSCEndpoint) -> Bool {
    shared.withLock { shared in
      if shared.subscribers.contains(endpoint) { return true }
      guard shared.subscribers.count < Self.subscriberLimit else { return false }
      shared.subscribers.append(endpoint)
      return true
    }
  }

  /// Sends a message to all who subscribed.
  /// - Parameters:
  ///   - message: what to send.
  ///   - time: when it is due, for a bundle with its time; nil for a message alone.
  public func announce(_ message: OSCMessage, at time: PerformanceTime? = nil) {
    let packet = time.map { OSCPacket.bundle(time: OSCTimeTag($0), [.message(message)]) } ?? .message(message)
    let bytes = packet.bytes
    for subscriber in subscribers { _ = socket.send(bytes, to: subscriber) }
  }

  /// Tells all who subscribed that a bar begins: `/gruppetto/bar` with its number from 1, quarter notes in it, and the tempo.
  /// - Parameters:
  ///   - number: the bar, from 1.
  ///   - quarters: its length in quarter notes.
  ///   - quartersPerMinute: the tempo.
  public func announceBar(_ number: Int, quarters: Double, quartersPerMinute: Double) {
    announce(
      OSCMessage(
        "/gruppetto/bar",
        [.int(Int32(clamping: number)), .float(Float(quarters)), .float(Float(quartersPerMinute))]))
  }

  /// Tells all who subscribed that a bar begins.
  /// - Parameter bar: the bar.
  public func announceBar(_ bar: SongBar) {
    announceBar(bar.number, quarters: bar.length, quartersPerMinute: bar.quartersPerMinute)
  }

  /// Sends a composed bar to the program that speaks as MIDI-GPT's do, if there is one.
  /// - Parameters:
  ///   - bar: the bar.
  ///   - track: the number of the track that is composed.
  /// - Returns: whether there is one.
  @discardableResult
  public func sendComposed(_ bar: RemoteBar, track: Int) -> Bool {
    guard let client = shared.withLock({ $0.midiGPTClient }) else { return false }
    for message in MIDIGPTDialect.messages(of: bar, track: track) {
      _ = socket.send(OSCPacket.message(message).bytes, to: client)
    }
    return true
  }

  /// Ends it: nothing comes in any more, and `input` is at its end.
  public func close() {
    wake.raise()
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
    input.end()
  }

  // MARK: The server's thread

  private func receive(_ inbox: inout OSCInbox) {
    // Read once, so that messages of one moment keep their order.
    let (now, clock) = (PerformanceTime.now, clockOfTheDay())
    // A few at a time, so that held messages are not late under a flood.
    for _ in 0..<64 {
      guard let (bytes, sender) = inbox.datagram(from: socket) else { return }
      shared.withLock { $0.statistics.packetCount += 1 }
      do throws(OSCError) {
        try OSCPacket(bytes: bytes).forEachMessage { message, tag in
          let due = PerformanceTime(tag, now: now, clock: clock)
          guard !inbox.hold(message, from: sender, due: due, now: now) else { return }
          shared.withLock { $0.statistics.droppedCount += 1 }
        }
      } catch {
        shared.withLock { $0.statistics.malformedCount += 1 }
        input.addFaults(1)
      }
    }
  }

  private func deliver(_ inbox: inout OSCInbox) {
    while let held = inbox.takeDue(by: .now) {
      if held.message.address.hasPrefix("/midigpt/") { shared.withLock { $0.midiGPTClient = held.sender } }
      let context = OSCDispatcher.Context(
        queue: input, refusesNotes: refusesNotes, handler: handler,
        reply: { [socket] in _ = socket.send(OSCPacket.message($0).bytes, to: held.sender) },
        subscribe: { [weak self] port, isWanted in
          let endpoint = OSCEndpoint(
            address: held.sender.address, port: UInt16(port ?? Int(held.sender.port)))
          if isWanted { self?.subscribe(endpoint) } else { self?.unsubscribe(endpoint) }
        }, time: held.due)
      let outcome = inbox.dispatcher.dispatch(held.message, context)
      guard outcome != .done else { continue }
      if outcome == .unknown { input.addFaults(1) }
      shared.withLock { shared in
        if outcome == .unknown {
          shared.statistics.unknownCount += 1
        } else {
          shared.statistics.refusedCount += 1
        }
      }
    }
  }

  private func unsubscribe(_ endpoint: OSCEndpoint) {
    shared.withLock { $0.subscribers.removeAll { $0 == endpoint } }
  }
}

/// What the server's thread has: a buffer, what is held until it is due, and what the dialects remember.
private struct OSCInbox: ~Copyable {
  struct Held {
    var message: OSCMessage
    var sender: OSCEndpoint
    var due: PerformanceTime
  }

  var dispatcher = OSCDispatcher()
  /// The one that is due first is the last.
  private var held: [Held] = []
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 8)

  deinit { buffer.deallocate() }

  /// How long until something is due.
  var waitSeconds: Double { held.last.map { $0.due.seconds(since: .now) } ?? 3_600 }

  func datagram(from socket: UDPSocket) -> ([UInt8], OSCEndpoint)? {
    guard let (count, sender) = socket.receive(into: buffer) else { return nil }
    return (Array(buffer[..<count]), sender)
  }

  mutating func hold(
    _ message: OSCMessage, from sender: OSCEndpoint, due: PerformanceTime, now: PerformanceTime
  ) -> Bool {
    guard due.seconds(since: now) <= OSCServer.holdSeconds, held.count < OSCServer.holdLimit else {
      return false
    }
    // Behind those that are due at the same moment, which are to be taken first.
    var (low, high) = (0, held.count)
    while low < high {
      let middle = (low + high) / 2
      if held[middle].due > due { low = middle + 1 } else { high = middle }
    }
    held.insert(Held(message: message, sender: sender, due: due), at: low)
    return true
  }

  mutating func takeDue(by time: PerformanceTime) -> Held? {
    guard let last = held.last, last.due <= time else { return nil }
    return held.removeLast()
  }
}
