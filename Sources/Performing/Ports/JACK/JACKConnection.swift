internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What a client has of its server: the library's client, its ports, and what they are connected with. It can be made anew where the server has ended and
/// is back, and then has the connections that it had.
final class JACKConnection: Sendable {
  let sampleRate: Int
  let periodFrames: Int
  let state: UnsafeSharedState
  /// Whether the client is opened again by the thread that watches it.
  let reopensByItself = Atomic<Bool>(true)

  /// The library's client; nil where the server has ended. All threads but JACK's use it under the lock, so that nobody asks a client that is
  /// being closed or opened again. JACK's thread has it in the state, and does not run while that is changed.
  private let opened = Guarded<JACKLibrary.Client?>(nil)
  private let links = Guarded(Links())
  /// What is asked for when the client is opened again: the name that it had first.
  private let wantedName: String
  private let currentName: Guarded<String>
  private let serverName: String?
  private let channelCount: Int
  private let connectsSound: Bool

  /// The state, which JACK's thread and ours share by what is atomic in it.
  struct UnsafeSharedState: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<JACKState>
  }

  /// A port of the client and one of another, by its full name.
  private struct Link: Hashable {
    var port: String
    var other: String
  }

  private struct Links {
    /// Those that there were when they were looked at last.
    var known: Set<Link> = []
    /// Those that there were before the server ended, and are to be made again.
    var missing: Set<Link> = []
  }

  /// As `JACKClient.init`.
  init(
    name: String, serverName: String?, channelCount: Int, connectsSound: Bool, queueSeconds: Double
  ) throws(PortError) {
    let library = try JACKLibrary.load()
    self.serverName = serverName
    self.connectsSound = connectsSound
    self.channelCount = channelCount
    let client = try Self.open(library, name, serverName)
    sampleRate = Int(library.sampleRate(client))
    periodFrames = Int(library.bufferSize(client))
    wantedName = library.clientName(client).map { String(cString: $0) } ?? name
    currentName = Guarded(wantedName)
    let queue = min(max(queueSeconds, 0.001), 10) * Double(sampleRate)
    let pointer = UnsafeMutablePointer<JACKState>.allocate(capacity: 1)
    pointer.initialize(
      to: JACKState(
        library: library, channelCount: channelCount, frameCapacity: max(Int(queue), 2 * periodFrames)))
    state = UnsafeSharedState(pointer: pointer)
    try opened.withLock { opened throws(PortError) in
      try run(client, &opened)
      if connectsSound { connectSound(client) }
    }
  }

  deinit {
    close()
    state.pointer.deinitialize(count: 1)
    state.pointer.deallocate()
  }

  /// Closes the library's client.
  func close() { opened.withLock { closeClient(&$0) } }

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
    opened = client
    if let given = library.clientName(client) {
      let name = String(cString: given)
      currentName.withLock { $0 = name }
    }
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
  }

  private func closeClient(_ opened: inout JACKLibrary.Client?) {
    guard let client = opened else { return }
    // JACK's thread has ended when this returns.
    _ = library.close(client)
    opened = nil
    state.pointer.pointee.client = nil
  }

  private var library: JACKLibrary { state.pointer.pointee.library }
  private var isShutDown: Bool { state.pointer.pointee.isShutDown.load(ordering: .acquiring) }

  /// Uses the client while it is not closed, and its server runs: the library is not to be trusted with one whose server has ended.
  /// - Returns: nil where the server has ended.
  func withClient<Value>(_ body: (JACKLibrary.Client) -> Value) -> Value? {
    opened.withLock { isShutDown ? nil : $0.map(body) }
  }

  /// Whether there is a client and its server runs. Waits for whoever is opening it again, with its ports and connections.
  var isOpen: Bool { withClient { _ in true } ?? false }

  /// What the server calls the client: after it was opened again, maybe something else than before.
  var name: String { currentName.withLock { $0 } }

  /// How many connections there were when they were looked at last.
  var knownLinkCount: Int { links.withLock { $0.known.count } }

  private func connectSound(_ client: JACKLibrary.Client) {
    let targets = library.portNames(
      client, type: JACKLibrary.audioType, flags: JACKLibrary.isInput | JACKLibrary.isPhysical)
    let name = name
    for (channel, target) in targets.prefix(channelCount).enumerated() {
      _ = library.connect(client, "\(name):out_\(channel + 1)", target)
    }
    // One channel is heard on both sides.
    if channelCount == 1, targets.count > 1 { _ = library.connect(client, "\(name):out_1", targets[1]) }
  }

  /// Opens the client again after the server has ended. Others who ask meanwhile wait for it.
  /// - Returns: Whether it is open.
  func reopen() -> Bool {
    opened.withLock { opened in
      // Somebody else was faster.
      guard isShutDown else { return opened != nil }
      closeClient(&opened)
      guard let client = try? Self.open(library, wantedName, serverName) else { return false }
      guard Int(library.sampleRate(client)) == sampleRate, Int(library.bufferSize(client)) <= periodFrames
      else {
        _ = library.close(client)
        return false
      }
      // Whoever finds that it runs finds that it was opened again, too: what was held down before is released first. It is told before it runs, so that
      // the server's end meanwhile is not lost.
      state.pointer.pointee.reopenings.add(1, ordering: .releasing)
      state.pointer.pointee.isShutDown.store(false, ordering: .releasing)
      do throws(PortError) {
        try run(client, &opened)
      } catch {
        state.pointer.pointee.isShutDown.store(true, ordering: .releasing)
        return false
      }
      let hadSound = links.withLock { links in
        links.missing.formUnion(links.known)
        links.known = []
        return links.missing.contains { $0.port.hasPrefix("out_") }
      }
      if connectsSound, !hadSound { connectSound(client) }
      makeLinks(client)
      return true
    }
  }

  // MARK: Connections

  /// Looks what the ports are connected with, so that it can be made again, and makes what is still missing.
  func followLinks() {
    _ = withClient { client in
      let known = currentLinks(client)
      // Where the server has ended meanwhile, there are none.
      guard !isShutDown else { return }
      links.withLock { $0.known = known }
      makeLinks(client)
    }
  }

  private func currentLinks(_ client: JACKLibrary.Client) -> Set<Link> {
    let pointer = state.pointer
    var ports: [(String, JACKLibrary.Port?)] = [
      ("midi_in", pointer.pointee.midiIn), ("midi_out", pointer.pointee.midiOut),
    ]
    for channel in 0..<channelCount {
      ports.append(("out_\(channel + 1)", pointer.pointee.audioPorts[channel]))
    }
    var links: Set<Link> = []
    for case (let name, let port?) in ports {
      for other in library.names(library.connections(port)) { links.insert(Link(port: name, other: other)) }
    }
    return links
  }

  /// Makes the connections that were lost, as far as the other ports are there again.
  private func makeLinks(_ client: JACKLibrary.Client) {
    let missing = links.withLock { $0.missing }
    guard !missing.isEmpty else { return }
    let name = name
    for link in missing {
      let own = "\(name):\(link.port)"
      let status =
        link.port == "midi_in"
        ? library.connect(client, link.other, own) : library.connect(client, own, link.other)
      if status == 0 || status == EEXIST { _ = links.withLock { $0.missing.remove(link) } }
    }
  }
}
