public import Groundwork
public import MIDI
internal import Synthesis

/// Keeps what was played in a live performance, as a MIDI file: the player in one track, the model in another.
public final class LiveRecorder: Sendable {
  private struct Event: Sendable {
    var isPlayer: Bool
    var time: PerformanceTime
    var message: MIDIMessage
  }

  private struct State: Sendable {
    /// What came since the last time that the file was written.
    var events: [Event] = []
    var failure: FileError?
    var thread: PortThread?
    var isClosed = false
  }

  /// What the thread alone uses, and `finish` once it has ended.
  private final class Work: @unchecked Sendable {
    var events: [Event] = []
  }

  private let path: String
  private let state = Guarded(State())
  private let work = Work()
  private let start = PerformanceTime.now
  private let wake = AlarmSignal()

  /// A tick is half a millisecond and a little more.
  private static let (ticksPerQuarter, ticksPerSecond) = (960, 1920.0)
  /// The file is written anew after so many seconds, so that little is missing after a crash, and later on after this share of the time
  /// that it has taken so far: so all the writing together stays in proportion to the length of the whole.
  private static let (interval, share) = (2.0, 0.05)

  /// A recorder into a file, which is written again and again while it goes on, by a thread of its own: waiting for the disk would keep a
  /// player waiting.
  /// - Throws: `PortError.noResources`.
  public init(path: String) throws(PortError) {
    self.path = path
    let thread = try PortThread { [weak self, wake] in
      // The recorder is let go of while its thread sleeps, so that it ends when nobody else holds it.
      while let next = self?.writeNext() { wake.sleep(until: next) }
    }
    state.withLock { $0.thread = thread }
  }

  deinit { wake.raise() }

  /// Takes a message of the player.
  public func heard(_ message: MIDIMessage, at time: PerformanceTime) { add(true, time, message) }

  /// Takes a message that was played.
  func played(_ event: LiveEvent) {
    guard let message = event.message.onWire(channel: event.channel) else { return }
    add(false, event.time, message)
  }

  private func add(_ isPlayer: Bool, _ time: PerformanceTime, _ message: MIDIMessage) {
    state.withLock { $0.events.append(Event(isPlayer: isPlayer, time: time, message: message)) }
  }

  /// Writes the rest, and ends the thread.
  /// - Throws: `FileError` if the file could not be written, now or before.
  public func finish() throws(FileError) {
    let thread = state.withLock { state in
      state.isClosed = true
      defer { state.thread = nil }
      return state.thread
    }
    wake.raise()
    thread?.join()
    write()
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  /// Writes the file.
  /// - Returns: when to write it again; nil where it is closed.
  private func writeNext() -> PerformanceTime? {
    if state.withLock({ $0.isClosed }) { return nil }
    write()
    return .now.advanced(bySeconds: Self.pause(afterSeconds: PerformanceTime.now.seconds(since: start)))
  }

  /// How long to wait before the file is written again.
  /// - Parameter seconds: how long the recording is.
  static func pause(afterSeconds seconds: Double) -> Double { max(interval, share * seconds) }

  /// Writes the file if there is anything new.
  private func write() {
    let new = state.withLock { state -> [Event] in
      defer { state.events = [] }
      return state.failure == nil ? state.events : []
    }
    guard !new.isEmpty else { return }
    work.events += new
    do throws(FileError) {
      try Self.file(work.events).write(to: path)
    } catch {
      state.withLock { $0.failure = error }
    }
  }

  private static func file(_ events: [Event]) -> MIDIFile {
    var player = MIDITrack(), model = MIDITrack()
    player.append(.meta(.tempo(500_000)), at: 0)
    player.append(.meta(.text(.trackName, Array("player".utf8))), at: 0)
    model.append(.meta(.text(.trackName, Array("model".utf8))), at: 0)
    let ordered = events.enumerated().sorted {
      ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
    }.map(\.element)
    let first = ordered[0].time
    for event in ordered {
      let tick = max(0, Int((event.time.seconds(since: first) * ticksPerSecond).rounded()))
      if event.isPlayer {
        player.append(event.message, at: tick)
      } else {
        model.append(event.message, at: tick)
      }
    }
    return MIDIFile(
      format: .simultaneous, division: .ticksPerQuarter(ticksPerQuarter), tracks: [player, model])
  }
}
