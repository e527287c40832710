internal import Groundwork
internal import MIDI
internal import Music
internal import Synchronization
public import Synthesis

/// Keeps a performance in a MIDI file that is complete to the last bar at each moment: whenever a bar begins to sound, the file is replaced, all at once,
/// by one that has it. So it can be read after the process was killed, or the power failed.
///
/// The file has a track for each channel. Bars follow one another without the gaps that a slow computer makes; messages that belong to no bar are where they were
/// heard in it. It has to be finished. Once the file is over a megabyte, which is some hours of music, it is replaced less often than with each bar.
public final class MIDIRecording: PerformanceListener, @unchecked Sendable {
  /// Where the file is.
  public let path: String

  private let queue = BoundedQueue<Event>(capacity: .max)
  private let sampleRate: Int
  private let problem = Guarded<FileError?>(nil)
  private let kept = Guarded(0.0)
  private var thread: SystemThread?
  // Of the thread that writes.
  private var transcript = Transcript()
  private var unwrittenBars = 0
  /// The size of the file as it was last written, in bytes.
  private var writtenBytes = 0

  private enum Event: Sendable {
    case bar(PerformedBar, frame: Int)
    case message(ChannelMessage, channel: Int, frame: Int)
  }

  /// So many bytes may be written for a bar.
  private static let bytesPerBar = 1 << 20

  /// A recording into a file that is replaced when the first bar begins.
  /// - Parameters:
  ///   - path: Where the file will be.
  ///   - sampleRate: Of the engine that it listens to.
  /// - Throws: `PerformanceError.file` if the folder cannot be written, `.noThread`.
  public init(path: String, sampleRate: Int) throws(PerformanceError) {
    self.path = path
    self.sampleRate = sampleRate
    try Self.check(path)
    thread = SystemThread { self.run() }
    if thread == nil { throw .noThread }
  }

  /// Finds before anything is played that a file cannot be written: the folder is missing or protected, the disk is full, or what is there is a device.
  /// What is there stays as it is.
  /// - Throws: `PerformanceError.file`.
  static func check(_ path: String) throws(PerformanceError) {
    do throws(FileError) {
      let replacement = try AtomicReplacement(path: path)
      try replacement.write(
        MIDIFile(format: .simultaneous, division: .ticksPerQuarter(480), tracks: [MIDITrack()]).encoded())
    } catch {
      throw .file(error)
    }
  }

  /// How much music the file has, in seconds; 0 where none was written.
  public var keptSeconds: Double { kept.withLock { $0 } }

  /// Why the file could not be written at some time; nil as long as it could. It may be asked for at any time.
  public var failure: PerformanceError? { problem.withLock { $0.map(PerformanceError.file) } }

  /// Notes the bar for the thread that writes.
  public func willPlay(_ bar: PerformedBar, atFrame frame: Int) { queue.add(.bar(bar, frame: frame)) }

  /// Notes the message for the thread that writes.
  public func willPlay(_ message: ChannelMessage, channel: Int, atFrame frame: Int) {
    queue.add(.message(message, channel: channel, frame: frame))
  }

  /// Writes what is left, and ends the recording.
  /// - Throws: `PerformanceError.file` if the file could not be written at any time.
  public func finish() throws(PerformanceError) {
    queue.end()
    thread?.join()
    if let failure { throw failure }
  }

  private func run() {
    while let event = queue.waitForElement() {
      switch event {
      case .bar(let bar, let frame):
        transcript.begin(bar, atSecond: Double(frame) / Double(sampleRate))
        unwrittenBars += 1
      case .message(let message, let channel, let frame):
        transcript.add(message, channel: channel, atSecond: Double(frame) / Double(sampleRate))
      }
      // Where several wait, the file is written once for all of them.
      if unwrittenBars > 0, queue.count == 0 { write(isLast: false) }
    }
    if !transcript.isEmpty { write(isLast: true) }
  }

  private func write(isLast: Bool) {
    // The piece is encoded only if it will be written: that takes as long as the music is.
    guard isLast || writtenBytes <= Self.bytesPerBar * unwrittenBars else { return }
    let bytes = transcript.file.encoded()
    writtenBytes = bytes.count
    unwrittenBars = 0
    do throws(FileError) {
      try replaceFile(at: path, with: bytes)
      let seconds = transcript.seconds
      kept.withLock { $0 = seconds }
    } catch {
      let told = error.keeping(seconds: keptSeconds)
      problem.withLock { $0 = $0 ?? told }
    }
  }
}

