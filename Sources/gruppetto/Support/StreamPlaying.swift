internal import Audio
internal import Foundation
internal import Groundwork
internal import Performing
internal import Synchronization
internal import Synthesis

/// `gruppetto play -` with a stream of MIDI messages on standard input, as a keyboard or another program sends them: they sound as they arrive.
struct StreamPlaying {
  var raw: RawOptions
  /// Whether the end of the sound, too, is written no faster than it would be heard.
  var isPaced: Bool
  var device: String
  var latency: Double
  var gain: Double
  var reverb: ReverbOptions
  var performance: PerformanceOptions
  var common: CommonOptions

  /// So long after a message arrived, in seconds, its sound is written to a pipe: by then, all that came before it is known.
  private static let lag = 0.02
  /// How many frames are rendered at a time for a device.
  private static let blockFrames = 64

  /// What was played.
  private struct Result {
    var frames = 0
    var gaps: Int?
  }

  /// Plays until the input ends.
  /// - Parameters:
  ///   - arrivals: The messages.
  ///   - sounds: What plays; it is loaded while the input is waited for.
  func run(_ arrivals: Arrivals, _ sounds: Promise<LoadedSound>) throws {
    let cancellation = Interruption.cancellation()
    defer { arrivals.close() }
    let bank = try sounds.value()
    bank.tell(common)
    let output = try raw.open(common, cancellation)
    let session = try output == nil ? openSession() : nil
    let rate = session?.sampleRate ?? raw.rate
    var options = performance.renderOptions(sampleRate: rate)
    reverb.apply(to: &options)
    let performer = MessagePerformer(bank: bank, options: options, gain: gain)
    let result =
      if let session {
        try play(arrivals, performer, session, cancellation)
      } else if let output {
        try write(arrivals, performer, output, cancellation)
      } else {
        Result()
      }
    PlayerLine.shared.clear()
    if isUnreadable(arrivals.statistics, isWhole: !cancellation.isRequested) {
      throw UnreadableStream(arrivals.statistics)
    }
    try tell(result, arrivals, performer, cancellation)
    if let failure = arrivals.failure { throw failure }
  }

  private func openSession() throws -> PlaybackSession {
    let session = try SoundDevice.session(
      PlaybackSettings(device: device, latencySeconds: latency, queueSeconds: 0.001), common: common)
    guard RenderOptions.sampleRates.contains(session.sampleRate) else {
      throw AudioError.unsuitableDevice(
        name: device, reason: "it runs at \(session.sampleRate) Hz; instruments need 8000 to 192000 Hz")
    }
    return session
  }

  // MARK: To a device

  /// Plays through a device: each message is heard as soon as can be.
  private func play(
    _ arrivals: Arrivals, _ performer: MessagePerformer, _ session: PlaybackSession,
    _ cancellation: Cancellation
  ) throws -> Result {
    let ended = Atomic<Bool>(false)
    let engine = performer.engine
    try session.start()
    let rendering = Background {
      defer { ended.store(true, ordering: .releasing) }
      try Self.feed(engine, session)
    }
    var isFinished = false
    while !ended.load(ordering: .acquiring) {
      if cancellation.isRequested || isUnreadable(arrivals.statistics) {
        engine.stop()
        isFinished = true
      }
      let (messages, gone) = arrivals.take(performer.room, waiting: isFinished ? 0 : 0.02)
      if isFinished { usleep(5000) }
      performer.take(messages)
      if gone != nil { performer.releaseAll() }
      if arrivals.isEnded, !isFinished {
        engine.finish()
        isFinished = true
      }
      show(performer, seconds: Double(session.heardFrames) / Double(session.sampleRate), session.takePeak())
    }
    if let error = rendering.wait() { throw error }
    let played = try session.finish()
    return Result(frames: played.frameCount, gaps: played.counts.gaps)
  }

  /// Renders for a device, no further ahead than it needs, until the performance has ended.
  private static func feed(_ engine: PerformanceEngine, _ session: PlaybackSession) throws {
    PortThread.becomeRealTime()
    var samples = [Float](repeating: 0, count: 2 * blockFrames)
    // A period of the device ahead, and the block that is being written.
    let wanted = min(
      session.queueFrames, max(blockFrames, session.queueFrames - session.settings.periodFrames))
    while true {
      guard try session.waitForRoom(wanted, seconds: 0.02) else {
        guard try session.isPlaying() else { return }
        continue
      }
      var room = samples.mutableSpan
      let frames = engine.render(into: &room)
      _ = session.write(samples.span.extracting(first: 2 * frames))
      if frames < blockFrames { return }
    }
  }

  // MARK: To a pipe or file

