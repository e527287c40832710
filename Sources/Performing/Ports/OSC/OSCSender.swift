internal import MIDI
internal import Synchronization

/// Sends OSC to one other program. It is an output for messages of MIDI too, which go to `/gruppetto/note` and its neighbors.
public final class OSCSender: MessageOutput {
  /// Where it sends.
  public let endpoint: OSCEndpoint
  /// What it is called in messages.
  public var name: String { "OSC to \(endpoint)" }
  /// How long before their moments messages go out, as bundles with their times; 0 where they go out alone when they are due.
  public let leadSeconds: Double
  private let socket: UDPSocket
  private let messageCount = Atomic<Int>(0)
  private let droppedCount = Atomic<Int>(0)

  /// - Parameters:
  ///   - endpoint: where to send.
  ///   - leadSeconds: how long before their moments messages go out, for receivers that keep time by the times of bundles, on a clock
  ///     that agrees with this machine's.
  /// - Throws: `PortError.noResources`.
  public init(to endpoint: OSCEndpoint, leadSeconds: Double = 0) throws(PortError) {
    self.endpoint = endpoint
    self.leadSeconds = max(0, leadSeconds)
    socket = try UDPSocket(bound: OSCEndpoint(address: 0, port: 0))
  }

  /// What went out so far. That it was sent does not mean that anybody received it.
  public var statistics: OutputStatistics {
    OutputStatistics(
      messageCount: messageCount.load(ordering: .relaxed), droppedCount: droppedCount.load(ordering: .relaxed)
    )
  }

  /// Sends a packet.
  /// - Parameter packet: a message or a bundle.
  /// - Returns: whether the system took it.
  @discardableResult
  public func send(_ packet: OSCPacket) -> Bool {
    let isSent = socket.send(packet.bytes, to: endpoint)
    if isSent { messageCount.add(1, ordering: .relaxed) } else { droppedCount.add(1, ordering: .relaxed) }
    return isSent
  }

  /// Waits for an answer to what was sent.
  /// - Parameter timeoutSeconds: how long at most.
  /// - Returns: the next packet from the other program; nil where none came, or it was no OSC.
  public func receive(timeoutSeconds: Double) -> OSCPacket? {
    guard let signal = try? WakeSignal() else { return nil }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 8)
    defer { buffer.deallocate() }
    let deadline = PerformanceTime.now.advanced(bySeconds: timeoutSeconds)
    while true {
      if let (count, sender) = socket.receive(into: buffer) {
        // Whoever else finds the port is not who was asked.
        if sender == endpoint { return try? OSCPacket(bytes: Array(buffer[..<count])) }
        continue
      }
      let rest = deadline.seconds(since: .now)
      guard rest > 0 else { return nil }
      _ = wait(for: socket.descriptor, 1, or: signal, seconds: rest)
    }
  }

  /// Sends a message of MIDI.
  /// - Parameters:
  ///   - message: what to send. Notes, controllers, programs and bends have addresses of their own; all else goes to `/gruppetto/midi`.
  ///   - time: when it is due.
  public func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
    guard let message = Self.message(for: message) else { return }
    send(leadSeconds > 0 ? .bundle(time: OSCTimeTag(time), [.message(message)]) : .message(message))
  }

  /// Nothing is left open.
  public func close() {}

  /// What is sent for a message of MIDI; nil for a meta event.
  /// - Parameter message: the message.
  public static func message(for message: WireMessage) -> OSCMessage? {
    func whole(_ numbers: Int...) -> [OSCArgument] { numbers.map { .int(Int32(clamping: $0)) } }
    switch message {
    case .midi(.noteOn(let channel, let key, let velocity)):
      return OSCMessage("/gruppetto/note", whole(key, velocity, channel + 1))
    case .midi(.noteOff(let channel, let key, _)):
      return OSCMessage("/gruppetto/note", whole(key, 0, channel + 1))
    case .midi(.controlChange(let channel, let controller, let value)):
      return OSCMessage("/gruppetto/control", whole(controller, value, channel + 1))
    case .midi(.programChange(let channel, let program)):
      return OSCMessage("/gruppetto/program", whole(program, channel + 1))
    case .midi(.pitchBend(let channel, let value)):
      return OSCMessage("/gruppetto/bend", whole(value, channel + 1))
    case .midi(.meta): return nil
    default:
      var writer = MIDIStreamWriter()
      var bytes: [UInt8] = []
      writer.write(message, to: &bytes)
      return OSCMessage("/gruppetto/midi", [.blob(bytes)])
    }
  }
}

/// Sends what is played to all who subscribed at a server.
public final class OSCSubscriberOutput: MessageOutput {
  /// What it is called in messages.
  public let name = "OSC subscribers"
  /// Nothing: messages go out when they are due.
  public let leadSeconds = 0.0
  private let server: OSCServer
  private let messageCount = Atomic<Int>(0)

  /// - Parameter server: the server.
  public init(_ server: OSCServer) { self.server = server }

  /// What went out so far.
  public var statistics: OutputStatistics {
    OutputStatistics(messageCount: messageCount.load(ordering: .relaxed))
  }

  /// Sends a message of MIDI to all who subscribed.
  /// - Parameters:
  ///   - message: what to send, as `OSCSender` does.
  ///   - time: when it was due.
  public func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
    guard let message = OSCSender.message(for: message) else { return }
    server.announce(message)
    messageCount.add(1, ordering: .relaxed)
  }

  /// Nothing is left open.
  public func close() {}
}
