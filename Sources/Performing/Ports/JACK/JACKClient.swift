internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A client of JACK, or of PipeWire through its libjack: ports for sound and MIDI, and the transport.
///
/// libjack is looked for when the first client is made. JACK calls from a thread of its own and takes what lies in queues without locks; whatever
/// comes too late is silence and counted. Where the server has ended, the client is opened again when it is back, by whoever plays through its sound or,
/// without sound, by itself; what its ports were connected with they are connected with again.
public final class JACKClient: Sendable {
  /// What the server calls the client: the wanted name, or one with a number where that was taken. It may be another one after the server was back.
  public var name: String { connection.name }
  /// Frames per second of the server, in Hz.
  public let sampleRate: Int
  /// Frames of a cycle.
  public let periodFrames: Int
  /// Channels of sound that go out: ports `out_1`, `out_2`….
  public let channelCount: Int

  private let connection: JACKConnection
  private let watch: JACKWatch

  var state: JACKConnection.UnsafeSharedState { connection.state }

  /// Opens a client and begins to run: with silence, and no messages.
  /// - Parameters:
  ///   - name: the wanted name.
  ///   - channelCount: channels of sound that go out, 0...64.
  ///   - connectsSound: whether they are connected to the sound card's.
  ///   - queueSeconds: how much sound the queue holds.
  ///   - serverName: which server, where there are several; nil for the usual one.
  /// - Throws: `PortError.noJACKLibrary`, `.noJACKServer`, or `.failed` where ports cannot be registered.
  public init(
    name: String = "gruppetto", channelCount: Int = 2, connectsSound: Bool = true,
    queueSeconds: Double = 0.02,
    serverName: String? = nil
  ) throws(PortError) {
    precondition((0...64).contains(channelCount), "\(channelCount) channels are not 0...64")
    self.channelCount = channelCount
    connection = try JACKConnection(
      name: name, serverName: serverName, channelCount: channelCount, connectsSound: connectsSound,
      queueSeconds: queueSeconds)
    sampleRate = connection.sampleRate
    periodFrames = connection.periodFrames
    watch = try JACKWatch(connection)
  }

  deinit {
    // Its thread may be opening the client again.
    watch.close()
    connection.close()
  }

  private var library: JACKLibrary { state.pointer.pointee.library }

  private func withClient<Value>(_ body: (JACKLibrary.Client) -> Value) -> Value? {
    connection.withClient(body)
  }

  /// Opens the client again after the server has ended. Others who ask meanwhile wait for it.
  /// - Returns: Whether it is open.
  func reopen() -> Bool { connection.reopen() }

  // MARK: Ports

  /// Whether the server has ended, or has thrown the client out.
  public var isShutDown: Bool { state.pointer.pointee.isShutDown.load(ordering: .acquiring) }

  /// Has somebody told of the server's end, and of its return, as long as there is the client.
  /// - Parameter tell: Is given whether the server is back; called on a thread of its own. It must not hold the client.
  public func watchServer(_ tell: @escaping @Sendable (_ isBack: Bool) -> Void) { watch.tell(tell) }

  /// How many connections of its ports it will make again where the server ends.
  package var knownConnectionCount: Int { connection.knownLinkCount }

  /// How often sound came too late.
  public var underrunCount: Int { state.pointer.pointee.underruns.load(ordering: .relaxed) }

  private func portNames(type: String, flags: UInt) -> [String] {
    withClient { library.portNames($0, type: type, flags: flags) } ?? []
  }

  /// The names of all ports that send MIDI, this client's aside.
  public var midiSources: [String] {
    portNames(type: JACKLibrary.midiType, flags: JACKLibrary.isOutput).filter { !$0.hasPrefix("\(name):") }
  }

  /// The names of all ports that take MIDI, this client's aside.
  public var midiTargets: [String] {
    portNames(type: JACKLibrary.midiType, flags: JACKLibrary.isInput).filter { !$0.hasPrefix("\(name):") }
  }

  /// Connects two ports.
  /// - Parameters:
  ///   - source: the full name of the one that sends, such as `gruppetto:midi_out`.
  ///   - target: the full name of the one that receives.
  /// - Throws: `PortError.noSuchPort` where they cannot be connected.
  public func connect(_ source: String, to target: String) throws(PortError) {
    guard let status = withClient({ library.connect($0, source, target) }) else {
      throw .noJACKServer(reason: "it has ended")
    }
    guard status == 0 || status == EEXIST else {
      let isOwn = source.hasPrefix("\(name):")
      throw .noSuchPort(name: isOwn ? target : source, others: isOwn ? midiTargets : midiSources)
    }
  }