  /// Writes samples in which each message stands where it arrived, counted from the first: as time passes, however late what reads them is.
  private func write(
    _ arrivals: Arrivals, _ performer: MessagePerformer, _ output: RawOutput, _ cancellation: Cancellation
  ) throws -> Result {
    let engine = performer.engine
    let rate = Double(engine.sampleRate)
    var start: PerformanceTime?
    /// Where a moment stands in the samples.
    func frame(_ time: PerformanceTime) -> Int {
      start.map { Int((time.seconds(since: $0) * rate).rounded()) } ?? 0
    }
    var last = 0
    var sink = Sink(engine: engine, output: output)
    while !cancellation.isRequested, !isUnreadable(arrivals.statistics) {
      // Preparing sounds takes time, in which more arrives: what may be written is decided before.
      let known = PerformanceTime.now.advanced(bySeconds: -Self.lag)
      let (messages, gone) = arrivals.take(performer.room, waiting: 0.005)
      if start == nil { start = messages.first(where: \.isForChannel)?.time }
      if start != nil {
        performer.take(messages, atFrame: frame)
        if let time = gone ?? messages.last?.time { last = max(last, frame(time)) }
        if gone != nil { performer.releaseAll(atFrame: last) }
        if arrivals.isEnded { break }
        guard try sink.write(upTo: frame(known)) else { break }
      } else if arrivals.isEnded {
        break
      }
      show(performer, seconds: Double(sink.frames) / rate, sink.takePeak())
    }
    if cancellation.isRequested || isUnreadable(arrivals.statistics) {
      engine.stop()
    } else {
      // The last messages may be ahead of what was written.
      _ = try sink.write(upTo: last + 1)
      engine.finish()
    }
    var isOpen = start != nil
    while isOpen, try sink.write(upTo: sink.frames + 256) {
      if cancellation.isRequested { engine.stop() }
      let early = start.map { Double(sink.frames) / rate - PerformanceTime.now.seconds(since: $0) } ?? 0
      if isPaced, early > 0 { usleep(UInt32(1e6 * min(early, 1))) }
      isOpen = !sink.isEnded
    }
    return Result(frames: sink.frames)
  }

  /// The way from an engine to an output.
  private struct Sink {
    let engine: PerformanceEngine
    let output: RawOutput
    var frames = 0
    /// Whether the engine has no more.
    var isEnded = false
    private var peak: Float = 0
    private var samples = [Float](repeating: 0, count: 2 * blockFrames)

    private static let blockFrames = 256

    init(engine: PerformanceEngine, output: RawOutput) {
      self.engine = engine
      self.output = output
    }

    /// Renders and writes, to the frame or a little further.
    /// - Returns: false where nothing can be written any more, after an interruption.
    mutating func write(upTo frame: Int) throws -> Bool {
      while frames < frame, !isEnded {
        let engine = engine
        var room = samples.mutableSpan
        let count = engine.render(into: &room)
        isEnded = count < Self.blockFrames
        for sample in samples[..<(2 * count)] { peak = max(peak, abs(sample)) }
        guard try output.write(samples.span.extracting(first: 2 * count)) else { return false }
        frames += count
      }
      return true
    }

    mutating func takePeak() -> Float {
      defer { peak = 0 }
      return peak
    }
  }

  // MARK: Telling

  /// Whether so much was no message that the rest is not to be trusted: among bytes at random, there are six faults for ten messages.
  /// - Parameter isWhole: Whether nothing more comes: until then, a few faults may be those of a stream that was joined amid a message.
  private func isUnreadable(_ statistics: InputStatistics, isWhole: Bool = false) -> Bool {
    statistics.faultCount >= (isWhole ? 3 : 8) && 4 * statistics.faultCount > statistics.messageCount
  }

  private func show(_ performer: MessagePerformer, seconds: Double, _ peak: Float) {
    guard !common.quiet else { return }
    PlayerLine.shared.show([
      "standard input", Readable.clock(seconds), Readable.plural(performer.noteCount, "note"),
      PlayerLine.level(peak),
    ])
  }

  private struct Report: Encodable {
    var seconds: Double
    var notes: Int
    /// Messages, those aside that were not understood.
    var messages: Int
    /// Messages and bytes that were not understood.
    var faults: Int
    /// Messages that were lost because too many came at once.
    var lost: Int
    var underruns: Int?

    var text: String {
      "standard input: played \(Readable.plural(notes, "note")) in \(Readable.clock(seconds))"
        + (faults > 0 ? "; \(Readable.plural(faults, "message")) could not be read" : "")
        + (lost > 0 ? "; \(Readable.plural(lost, "message")) came too fast" : "")
        + ((underruns ?? 0) > 0 ? "; with \(Readable.plural(underruns ?? 0, "gap"))" : "")
    }
  }

  private func tell(
    _ result: Result, _ arrivals: Arrivals, _ performer: MessagePerformer, _ cancellation: Cancellation
  ) throws {
    let statistics = arrivals.statistics
    let report = Report(
      seconds: Double(result.frames) / Double(performer.engine.sampleRate), notes: performer.noteCount,
      messages: statistics.messageCount, faults: statistics.faultCount,
      lost: performer.engine.statistics.lostCount + statistics.overflowCount, underruns: result.gaps)
    if cancellation.isRequested {
      throw InterruptedError("stopped after \(Readable.clock(report.seconds))")
    }
    if statistics.messageCount == 0, arrivals.failure == nil { throw NoMessages() }
    if raw.takesOutput { return common.remark(report.text) }
    try common.report(report) { report.text }
  }
}

extension TimedMessage {
  /// Whether it is music, and no clock or sign of life.
  fileprivate var isForChannel: Bool { if case .midi = message { true } else { false } }
}

/// Standard input began like MIDI messages, and held none.
private struct NoMessages: DiagnosableError {
  var kind: FailureKind { .badInput }
  var message: String {
    "standard input: it is neither a MIDI file or tune book nor a stream of MIDI messages; a sound file is played by its name"
  }
}

/// Standard input began like MIDI messages, and was something else, or was damaged on its way.
private struct UnreadableStream: DiagnosableError {
  private let statistics: InputStatistics

  init(_ statistics: InputStatistics) { self.statistics = statistics }

  var kind: FailureKind { .badInput }
  var message: String {
    "standard input: it is no stream of MIDI messages, or is damaged: beside \(Readable.plural(statistics.messageCount, "message")), "
      + "\(Readable.count(statistics.faultCount)) could not be read; a sound file is played by its name"
  }
}
