public import Groundwork
public import MIDI
internal import Synthesis

/// Keeps what was played in a live performance, as a MIDI file: the player in one track, the model in another.
///
/// The file is complete to the last second at each moment, whatever ends the process: it is replaced, all at once, by one that has more. Once it is over a
/// megabyte, which is some hours of music, it is replaced less often, so that all the writing together stays in proportion to its length.
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
    var hasFile = false
    var thread: PortThread?
    var isClosed = false
  }

  /// What the thread alone uses, and `finish` once it has ended.
  private final class Work: @unchecked Sendable {
    var transcript: LiveTranscript
    var isUnwritten = false
    /// The size of the file as it was last written, in bytes, and how often it might have been written since.
    var writtenBytes = 0
    var turns = 0
    /// How long the music is that the file has, in seconds.
    var writtenSeconds = 0.0

    init(_ transcript: LiveTranscript) { self.transcript = transcript }
  }

  private let path: String
  private let state = Guarded(State())
  private let work: Work
  private let wake = AlarmSignal()

  /// The file is written anew after so many seconds.
  static let interval = 1.0
  /// So many bytes may be written for each of them.
  private static let bytesPerTurn = 1 << 20

  /// A recorder into a file, which is written again and again while it goes on, by a thread of its own: waiting for the disk would keep a
  /// player waiting. A file that is there stays until something was played.
  /// - Parameters:
  ///   - path: Where the file will be.
  ///   - quartersPerMinute: The tempo that the player keeps to, above 0; nil if it is not known, and the file then has the usual 120.
  /// - Throws: `PerformanceError.file` if it cannot be written there, `.noThread`.
  public init(path: String, quartersPerMinute: Double? = nil) throws(PerformanceError) {
    self.path = path
    work = Work(LiveTranscript(quartersPerMinute: quartersPerMinute ?? LiveTranscript.usualTempo))
    try MIDIRecording.check(path)
    let thread: PortThread
    do throws(PortError) {
      thread = try PortThread { [weak self, wake] in
        // The recorder is let go of while its thread sleeps, so that it ends when nobody else holds it.
        while let next = self?.writeNext() { wake.sleep(until: next) }
      }
    } catch {
      throw .noThread
    }
    state.withLock { $0.thread = thread }
  }

  deinit { wake.raise() }

  /// Why the file could not be written at some time; nil as long as it could. It may be asked for at any time.
  public var failure: FileError? { state.withLock { $0.failure } }
  /// Whether there is a file: whether anything was played, and written.
  public var hasFile: Bool { state.withLock { $0.hasFile } }

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
    write(isLast: true)
    if let failure { throw failure }
  }

  /// Writes the file.
  /// - Returns: when to write it again; nil where it is closed.
  private func writeNext() -> PerformanceTime? {
    if state.withLock({ $0.isClosed }) { return nil }
    write(isLast: false)
    return .now.advanced(bySeconds: Self.interval)
  }

  /// Writes the file if there is anything new.
  private func write(isLast: Bool) {
    let new = state.withLock { state -> [Event] in
      var new: [Event] = []
      swap(&new, &state.events)
      return new
    }
    for event in new { work.transcript.add(event.message, isPlayer: event.isPlayer, at: event.time) }
    work.turns += 1
    work.isUnwritten = work.isUnwritten || !new.isEmpty
    guard work.isUnwritten, isLast || Self.isDue(bytes: work.writtenBytes, turns: work.turns) else { return }
    let bytes = work.transcript.file.encoded()
    work.writtenBytes = bytes.count
    work.turns = 0
    do throws(FileError) {
      try replaceFile(at: path, with: bytes)
      work.isUnwritten = false
      work.writtenSeconds = work.transcript.seconds
      state.withLock { $0.hasFile = true }
    } catch {
      let told = error.keeping(seconds: work.writtenSeconds)
      state.withLock { $0.failure = $0.failure ?? told }
    }
  }

  /// Whether a file of this size, which might have been written so many times since, is written again.
  static func isDue(bytes: Int, turns: Int) -> Bool { bytes <= bytesPerTurn * turns }
}