/// A performance as events by tick.
struct Transcript {
  private struct Event {
    var tick: Int
    /// Note-offs come before changes, and these before note-ons.
    var rank: Int
    var message: MIDIMessage
  }

  private var ticksPerQuarter = 480
  /// Tempo and time signatures, then a track for each channel.
  private var conductor = MIDITrack()
  private var tracks: [Int: MIDITrack] = [:]
  /// What is not in the tracks yet, because something before it may still come.
  private var pending: [Int: [Event]] = [:]
  private var parts: [Int: PerformedPart] = [:]
  /// What the tracks are called, each in its own way.
  private var names: [Int: String] = [:]
  private var timeSignature: TimeSignature?
  private var tempo = 0
  /// The tick and the second at which the last bar begins, and the bar.
  private var last: (tick: Int, second: Double, bar: PerformedBar)?
  private var end = 0

  var isEmpty: Bool { last == nil && pending.isEmpty }

  /// How long it is, in seconds as they were heard.
  var seconds: Double { last.map { $0.second + $0.bar.seconds } ?? (pending.isEmpty ? 0 : 1) }

  /// Takes a bar that follows the one before.
  mutating func begin(_ bar: PerformedBar, atSecond second: Double) {
    if last == nil { ticksPerQuarter = bar.ticksPerQuarter }
    let start = last.map { $0.tick + scaled($0.bar.length, $0.bar) } ?? 0
    settle(before: start)
    last = (start, second, bar)
    end = start + scaled(bar.length, bar)
    if bar.timeSignature != timeSignature {
      // After a bar that is shorter than it says, bar lines are counted anew.
      timeSignature = bar.length == bar.nominalLength ? bar.timeSignature : nil
      conductor.append(
        .meta(
          .timeSignature(
            numerator: bar.timeSignature.numerator,
            denominatorPower: bar.timeSignature.denominator.trailingZeroBitCount, clocksPerClick: 24,
            thirtySecondsPerQuarter: 8)), at: start)
    }
    for change in bar.tempos where change.microsecondsPerQuarter != tempo {
      tempo = change.microsecondsPerQuarter
      conductor.append(.meta(.tempo(tempo)), at: start + scaled(change.tick, bar))
    }
    for part in bar.soundingParts {
      introduce(part, at: start)
    }
    let notes = bar.playedNotes(shortest: 1) { start + scaled($0, bar) }
    for index in notes.indices.sorted(by: { (notes[$0].start, $0) < (notes[$1].start, $1) }) {
      let note = notes[index]
      strike(note.key, velocity: note.velocity, channel: note.channel, from: note.start, to: note.end)
    }
  }

  /// Takes a message where it was heard.
  mutating func add(_ message: ChannelMessage, channel: Int, atSecond second: Double) {
    let tick: Int
    if let last {
      let within = last.bar.timeMap.tick(atSeconds: max(0, second - last.second))
      tick = last.tick + scaled(within, last.bar)
    } else {
      // Before the first bar there is no tempo but the usual one.
      tick = Int(second * 2 * Double(ticksPerQuarter))
    }
    let rank =
      switch message {
      case .noteOff: 0
      case .noteOn(_, let velocity, _): velocity == 0 ? 0 : 2
      default: 1
      }
    add(MIDIMessage(message, channel: channel), channel, tick, rank)
    end = max(end, tick)
  }

  private func scaled(_ tick: Int, _ bar: PerformedBar) -> Int {
    guard bar.ticksPerQuarter != ticksPerQuarter else { return tick }
    return Int((Double(tick) * Double(ticksPerQuarter) / Double(bar.ticksPerQuarter)).rounded())
  }

  private mutating func introduce(_ part: PerformedPart, at tick: Int) {
    let known = parts[part.channel]
    parts[part.channel] = part
    if names[part.channel] == nil { names[part.channel] = freeName(for: part) }
    if known?.program != part.program {
      add(.programChange(channel: part.channel, program: part.program), part.channel, tick, 1)
    }
    if known?.pan ?? 64 != part.pan {
      add(.controlChange(channel: part.channel, controller: 10, value: part.pan), part.channel, tick, 1)
    }
  }

