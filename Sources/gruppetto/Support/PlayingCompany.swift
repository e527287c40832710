internal import Groundwork
internal import Performing

/// The others who take part while music plays: ports and programs that are sent what is heard, with its bars and beats.
///
/// They are found before the music begins; then they take part in a performance of an engine, or in one file after another.
final class PlayingCompany {
  /// What other programs ask for comes in here; nil without `--osc`.
  private let server: OSCServer?
  private let outputs: [any MessageOutput]
  /// Who tells of bars and beats; nil where nobody wants to know.
  private let announcer: SongAnnouncer?
  private(set) var performers: [MIDIPerformer] = []
  private(set) var conductor: PerformanceConductor?
  private var performanceCount = 0

  /// An output that outlives a performance.
  private final class KeptOpen: MessageOutput {
    private let output: any MessageOutput

    init(_ output: any MessageOutput) { self.output = output }

    var name: String { output.name }
    var statistics: OutputStatistics { output.statistics }
    var leadSeconds: Double { output.leadSeconds }

    func send(_ message: WireMessage, at time: PerformanceTime) throws(PortError) {
      try output.send(message, at: time)
    }

    func close() {}
  }

  /// Opens ports and listens.
  /// - Parameters:
  ///   - options: Which.
  ///   - common: Tells what becomes of a server that ports are of.
  ///   - handler: Does what other programs ask for.
  /// - Throws: `PortError`.
  init(_ options: PlayPortOptions, common: CommonOptions, handler: @escaping RemoteHandler) throws {
    var ports = NamedPorts(common)
    outputs = try options.midi.compactMap { try ports.output($0) }
    var server: OSCServer?
    if let port = options.osc {
      server = try OSCServer(
        endpoint: OSCEndpoint(port: UInt16(clamping: port)), refusingNotes: RemoteWords.noNotes,
        handler: handler)
    }
    self.server = server
    announcer = try SongAnnouncer.telling(server, clocks: options.sendClock ? outputs : [])
  }

  /// Begins a performance.
  /// - Parameters:
  ///   - sampleRate: Frames a second.
  ///   - moment: When a frame is heard; nil as long as that is not known.
  /// - Throws: `PortError`.
  func begin(sampleRate: Int, moment: @escaping @Sendable (Int) -> PerformanceTime?) throws {
    performanceCount += 1
    var all: [any MessageOutput] = outputs
    if let server { all.append(OSCSubscriberOutput(server)) }
    performers = try all.map { try MIDIPerformer(KeptOpen($0), sampleRate: sampleRate, clock: moment) }
    conductor = try announcer.map {
      try PerformanceConductor($0, sampleRate: sampleRate, place: performanceCount << 20, clock: moment)
    }
  }

  /// Takes part in what an engine plays.
  /// - Parameters:
  ///   - engine: The engine, which has not rendered yet.
  ///   - clock: When its sound is heard.
  /// - Throws: `PortError`.
  func join(_ engine: PerformanceEngine, _ clock: PlayingClock) throws {
    let rate = Double(engine.sampleRate)
    try begin(sampleRate: engine.sampleRate) { clock.moment(ofSecond: Double($0) / rate, sampleRate: rate) }
    for performer in performers { engine.add(performer) }
    if let conductor { engine.add(conductor) }
  }

  /// Why a port is of no use any more; nil as long as all are.
  var problem: PortError? {
    for performer in performers {
      if let problem = performer.problem { return problem }
    }
    return announcer?.failure
  }

  /// How many OSC messages were not understood.
  var faultCount: Int { server?.input.statistics.faultCount ?? 0 }

  /// What there is to say of messages that were not understood, behind what else there is.
  static func words(faults: Int) -> String {
    faults > 0 ? "; \(Readable.plural(faults, "OSC message")) could not be read" : ""
  }

  /// Holds back what is to come.
  func pause() {
    for performer in performers { performer.pause() }
    conductor?.pause()
  }

  /// Goes on after a pause.
  func resume() {
    for performer in performers { performer.resume() }
    conductor?.resume()
  }

  /// Ends a performance: all its notes are ended, and the clock is stopped.
  /// - Parameter seconds: For how long what is planned may still be sent.
  /// - Throws: What went wrong first.
  func end(waits seconds: Double = 0) throws {
    conductor?.finish()
    conductor = nil
    var first: PortError?
    for performer in performers {
      do throws(PortError) {
        try performer.finish(waits: seconds)
      } catch {
        first = first ?? error
      }
    }
    performers = []
    if let error = first ?? announcer?.failure { throw error }
  }

  /// Ends the last performance, and closes all ports.
  /// - Throws: What went wrong first.
  func finish() throws {
    defer {
      announcer?.close()
      for output in outputs { output.close() }
      server?.close()
    }
    try end()
  }
}

extension SongAnnouncer {
  /// An announcer to those who want to know; nil where nobody does.
  /// - Parameters:
  ///   - server: Tells its subscribers of bars, if there is one.
  ///   - clocks: Where the clock goes.
  /// - Throws: `PortError.noResources`.
  static func telling(
    _ server: OSCServer?, clocks: [any MessageOutput]
  ) throws(PortError) -> SongAnnouncer? {
    if let server { return try SongAnnouncer(clocks: clocks) { server.announceBar($0) } }
    return clocks.isEmpty ? nil : try SongAnnouncer(clocks: clocks)
  }
}
