public import Audio
public import Groundwork
internal import Music
public import Synthesis

/// Turns bars, and messages that come at once, into sound while they come to be.
///
///     let engine = PerformanceEngine(bank: library)
///     // A thread that composes:
///     while engine.waitForRoom() { engine.add(try composer.nextBar()) }
///     // Another that plays:
///     engine.render(into: &block)
///
/// Three stages are joined by queues that hold only so much: who composes waits until a bar has begun to sound, so that no more is
/// settled than the bar that sounds and the next one; who renders waits for the device. Where composing is slower than the music, what
/// sounds dies away, the bar follows when it is there, and one more bar is composed ahead from then on.
///
/// Bars are added by one thread, `render(into:)` is called by one thread, and all else may be called by any. The samples depend on bars, messages and
/// settings alone, not on the size of the blocks, as long as no bar is late.
public final class PerformanceEngine: SampleSource, @unchecked Sendable {
  /// Frames a second.
  public let sampleRate: Int
  /// Left and right.
  public let channelCount = 2

  private let bank: any SoundBank
  private let settings: EngineSettings
  private let bars: BoundedQueue<Entry>
  let shared = Guarded(Shared())

  // Of the thread that adds.
  private var preparedPrograms: Set<PresetAddress> = []
  private var hasGain: Bool

  // Of the thread that renders.
  private let stack: SynthesizerStack
  private let leveler: LiveLeveler
  private var frame = 0
  /// Where the bar after the last one begins.
  private var nextStart = 0.0
  private var hasBegun = false
  private var starvedSince: Int?
  private var isEnding = false
  private var endFrame: Int?
  /// Since when there is nothing more to begin, and for how many frames the sound has been too soft to be heard since.
  private var endingSince: Int?
  private var quietFrames = 0
  private var peak: Float = 0
  private var stopFrame: Int?
  private var fadeFrames = 1
  private var messages: [Message] = []
  private let mix: UnsafeMutableBufferPointer<Float>

  private struct Entry: Sendable {
    var bar: PerformedBar?
    var prepared: SynthesizerStack.Prepared?
    var gain: Double?
  }

  struct Shared {
    var messages: [Message] = []
    /// How many were taken, and wait for their frame.
    var takenMessages = 0
    var prepared: SynthesizerStack.Prepared?
    var places: [(bar: PerformedBar, start: Int)] = []
    var statistics = EngineStatistics()
    var fade: Double?
    /// What the gain is to become; nil once it was taken.
    var trim: Double?
    var listeners: [any PerformanceListener] = []
    var frame = 0
  }

  /// So long before a bar begins it is taken, in frames: more than a synthesizer looks ahead.
  private static let lead = 256
  /// The sound ends after the longest time that it may take to die away, in seconds,
  private static let longestEnd = 10.0
  /// or when it was below −60 dBFS for as long: drums and pianos ring on for many seconds that nobody hears.
  private static let inaudible: Float = 1e-3, quietSeconds = 0.3

  /// An engine without sounds, which prepares what bars ask for when they are added.
  /// - Parameters:
  ///   - bank: Where its sounds are.
  ///   - settings: How it sounds.
  /// - Precondition: `settings.render.sampleRate` is 8,000...192,000 and `maximumVoices` 1...1,024.
  public init(bank: any SoundBank, settings: EngineSettings = EngineSettings()) {
    self.bank = bank
    var settings = settings
    settings.render.isLimited = false
    settings.render.separatesParts = false
    settings.render.threadCount = 1
    self.settings = settings
    sampleRate = settings.render.sampleRate
    bars = BoundedQueue(capacity: max(1, settings.barsAhead))
    stack = SynthesizerStack(sampleRate: sampleRate)
    leveler = LiveLeveler(
      sampleRate: sampleRate, level: settings.level, initialGain: settings.initialGain ?? 0,
      extraGain: settings.gain, lookAhead: settings.limiterLookAhead)
    delay = leveler.delay
    hasGain = settings.initialGain != nil || settings.level == .asMixed
    mix = .allocate(capacity: 2 * SynthesizerStack.blockFrames)
    shared.withLock { $0.statistics.barsAhead = max(1, settings.barsAhead) }
  }

