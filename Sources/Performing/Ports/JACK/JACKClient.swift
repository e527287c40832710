internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A client of JACK, or of PipeWire through its libjack: ports for sound and MIDI, and the transport.
///
/// libjack is looked for when the first client is made. JACK calls from a thread of its own and takes what lies in queues without locks; whatever
/// comes too late is silence and counted.
public final class JACKClient: Sendable {
  /// What the server calls the client: the wanted name, or one with a number where that was taken.
  public let name: String
  /// Frames per second of the server, in Hz.
  public let sampleRate: Int
  /// Frames of a cycle.
  public let periodFrames: Int
  /// Channels of sound that go out: ports `out_1`, `out_2`….
  public let channelCount: Int

  let state: UnsafeSharedState
  /// The library's client; nil where the server has ended. All threads but JACK's use it under the lock, so that nobody asks a client that is
  /// being closed or opened again. JACK's thread has it in the state, and does not run while that is changed.
  private let opened = Guarded<JACKLibrary.Client?>(nil)
  private let requestedName: String
  private let serverName: String?
  private let connectsSound: Bool
  private let watch = Guarded<JACKWatch?>(nil)

  /// The state, which JACK's thread and ours share by what is atomic in it.
  struct UnsafeSharedState: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<JACKState>
  }

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
    let library = try JACKLibrary.load()
    requestedName = name
    self.serverName = serverName
    self.connectsSound = connectsSound
    self.channelCount = channelCount
    let client = try Self.open(library, name, serverName)
    sampleRate = Int(library.sampleRate(client))
    periodFrames = Int(library.bufferSize(client))
    self.name = library.clientName(client).map { String(cString: $0) } ?? name
    let queue = min(max(queueSeconds, 0.001), 10) * Double(sampleRate)
    let pointer = UnsafeMutablePointer<JACKState>.allocate(capacity: 1)
    pointer.initialize(
      to: JACKState(
        library: library, channelCount: channelCount, frameCapacity: max(Int(queue), 2 * periodFrames)))
    state = UnsafeSharedState(pointer: pointer)
    try opened.withLock { opened throws(PortError) in try run(client, &opened) }
  }

  deinit {
    // Its thread looks at the state.
    watch.withLock { $0?.close() }
    opened.withLock { closeClient(&$0) }
    state.pointer.deinitialize(count: 1)
    state.pointer.deallocate()
  }

  private static func open(
    _ library: JACKLibrary, _ name: String, _ serverName: String?
  ) throws(PortError) -> JACKLibrary.Client {
    var status: UInt32 = 0
    let options = JACKLibrary.startsNoServer | (serverName == nil ? 0 : JACKLibrary.namesServer)
    let client = name.withCString { name in
      if let serverName {
        serverName.withCString { library.open(name, options, &status, $0) }
      } else {
        library.open(name, options, &status, nil)
      }
    }
    if let client { return client }
    // Of its bits, 0x10 says that no server answers.
    throw .noJACKServer(
      reason: status & 0x10 != 0 ? "none runs" : "status 0x\(String(status, radix: 16))")
  }

  /// Registers ports and begins to run.
  private func run(
    _ client: JACKLibrary.Client, _ opened: inout JACKLibrary.Client?
  ) throws(PortError) {
    let pointer = state.pointer
    let library = pointer.pointee.library
    opened = client
    pointer.pointee.client = client
    pointer.pointee.clockOffset = PerformanceTime.now.nanoseconds - Int64(library.now()) * 1_000
    for channel in 0..<channelCount {
      pointer.pointee.audioPorts[channel] = library.register(
        client, "out_\(channel + 1)", JACKLibrary.audioType, JACKLibrary.isOutput, 0)
    }
    pointer.pointee.midiIn = library.register(client, "midi_in", JACKLibrary.midiType, JACKLibrary.isInput, 0)
    pointer.pointee.midiOut = library.register(
      client, "midi_out", JACKLibrary.midiType, JACKLibrary.isOutput, 0)
    let hasPorts =
      pointer.pointee.midiIn != nil && pointer.pointee.midiOut != nil
      && (0..<channelCount).allSatisfy { pointer.pointee.audioPorts[$0] != nil }
    library.onShutdown(
      client,
      { context in
        context?.assumingMemoryBound(to: JACKState.self).pointee.isShutDown.store(true, ordering: .releasing)
      }, pointer)
    let status = library.setProcess(
      client,
      { count, context in
        context?.assumingMemoryBound(to: JACKState.self).pointee.process(Int(count))
        return 0
      }, pointer)
    guard hasPorts, status == 0, library.activate(client) == 0 else {
      closeClient(&opened)
      throw .failed(name: "JACK", reason: "ports cannot be registered")
    }
    if connectsSound { connectSound(library, client) }
  }

  private func closeClient(_ opened: inout JACKLibrary.Client?) {
    guard let client = opened else { return }
    // JACK's thread has ended when this returns.
    _ = library.close(client)
    opened = nil
    state.pointer.pointee.client = nil
  }

  private var library: JACKLibrary { state.pointer.pointee.library }

  /// Uses the client while it is not closed, and its server runs: the library is not to be trusted with one whose server has ended.
  /// - Returns: nil where the server has ended.
  private func withClient<Value>(_ body: (JACKLibrary.Client) -> Value) -> Value? {
    opened.withLock { isShutDown ? nil : $0.map(body) }
  }

  private func connectSound(_ library: JACKLibrary, _ client: JACKLibrary.Client) {
    let targets = Self.portNames(
      library, client, type: JACKLibrary.audioType, flags: JACKLibrary.isInput | JACKLibrary.isPhysical)
    let name = library.clientName(client).map { String(cString: $0) } ?? name
    for (channel, target) in targets.prefix(channelCount).enumerated() {
      _ = library.connect(client, "\(name):out_\(channel + 1)", target)
    }
    // One channel is heard on both sides.
    if channelCount == 1, targets.count > 1 { _ = library.connect(client, "\(name):out_1", targets[1]) }
  }

  /// Opens the client again after the server has ended. Others who ask meanwhile wait for it.
  func reopen() -> Bool {
    opened.withLock { opened in
      closeClient(&opened)
      guard let client = try? Self.open(library, requestedName, serverName) else { return false }
      guard Int(library.sampleRate(client)) == sampleRate, Int(library.bufferSize(client)) <= periodFrames
      else {
        _ = library.close(client)
        return false
      }
      state.pointer.pointee.isShutDown.store(false, ordering: .releasing)
      do throws(PortError) { try run(client, &opened) } catch { return false }
      state.pointer.pointee.reopenings.add(1, ordering: .releasing)
      return true
    }
  }

  // MARK: Ports

  /// Whether the server has ended, or has thrown the client out.
  public var isShutDown: Bool { state.pointer.pointee.isShutDown.load(ordering: .acquiring) }

  /// Has somebody told of the server's end, and of its return, as long as there is the client.
  /// - Parameter tell: Is given whether the server is back; called on a thread of its own. It must not hold the client.
  /// - Throws: `PortError.noResources`.
  public func watchServer(_ tell: @escaping @Sendable (_ isBack: Bool) -> Void) throws(PortError) {
    let watch = try JACKWatch(state, tell)
    let former = self.watch.withLock { current in
      defer { current = watch }
      return current
    }
    former?.close()
  }

  /// How often sound came too late.
  public var underrunCount: Int { state.pointer.pointee.underruns.load(ordering: .relaxed) }

  private func portNames(type: String, flags: UInt) -> [String] {
    withClient { Self.portNames(library, $0, type: type, flags: flags) } ?? []
  }

  private static func portNames(
    _ library: JACKLibrary, _ client: JACKLibrary.Client, type: String, flags: UInt
  ) -> [String] {
    guard let list = library.ports(client, nil, type, flags) else { return [] }
    defer { library.free(list) }
    var names: [String] = []
    while let name = list[names.count] { names.append(String(cString: name)) }
    return names
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

  /// Sound that goes out, for a `PlaybackSession`.
  public func soundDevice() -> JACKDevice { JACKDevice(self) }
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
