internal import Groundwork
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Messages to a stream of bytes: standard output, a FIFO, a raw MIDI device.
///
/// What is sent while nobody listens, or while the reader takes nothing for a tenth of a second, is dropped and counted, so that
/// whoever sends goes on.
public final class ByteStreamOutput: MessageOutput {
  /// What it is called in messages.
  public let name: String
  /// Nothing: bytes go out at once.
  public var leadSeconds: Double { 0 }
  private let state: Mutex<State>
  private let closed = Atomic<Bool>(false)
  private let messageCount = Atomic<Int>(0)
  private let droppedCount = Atomic<Int>(0)

  /// How long a reader may take nothing.
  static let patienceSeconds = 0.1

  private struct State {
    var sink: (any ByteSink)?
    var writer: MIDIStreamWriter
    var bytes: [UInt8] = []
  }

  init(name: String, sink: sending any ByteSink, usesRunningStatus: Bool) {
    self.name = name
    let writer = MIDIStreamWriter(usesRunningStatus: usesRunningStatus)
    state = Mutex(State(sink: sink, writer: writer))
  }

  /// Messages to a descriptor that is open for writing.
  /// - Parameters:
  ///   - descriptor: where to write. It stays open at the end.
  ///   - name: what it is called in messages.
  ///   - usesRunningStatus: whether repeated status bytes are left out.
  public convenience init(descriptor: Int32, name: String, usesRunningStatus: Bool = false) {
    let sink = DescriptorSink(
      descriptor: descriptor, name: name, isOwned: false, patienceSeconds: Self.patienceSeconds)
    self.init(name: name, sink: sink, usesRunningStatus: usesRunningStatus)
  }

  /// Messages to standard output.
  public static func standardOutput() -> ByteStreamOutput {
    ByteStreamOutput(descriptor: STDOUT_FILENO, name: "standard output")
  }

  /// Messages to a FIFO, whose readers may come and go.
  /// - Parameters:
  ///   - path: where it is.
  ///   - creates: whether to make it where nothing is at the path; it is then removed when this object ends.
  /// - Throws: `PortError.unopenable` or `.notAPort`.
  public convenience init(fifo path: String, creates: Bool = false) throws(PortError) {
    let sink = try FIFOSink(path: path, creates: creates, patienceSeconds: Self.patienceSeconds)
    self.init(name: path, sink: sink, usesRunningStatus: false)
  }

  /// What went out so far.
  public var statistics: OutputStatistics {
    var statistics = OutputStatistics()
    statistics.messageCount = messageCount.load(ordering: .relaxed)
    statistics.droppedCount = droppedCount.load(ordering: .relaxed)
    return statistics
  }

  /// Sends a message at once.
  /// - Parameters:
  ///   - message: what to send.
  ///   - time: when it was due; of no effect.
  /// - Throws: `PortError.failed` or `.readerGone`.
  public func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
    if closed.load(ordering: .acquiring) { return }
    let result = try state.withLock { state throws(PortError) -> ByteSinkWrite? in
      state.bytes.removeAll(keepingCapacity: true)
      state.writer.write(message, to: &state.bytes)
      guard !state.bytes.isEmpty, let sink = state.sink else { return nil }
      let result = try sink.write(state.bytes)
      // A part of a message may have gone out, and whoever listens next knows no running status.
      if result == .dropped { state.writer.reset() }
      return result
    }
    switch result {
    case .written: messageCount.add(1, ordering: .relaxed)
    case .dropped: droppedCount.add(1, ordering: .relaxed)
    case nil: break
    }
  }

  /// Lets the stream go; what is sent later is dropped.
  public func close() {
    closed.store(true, ordering: .releasing)
    state.withLock { $0.sink = nil }
  }
}
