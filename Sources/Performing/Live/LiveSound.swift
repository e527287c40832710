public import Audio
internal import Music
internal import Synchronization
public import Synthesis

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Sounds messages at once: a live synthesizer and the thread that renders it into a playback session, a small block at a time, with
/// no more sound queued ahead than the device needs.
///
/// It has no look-ahead, and so no limiter: `PeakGuard` keeps loud moments below full scale.
public final class LiveSound: Sendable {
  /// What plays.
  public let session: PlaybackSession

  private struct Message: Sendable {
    enum Content: Sendable {
      case channel(ChannelMessage, Int)
      case exclusive([UInt8])
    }

    var content: Content
    var arrival: PerformanceTime?
  }

  private struct Shared {
    var messages: [Message] = []
    var lostCount = 0
    var latencies = Timeliness()
    var failure: AudioError?
    var thread: PortThread?

    init() { messages.reserveCapacity(LiveSound.messageLimit) }
  }

  private let shared = Guarded(Shared())
  private let programs: Set<Int>
  private let isStopping = Atomic<Bool>(false)
  private let work: RenderWork

  /// Frames that are rendered at a time.
  private static let blockFrames = 64
  /// More messages than these cannot wait; others are lost.
  private static let messageLimit = 4096

  /// What the rendering thread alone uses.
  private final class RenderWork: @unchecked Sendable {
    let synthesizer: Synthesizer
    var peakGuard: PeakGuard
    let block: UnsafeMutableBufferPointer<Float>
    /// How many channels the session has, and the block as it gets it.
    let channelCount: Int
    let mapped: UnsafeMutableBufferPointer<Float>
    /// How many frames have been rendered.
    var frame = 0
    /// What is being performed. It changes places with what is handed over, so that neither is ever allocated anew.
    var messages: [Message] = []

    init(_ synthesizer: Synthesizer, gain: Float, channelCount: Int) {
      self.synthesizer = synthesizer
      peakGuard = PeakGuard(gain: gain, sampleRate: Float(synthesizer.sampleRate))
      self.channelCount = channelCount
      messages.reserveCapacity(LiveSound.messageLimit)
      block = .allocate(capacity: 2 * LiveSound.blockFrames)
      mapped = .allocate(capacity: channelCount * LiveSound.blockFrames)
      block.initialize(repeating: 0)
      mapped.initialize(repeating: 0)
    }

    deinit {
      block.deallocate()
      mapped.deallocate()
    }
  }

  /// Prepares all sounds.
  /// - Parameters:
  ///   - bank: Where they are.
  ///   - session: What plays; it is started by `start`. Its queue is best a short one.
  ///   - programs: The General MIDI programs that may be asked for; a change to another is left out. Drums are always there.
  ///   - options: How it sounds; the sample rate is the session's, and nothing is limited.
  ///   - gain: Gain of the whole in decibels.
  public init(
    bank: any SoundBank, session: PlaybackSession, programs: [Int], options: RenderOptions = RenderOptions(),
    gain: Double = 0
  ) {
    self.session = session
    self.programs = Set(programs)
    var options = options
    options.sampleRate = session.sampleRate
    options.isLimited = false
    options.separatesParts = false
    options.threadCount = 1
    let first = programs.first ?? 0
    let channels = (0..<16).map {
      ChannelSetup(midiChannel: $0, isDrum: $0 == 9, program: $0 == 9 ? 0 : first)
    }
    let synthesizer = Synthesizer(
      bank: bank, channels: channels, programs: programs.map { PresetAddress(program: $0) },
      options: options, isLive: true)
    let level = gain + Self.usualGain(bank, programs, options)
    work = RenderWork(
      synthesizer, gain: Float(pow(10, level / 20)), channelCount: session.channelCount)
  }

  /// What brings chords and a tune by these instruments to a usual level, in decibels.
  static func usualGain(_ bank: any SoundBank, _ programs: [Int], _ options: RenderOptions) -> Double {
    var score = Score(ticksPerQuarter: 480)
    for program in Set(programs).sorted().prefix(3) {
      let notes = (0..<8).flatMap { beat in
        [48, 64, 67, 72].map {
          Note(onset: 480 * beat, duration: 400, pitch: $0 + (beat % 4 == 2 ? 2 : 0), velocity: 90)
        }
      }
      score.tracks.append(Track(program: program, notes: notes.sorted()))
    }
    guard !score.tracks.isEmpty else { return 0 }
    score.length = 8 * 480
    return Mastering.estimatedGain(of: score, options: options) {
      ScoreRenderer(score: $0, bank: bank, options: $1)
    }
  }

  /// Has a message performed as soon as can be.
  /// - Parameters:
  ///   - message: The message.
  ///   - channel: The channel, 0...15.
  ///   - arrival: When it came in, for a note whose latency is to be measured; else nil.
  public func send(_ message: ChannelMessage, channel: Int, arrival: PerformanceTime? = nil) {
    switch message {
    // A sound that was not prepared would be silence; of other banks there is none.
    case .program(let program): if channel & 15 != 9, !programs.contains(program) { return }
    case .control(0, _), .control(32, _): return
    default: break
    }
    add(Message(content: .channel(message, channel & 15), arrival: arrival))
  }