  deinit { mix.deallocate() }

  // MARK: What is played

  /// Waits until another bar may be added.
  /// - Returns: false if the performance ends, or it was canceled.
  public func waitForRoom(cancellation: Cancellation? = nil) -> Bool { bars.waitForRoom(cancellation) }

  /// Whether another bar may be added.
  public var hasRoom: Bool { bars.count < bars.capacity }

  /// Adds a bar after all that were added before. Sounds that it needs are prepared now, by the calling thread.
  public func add(_ bar: PerformedBar) {
    var entry = Entry(bar: bar)
    let programs = Set(
      bar.parts.map { PresetAddress(program: $0.program, isDrum: $0.isDrum) })
    if !programs.isSubset(of: preparedPrograms) || preparedPrograms.isEmpty {
      entry.prepared = makeSynthesizer(programs)
    }
    if !hasGain, !bar.notes.isEmpty {
      hasGain = true
      entry.gain = Mastering.estimatedGain(of: bar.score, options: settings.render) {
        ScoreRenderer(score: $0, bank: bank, options: $1)
      }
    }
    bars.add(entry)
  }

  /// Adds bars as there is room for them, until there are no more. However that ends, the performance ends after the bars that were added: nobody
  /// would bring the next one.
  /// - Parameters:
  ///   - cancellation: Ends the waiting for room.
  ///   - next: Makes the next bar; nil after the last one.
  ///   - meanwhile: Does other work while there is no room, a little at a time, and says whether there is more of it.
  /// - Throws: What `next` or `meanwhile` throws.
  public func addBars(
    cancellation: Cancellation? = nil, next: () throws -> PerformedBar?, meanwhile: () throws -> Bool
  ) throws {
    defer { finish() }
    while waitForRoom(cancellation: cancellation), let bar = try next() {
      add(bar)
      while !hasRoom, try meanwhile() {}
    }
  }

  /// Prepares sounds that messages will ask for. The thread that adds bars calls it, and does the work.
  /// - Parameter programs: The sounds.
  public func prepare(_ programs: [PresetAddress]) {
    guard !Set(programs).isSubset(of: preparedPrograms) || preparedPrograms.isEmpty else { return }
    let prepared = makeSynthesizer(Set(programs))
    shared.withLock { $0.prepared = prepared }
  }

  /// Prepares sounds that messages will ask for, and forgets all others: a synthesizer that is made later has none of them. The thread that adds bars
  /// calls it, and does the work.
  /// - Parameter programs: The sounds, at least one.
  func prepare(only programs: Set<PresetAddress>) {
    let count = preparedPrograms.count
    preparedPrograms = []
    let prepared = makeSynthesizer(programs)
    shared.withLock {
      if count > 0 { $0.statistics.preparationCount += 1 }
      $0.prepared = prepared
    }
  }

  private func makeSynthesizer(_ programs: Set<PresetAddress>) -> SynthesizerStack.Prepared {
    if !preparedPrograms.isEmpty { shared.withLock { $0.statistics.preparationCount += 1 } }
    preparedPrograms.formUnion(programs)
    // Channels begin with a sound that is prepared anyway: a kit of drums takes as long as twenty instruments.
    if preparedPrograms.isEmpty { preparedPrograms = [PresetAddress(program: 0)] }
    let drums = preparedPrograms.filter(\.isDrum).map(\.program).min()
    let usual = preparedPrograms.filter { !$0.isDrum }.map(\.program).min()
    let channels = (0..<16).map { channel in
      let isDrum = usual == nil || channel == PerformedPart.drumChannel && drums != nil
      return ChannelSetup(midiChannel: channel, isDrum: isDrum, program: (isDrum ? drums : usual) ?? 0)
    }
    return SynthesizerStack.Prepared(
      Synthesizer(
        bank: bank, channels: channels, programs: Array(preparedPrograms), options: settings.render,
        isLive: true),
      programs: preparedPrograms)
  }