  private mutating func add(_ message: MIDIMessage, _ channel: Int, _ tick: Int, _ rank: Int) {
    pending[channel, default: []].append(Event(tick: tick, rank: rank, message: message))
  }

  /// Adds a note, after all that begin before it. A note of the same key that is still held ends when the key is struck again, since one end of two
  /// notes does not say whose it is; of two that begin together there is one, as long as the longer.
  private mutating func strike(_ key: Int, velocity: Int, channel: Int, from start: Int, to end: Int) {
    var events = pending[channel] ?? []
    var isStruck = false
    for event in events where event.tick == start {
      if case .noteOn(_, key, _) = event.message { isStruck = true }
    }
    for index in events.indices where events[index].tick > start {
      guard case .noteOff(_, key, _) = events[index].message else { continue }
      events[index].tick = isStruck ? max(events[index].tick, end) : start
    }
    pending[channel] = events
    guard !isStruck else { return }
    add(.noteOn(channel: channel, key: key, velocity: velocity), channel, start, 2)
    add(.noteOff(channel: channel, key: key, velocity: 64), channel, end, 0)
  }

  /// Puts all events before a tick into their tracks, for good.
  private mutating func settle(before tick: Int) {
    for (channel, events) in pending {
      let (due, rest) = (events.filter { $0.tick < tick }, events.filter { $0.tick >= tick })
      guard !due.isEmpty else { continue }
      var track = tracks.removeValue(forKey: channel) ?? newTrack(channel)
      Self.append(due, to: &track)
      tracks[channel] = track
      pending[channel] = rest.isEmpty ? nil : rest
    }
  }

  private func newTrack(_ channel: Int) -> MIDITrack {
    var track = MIDITrack()
    let name = names[channel] ?? "Channel \(channel + 1)"
    track.append(.meta(.text(.trackName, Array(name.utf8))), at: 0)
    return track
  }

  /// A part's name, with a number where another track has that name: `Melody 2`.
  private func freeName(for part: PerformedPart) -> String {
    let program = part.isDrum ? "Drums" : GeneralMIDI.programName(part.program) ?? ""
    let name = part.name.isEmpty ? program : part.name
    let used = Set(names.values)
    guard used.contains(name) else { return name }
    return (2...17).lazy.map { "\(name) \($0)" }.first { !used.contains($0) } ?? name
  }

  private static func append(_ events: [Event], to track: inout MIDITrack) {
    let order = events.indices.sorted {
      (events[$0].tick, events[$0].rank, $0) < (events[$1].tick, events[$1].rank, $1)
    }
    for index in order { track.append(events[index].message, at: max(events[index].tick, track.length)) }
  }

  /// All of it, with the ends of notes that are yet to come.
  var file: MIDIFile {
    var all = conductor
    all.end(at: max(end, all.length))
    var list = [all]
    for channel in Set(tracks.keys).union(pending.keys).sorted() {
      var track = tracks[channel] ?? newTrack(channel)
      Self.append(pending[channel] ?? [], to: &track)
      track.end(at: max(end, track.length))
      list.append(track)
    }
    return MIDIFile(format: .simultaneous, division: .ticksPerQuarter(ticksPerQuarter), tracks: list)
  }
}

extension MIDIMessage {
  /// The message on the wire.
  init(_ message: ChannelMessage, channel: Int) {
    self =
      switch message {
      case .noteOn(let key, let velocity, _):
        .noteOn(channel: channel, key: key & 127, velocity: min(max(velocity, 0), 127))
      case .noteOff(let key, _): .noteOff(channel: channel, key: key & 127, velocity: 64)
      case .keyPressure(let key, let value):
        .keyPressure(channel: channel, key: key & 127, pressure: value & 127)
      case .control(let controller, let value):
        .controlChange(channel: channel, controller: controller & 127, value: value & 127)
      case .program(let program): .programChange(channel: channel, program: program & 127)
      case .pressure(let value): .channelPressure(channel: channel, pressure: value & 127)
      case .bend(let value): .pitchBend(channel: channel, value: min(max(value, -8192), 8191))
      }
  }
}