  /// Has a system-exclusive message performed as soon as can be: resets, master volume, tunings. What the synthesizer does not understand is left out,
  /// and so are drums on another channel than the tenth, which were not prepared.
  /// - Parameter message: What follows 0xF0, with or without the final 0xF7.
  public func send(systemExclusive message: [UInt8]) {
    switch ExclusiveEffect(message) {
    case nil, .drumPart: return
    default: add(Message(content: .exclusive(message)))
    }
  }

  private func add(_ message: Message) {
    shared.withLock { shared in
      guard shared.messages.count < Self.messageLimit else {
        shared.lostCount += 1
        return
      }
      shared.messages.append(message)
    }
  }

  /// Starts to play.
  /// - Throws: `AudioError`.
  public func start() throws(AudioError) {
    try session.start()
    do {
      let thread = try PortThread { [self] in run() }
      shared.withLock { $0.thread = thread }
    } catch {
      throw .deviceFailed(name: session.device, reason: "the system has no thread available")
    }
  }

  /// How long notes took from their arrival to the device's output.
  public var latencies: Timeliness { shared.withLock { $0.latencies } }
  /// Why the sound failed; nil while it plays.
  public var failure: AudioError? { shared.withLock { $0.failure } }

  /// Lets what sounds die away for a moment, and ends.
  /// - Returns: what was played.
  /// - Throws: `AudioError`.
  public func stop(releaseSeconds: Double = 0.3) throws(AudioError) -> PlaybackResult {
    for channel in 0..<16 { send(.control(123, value: 0), channel: channel) }
    if failure == nil { usleep(UInt32(max(0, releaseSeconds) * 1e6)) }
    isStopping.store(true, ordering: .relaxed)
    // The thread needs the lock until it ends.
    let thread = shared.withLock { shared in
      defer { shared.thread = nil }
      return shared.thread
    }
    thread?.join()
    session.stop()
    return try session.finish()
  }

  // MARK: The rendering thread

  private func run() {
    _ = PortThread.becomeRealTime()
    do {
      while !isStopping.load(ordering: .relaxed) {
        // A period of the device ahead, and the block that is being written.
        let ahead = session.settings.periodFrames + Self.blockFrames
        let wanted = max(Self.blockFrames, session.queueFrames - ahead + Self.blockFrames)
        guard try session.waitForRoom(min(wanted, session.queueFrames), seconds: 0.02) else {
          if try !session.isPlaying() { break }
          continue
        }
        performMessages()
        render()
      }
    } catch {
      shared.withLock { $0.failure = error }
    }
  }

  /// Gives the synthesizer what has come, and notes when it will be heard.
  private func performMessages() {
    shared.withLock { [work] in swap(&$0.messages, &work.messages) }
    defer { work.messages.removeAll(keepingCapacity: true) }
    for index in work.messages.indices {
      let message = work.messages[index]
      let isTaken =
        switch message.content {
        case .channel(let content, let channel): work.synthesizer.send(content, channel: channel)
        case .exclusive(let bytes): work.synthesizer.send(systemExclusive: bytes.span)
        }
      if !isTaken { shared.withLock { $0.lostCount += 1 } }
      guard let arrival = message.arrival else { continue }
      let head = session.playhead
      guard head.nanoseconds > 0 else { continue }
      let heard = PerformanceTime(nanoseconds: head.nanoseconds)
        .advanced(bySeconds: Double(work.frame - head.frame) / Double(session.sampleRate))
      shared.withLock { $0.latencies.add(heard.seconds(since: arrival)) }
    }
  }

  private func render() {
    let (block, mapped, channels) = (work.block, work.mapped, work.channelCount)
    var span = block.mutableSpan
    _ = work.synthesizer.render(into: &span)
    work.peakGuard.process(block)
    work.frame += Self.blockFrames
    guard channels != 2 else {
      _ = session.write(block.span)
      return
    }
    for frame in 0..<Self.blockFrames {
      let (left, right) = (block[2 * frame], block[2 * frame + 1])
      for channel in 0..<channels {
        mapped[frame * channels + channel] =
          channels == 1 ? (left + right) / 2 : channel == 0 ? left : channel == 1 ? right : 0
      }
    }
    _ = session.write(mapped.span)
  }
}

/// Keeps samples below full scale without looking ahead: the gain falls at once where a sample would be too large, and comes back slowly.
struct PeakGuard {
  private let gain: Float
  private var reduction: Float = 1
  private let recovery: Float
  private static let ceiling: Float = 0.95

  init(gain: Float, sampleRate: Float) {
    self.gain = gain
    // 63 % of the way in 0.15 s.
    recovery = 1 / (0.15 * sampleRate)
  }

  /// Applies the gain to interleaved stereo.
  mutating func process(_ block: UnsafeMutableBufferPointer<Float>) {
    for index in stride(from: 0, to: block.count - 1, by: 2) {
      let (left, right) = (block[index] * gain, block[index + 1] * gain)
      let peak = max(abs(left), abs(right))
      reduction += recovery * (1 - reduction)
      if peak * reduction > Self.ceiling { reduction = Self.ceiling / peak }
      block[index] = left * reduction
      block[index + 1] = right * reduction
    }
  }
}