  /// How many synthesizers sound, as far as the thread that renders knows.
  var layerCount: Int { stack.layerCount }

  /// Lets the performance end after the bars that were added: what sounds dies away.
  public func finish() { bars.end() }

  /// Ends the performance now.
  /// - Parameter fade: In how many seconds the sound fades out.
  public func stop(fade: Double = 0.3) {
    shared.withLock { if $0.fade == nil { $0.fade = max(0, fade) } }
    bars.end()
  }

  /// Makes all louder or softer from now on, without a click and before it is limited.
  /// - Parameter decibels: How much, on top of `EngineSettings.gain`.
  public func setGain(_ decibels: Double) { shared.withLock { $0.trim = decibels } }

  /// Adds somebody who listens, before the first frame is rendered.
  public func add(_ listener: any PerformanceListener) { shared.withLock { $0.listeners.append(listener) } }

  // MARK: Where it is

  /// How it has gone so far.
  public var statistics: EngineStatistics { shared.withLock { $0.statistics } }

  /// How many frames were rendered.
  public var renderedFrames: Int { shared.withLock { $0.frame } }

  /// By how many frames what comes out is later than what happens in it: the look-ahead of the limiter.
  public let delay: Int

  /// What is heard at a frame of the output; nil before the first bar, or where the frame is long past.
  public func place(atFrame frame: Int) -> PerformedPlace? {
    let found = shared.withLock { $0.places.last { $0.start <= frame - delay } ?? $0.places.first }
    guard let (bar, start) = found else { return nil }
    let seconds = Double(frame - delay - start) / Double(sampleRate)
    let tick = min(bar.timeMap.tick(atSeconds: max(0, seconds)), bar.length)
    let beatTicks = max(1, 4 * bar.ticksPerQuarter / bar.timeSignature.denominator)
    let beat = min(tick / beatTicks, max(0, (bar.length - 1) / beatTicks))
    return PerformedPlace(bar: bar, startFrame: start, tick: tick, beat: beat)
  }

  // MARK: Sound

  /// Fills `block` with the next interleaved samples. It takes bars as they are due, and performs the messages that have come.
  /// - Returns: how many frames; fewer than there is room for once the performance has ended.
  public func render(into block: inout MutableSpan<Float>) -> Int {
    let listeners = shared.withLock { $0.listeners }
    let written = block.withUnsafeMutableBufferPointer { block in
      let wanted = block.count / 2
      var written = 0
      while written < wanted {
        takeMessages(listeners)
        takeBar(listeners)
        if let endFrame, frame >= endFrame { break }
        let grid = SynthesizerStack.blockFrames
        var count = min(wanted - written, grid - frame % grid, framesUntilNextLook)
        if let endFrame { count = min(count, endFrame - frame) }
        let part = UnsafeMutableBufferPointer(rebasing: block[2 * written..<2 * (written + count)])
        stack.render(into: part, at: frame)
        leveler.process(part)
        for sample in part { peak = max(peak, abs(sample)) }
        fade(part)
        frame += count
        written += count
        if frame % grid == 0 { watchForTheEnd() }
      }
      return written
    }
    block.withUnsafeBufferPointer { samples in
      let samples = UnsafeBufferPointer(rebasing: samples[..<(2 * written)])
      for listener in listeners { listener.didRender(samples.span) }
    }
    shared.withLock { state in
      state.frame = frame
      state.takenMessages = stack.waitingCount
      state.statistics.lostCount += stack.takeLostCount()
      state.statistics.gain = leveler.gain
    }
    return written
  }

  /// How many frames there are until the next bar is due.
  private var framesUntilNextLook: Int {
    guard hasBegun, starvedSince == nil, !isEnding else { return SynthesizerStack.blockFrames }
    return max(1, Int(nextStart) - Self.lead - frame)
  }