  /// Sound that goes out, for a `PlaybackSession`. From now on whoever plays through it opens the client again where the server has ended.
  public func soundDevice() -> JACKDevice {
    connection.reopensByItself.store(false, ordering: .releasing)
    return JACKDevice(self)
  }
  /// Messages that come in at port `midi_in`, with the moments of their frames. One object of these takes them, on one thread.
  public func input() -> JACKMessageInput { JACKMessageInput(self) }
  /// Messages that go out at port `midi_out`, at the frames of their moments. One thread sends them, as `TimedSender` does.
  public func output() -> JACKMessageOutput { JACKMessageOutput(self) }

  // MARK: Transport

  /// Where the transport stands, as far as JACK and its timebase know it.
  public struct Transport: Sendable, Hashable {
    /// Whether it runs.
    public var isRolling: Bool
    /// The frame.
    public var frame: Int
    /// Bar and beat; nil where no client provides a timebase.
    public var place: Place?

    /// Bar and beat.
    public struct Place: Sendable, Hashable {
      /// The bar, from 1.
      public var bar: Int
      /// The beat in the bar, from 1.
      public var beat: Int
      /// The part of the beat that is over, 0..<1.
      public var part: Double
      /// Beats in a bar.
      public var beatsPerBar: Double
      /// The note value of a beat: 4 for a quarter note.
      public var beatType: Double
      /// Beats a minute.
      public var beatsPerMinute: Double
    }
  }

  /// Where the transport stands.
  public var transport: Transport {
    let position = UnsafeMutableRawPointer.allocate(byteCount: JACKPosition.size, alignment: 8)
    defer { position.deallocate() }
    position.initializeMemory(as: UInt8.self, repeating: 0, count: JACKPosition.size)
    guard let status = withClient({ library.transport($0, position) }) else {
      return Transport(isRolling: false, frame: 0)
    }
    func value<Value: BitwiseCopyable>(_ offset: Int, _ type: Value.Type) -> Value {
      position.load(fromByteOffset: offset, as: type)
    }
    var result = Transport(isRolling: status == 1, frame: Int(value(JACKPosition.frame, UInt32.self)))
    if value(JACKPosition.valid, UInt32.self) & JACKPosition.hasBars != 0 {
      let ticks = value(JACKPosition.ticksPerBeat, Double.self)
      result.place = Transport.Place(
        bar: Int(value(JACKPosition.bar, Int32.self)), beat: Int(value(JACKPosition.beat, Int32.self)),
        part: ticks > 0 ? Double(value(JACKPosition.tick, Int32.self)) / ticks : 0,
        beatsPerBar: Double(value(JACKPosition.beatsPerBar, Float.self)),
        beatType: Double(value(JACKPosition.beatType, Float.self)),
        beatsPerMinute: value(JACKPosition.beatsPerMinute, Double.self))
    }
    return result
  }

  /// Starts the transport, for all clients.
  public func startTransport() {
    withClient { library.startTransport($0) }
  }

  /// Stops the transport, for all clients.
  public func stopTransport() {
    withClient { library.stopTransport($0) }
  }

  /// Moves the transport, for all clients.
  /// - Parameter frame: where to.
  public func locateTransport(frame: Int) {
    withClient { _ = library.locate($0, UInt32(clamping: frame)) }
  }

  /// Tells all clients bar and beat of the transport, by a tempo and a metre that stay. To be called once, before the transport starts.
  /// - Parameters:
  ///   - beatsPerMinute: the tempo.
  ///   - beatsPerBar: beats in a bar.
  ///   - beatType: the note value of a beat.
  /// - Returns: whether no other client does.
  public func provideTimebase(beatsPerMinute: Double, beatsPerBar: Int = 4, beatType: Int = 4) -> Bool {
    let pointer = state.pointer
    guard beatsPerMinute > 0, beatsPerBar > 0 else { return false }
    let status = withClient { client in
      pointer.pointee.beatsPerMinute = beatsPerMinute
      pointer.pointee.beatsPerBar = Float(beatsPerBar)
      pointer.pointee.beatType = Float(beatType)
      return library.setTimebase(
        client, 1,
        { _, _, position, _, context in
          guard let position else { return }
          context?.assumingMemoryBound(to: JACKState.self).pointee.fillPosition(position)
        }, pointer)
    }
    return status == 0
  }
}