  /// Performs what has come since the block before.
  private func takeMessages(_ listeners: [any PerformanceListener]) {
    let (prepared, fade) = shared.withLock { state in
      messages.append(contentsOf: state.messages)
      state.takenMessages += state.messages.count
      state.messages.removeAll(keepingCapacity: true)
      if let trim = state.trim { leveler.setTrim(trim) }
      state.trim = nil
      defer { state.prepared = nil }
      return (state.prepared, state.fade)
    }
    if let prepared { stack.take(prepared, at: frame) }
    for message in messages {
      let moment = max(message.frame, frame)
      switch message.content {
      case .exclusive(let bytes): stack.send(exclusive: bytes, at: moment)
      case .channel(let content, let channel):
        stack.send(content, channel: channel, at: moment)
        for listener in listeners { listener.willPlay(content, channel: channel, atFrame: moment + delay) }
      }
    }
    messages.removeAll(keepingCapacity: true)
    if let fade, stopFrame == nil {
      stopFrame = frame
      fadeFrames = max(1, Int(fade * Double(sampleRate)))
      endFrame = frame + fadeFrames
      isEnding = true
    }
  }

  /// Takes the next bar, if it is due.
  private func takeBar(_ listeners: [any PerformanceListener]) {
    guard !isEnding, !hasBegun || frame >= Int(nextStart) - Self.lead else { return }
    let entry = settings.waitsForBars ? bars.waitForElement() : bars.take()
    guard let entry, let bar = entry.bar else {
      if bars.isEnded, bars.count == 0 {
        isEnding = true
      } else if hasBegun, starvedSince == nil, frame >= Int(nextStart) - SynthesizerStack.quantum {
        starvedSince = frame
        // Who composes gets one more bar of time from now on.
        let more = min(bars.capacity + 1, EngineSettings.mostBarsAhead)
        bars.capacity = more
        shared.withLock { state in
          state.statistics.starvedCount += 1
          state.statistics.barsAhead = more
        }
      }
      return
    }
    if let gain = entry.gain, !hasBegun { leveler.begin(withGain: gain) }
    if !hasBegun { nextStart = Double(frame) }
    if let since = starvedSince {
      nextStart = max(nextStart, Double(frame + SynthesizerStack.quantum))
      let seconds = (nextStart - Double(since)) / Double(sampleRate)
      shared.withLock { $0.statistics.starvedSeconds += seconds }
      starvedSince = nil
    }
    hasBegun = true
    let start = Int(nextStart.rounded())
    if let prepared = entry.prepared { stack.take(prepared, at: frame) }
    stack.play(bar, at: nextStart)
    nextStart += bar.seconds * Double(sampleRate)
    shared.withLock { state in
      state.places.append((bar, start))
      if state.places.count > EngineSettings.mostBarsAhead { state.places.removeFirst() }
      state.statistics.barCount += 1
      state.statistics.noteCount += bar.notes.count
    }
    for listener in listeners { listener.willPlay(bar, atFrame: start + delay) }
  }

  private func fade(_ samples: UnsafeMutableBufferPointer<Float>) {
    guard let stopFrame else { return }
    for index in 0..<samples.count / 2 {
      let left = 1 - Float(frame + index - stopFrame) / Float(fadeFrames)
      let factor = max(0, min(1, left))
      // A cosine has no corner at either end.
      let gain = factor * factor * (3 - 2 * factor)
      samples[2 * index] *= gain
      samples[2 * index + 1] *= gain
    }
  }

  /// Ends the sound when all has died away.
  private func watchForTheEnd() {
    defer { peak = 0 }
    guard isEnding, endFrame == nil, Double(frame) >= nextStart else { return }
    let since = endingSince ?? frame
    endingSince = since
    quietFrames = peak < Self.inaudible ? quietFrames + SynthesizerStack.blockFrames : 0
    let enough = Int(Self.quietSeconds * Double(sampleRate))
    // What was begun just now is not heard yet.
    let isOver =
      frame - since >= enough && !stack.isSounding || quietFrames >= enough
      || Double(frame - since) > Self.longestEnd * Double(sampleRate)
    guard isOver else { return }
    stopFrame = frame
    fadeFrames = max(1, sampleRate / 20)
    endFrame = frame + fadeFrames + delay
  }
}
