internal import Groundwork
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Plays sound through a device: a queue that one thread writes to, and an audio thread that feeds the device from it.
///
/// The device is opened and its rate negotiated first, so that a source can be made for that rate:
///
///     let session = try PlaybackSession(PlaybackSettings(device: "default"))
///     var source = makeSource(sampleRate: session.sampleRate)
///     let result = try session.play(&source)
///
/// Or frames are written as they come into being: `start`, then `waitForRoom` and `write` again and again, and at the end
/// `finish` or `stop`. One thread writes, flushes and finishes; any thread may pause, stop and ask.
///
/// Where the device runs out of sound, is suspended or unplugged, the audio thread recovers: what is heard fades in again,
/// and `counts` tells of it. A device that was unplugged is opened again under its name for five seconds.
public final class PlaybackSession: Sendable {
  /// The device's name.
  public let device: String
  /// What was negotiated with the device.
  public let settings: PCMSettings
  /// Samples in a frame as they are written to the session.
  public let channelCount: Int
  /// How many frames the queue holds.
  public var queueFrames: Int { line.ring.capacity }

  /// Frames per second that the device runs at, in Hz.
  public var sampleRate: Int { settings.sampleRate }
  /// How much sound the device holds, in frames: a command is heard after about as many.
  public var latencyFrames: Int { settings.bufferFrames }
  /// The same in seconds.
  public var latencySeconds: Double { settings.latencySeconds }

  let line: PlaybackLine
  private let work: any PlaybackWork
  private let patience: PlaybackPatience

  private struct State {
    var thread: SystemThread?
    var watchdog: Watchdog
    /// How long the device hung, in seconds; nil while it works. A call that hangs may still be using the device.
    var stall: Double?
    var hasPlayed = false
    var isCancelled = false
  }
  private let state: Mutex<State>

  /// Opens a device of ALSA.
  /// - Parameter settings: Which, and how it is to play.
  /// - Throws: `AudioError.noDevice` or `.unsuitableDevice`.
  public convenience init(_ settings: PlaybackSettings = PlaybackSettings()) throws(AudioError) {
    let device = try ALSADevice(name: settings.device, request: settings.request)
    self.init(device: device, channelCount: settings.channelCount, queueSeconds: settings.queueSeconds)
  }

  /// A session on a device that is open.
  /// - Parameters:
  ///   - device: The device; the session alone uses it from now on.
  ///   - channelCount: Samples in a frame as they are written, from 1 to 64; nil for as many as the device has.
  ///   - queueSeconds: How much sound the queue holds, in seconds, from 0.001 to 60.
  public convenience init(device: some PCMDevice, channelCount: Int? = nil, queueSeconds: Double = 0.25) {
    self.init(
      device: device, channelCount: channelCount, queueSeconds: queueSeconds, patience: PlaybackPatience())
  }

  /// - Parameter patience: How long a device may make no progress.
  package init(device: some PCMDevice, channelCount: Int?, queueSeconds: Double, patience: PlaybackPatience) {
    let settings = device.settings
    let channels = channelCount ?? settings.channelCount
    precondition((1...64).contains(channels), "\(channels) channels cannot be played")
    self.device = device.name
    self.settings = settings
    self.channelCount = channels
    self.patience = patience
    let queued = Int(min(max(queueSeconds, 0.001), 60) * Double(settings.sampleRate))
    // Two periods, so that one can be written while the other is read.
    line = PlaybackLine(
      ring: SampleRing(capacity: max(queued, 2 * settings.periodFrames), channelCount: channels))
    work = PlaybackLoop(device: device, line: line, patience: patience)
    state = Mutex(
      State(watchdog: Watchdog(patience: patience, holdSeconds: settings.latencySeconds)))
  }

  deinit {
    // The audio thread owns what it uses; it ends after a fade.
    line.stop()
  }

  // MARK: Beginning and end

  /// Starts the audio thread; the device begins to play when it is full of what was written. Frames are counted from 0 again. While
  /// the session plays, this does nothing.
  /// - Throws: `AudioError.deviceFailed` where the system has no thread left; `.deviceStalled` where the device hung before.
  public func start() throws(AudioError) {
    let error = state.withLock { state -> AudioError? in
      if let stall = state.stall { return .deviceStalled(name: device, seconds: stall) }
      guard state.thread == nil else { return nil }
      line.reset()
      state.isCancelled = false
      state.watchdog = Watchdog(patience: patience, holdSeconds: settings.latencySeconds)
      state.thread = SystemThread { [work] in work.run() }
      state.hasPlayed = true
      return state.thread == nil
        ? .deviceFailed(name: device, reason: "the system has no thread available") : nil
    }
    if let error { throw error }
  }

  /// Fades out within 5 ms, and drops what is still queued. What the device holds is heard before; `finish` waits for it.
  public func stop() {
    state.withLock { $0.isCancelled = $0.isCancelled || $0.thread != nil }
    line.stop()
  }

  /// Marks that nothing more will be written: when all has been heard, the session has played.
  public func end() { line.ring.end() }

  /// Waits until all that was written has been heard, or what is left after `stop`; then the session can start again.
  /// - Parameter tick: Called every few milliseconds.
  /// - Returns: What was played.
  /// - Throws: As `waitForRoom`.
  public func finish(tick: () -> Void = {}) throws(AudioError) -> PlaybackResult {
    end()
    line.isPaused = false
    while try isPlaying() {
      tick()
      usleep(2000)
    }
    let isCancelled = state.withLock { state in
      state.thread?.join()
      state.thread = nil
      return state.isCancelled
    }
    if let failure { throw failure }
    return PlaybackResult(
      frameCount: line.writtenCount, sampleRate: sampleRate, counts: counts, isCancelled: isCancelled)
  }

  /// Whether the audio thread runs: until it was stopped, all was heard, or the device failed.
  /// - Throws: `AudioError.deviceStalled` where the device has taken no sound for ten seconds (half a second after `stop`).
  public func isPlaying() throws(AudioError) -> Bool {
    let stall = state.withLock { state -> Double? in
      guard state.stall == nil, state.thread != nil, !line.isFinished else { return state.stall }
      let isStopping = line.isStopping
      guard state.watchdog.seesHang(attempts: line.attemptCount, isStopping: isStopping) else { return nil }
      // A call to the device that does not return cannot be ended from here.
      state.thread = nil
      state.stall = patience.seconds(isStopping: isStopping)
      return state.stall
    }
    if let stall { throw .deviceStalled(name: device, seconds: stall) }
    return state.withLock { $0.thread != nil } && !line.isFinished
  }

  /// Why the device failed; nil while it works.
  private var failure: AudioError? {
    switch line.failureCode {
    case 0: return nil
    case -ETIMEDOUT:
      return .deviceStalled(name: device, seconds: patience.seconds(isStopping: line.isStopping))
    case -ENODEV: return .deviceLost(name: device, seconds: patience.reopening)
    case let code: return .deviceFailed(name: device, reason: ALSALibrary.words(Int(code)))
    }
  }

  // MARK: Writing

  /// How many frames the queue has room for now.
  public var room: Int { line.ring.room }

  /// Queues frames. One thread at a time may write.
  /// - Parameter samples: Whole frames of `channelCount` samples, interleaved, full scale at ±1.
  /// - Returns: How many frames were taken: fewer than there are where the queue is full.
  public func write(_ samples: Span<Float>) -> Int {
    samples.withUnsafeBufferPointer { line.ring.write($0) }
  }

  /// Waits until the queue has room.
  /// - Parameters:
  ///   - frames: For how many frames, at most `queueFrames`.
  ///   - seconds: How long at most.
  /// - Returns: Whether there is as much room; false after the time, or where the session was stopped.
  /// - Throws: `AudioError.deviceStalled` where the device has taken no sound for ten seconds, `.deviceLost` where it was unplugged and
  ///   did not come back, `.deviceFailed`.
  public func waitForRoom(_ frames: Int = 1, seconds: Double = 1) throws(AudioError) -> Bool {
    let watch = StallWatch()
    let wanted = min(max(1, frames), queueFrames)
    while true {
      guard try isPlaying() else {
        if let failure { throw failure }
        return false
      }
      if line.isStopping { return false }
      if room >= wanted { return true }
      let left = seconds - watch.elapsed
      guard left > 0 else { return false }
      usleep(UInt32(max(1, min(1e6 * left, pollMicroseconds))))
    }
  }

  /// A fraction of a period, so that a queue of two periods is filled in time.
  private var pollMicroseconds: Double {
    max(200, min(5000, 250_000 * Double(settings.periodFrames) / Double(sampleRate)))
  }

  /// Drops what is queued, without a click: what sounds fades out, and what is written from now on fades in. The thread that writes
  /// calls it.
  public func flush() { line.flush() }

  // MARK: Pausing

  /// Whether the session is paused.
  public var isPaused: Bool { line.isPaused }

  /// Fades out and stands still. The device goes on with silence.
  public func pause() { line.isPaused = true }

  /// Continues where `pause` has stopped, fading in.
  public func resume() { line.isPaused = false }

  // MARK: Reports

  /// How many frames have been written since `start`.
  public var writtenFrames: Int { line.ring.writtenCount }
  /// How many of them have been heard or dropped: where the playhead is.
  public var heardFrames: Int { line.head.frame }
  /// Where the playhead was when the device was last given frames, and when that was.
  public var playhead: Playhead { line.head }
  /// How often there was a gap: the device ran out of sound.
  public var underrunCount: Int { counts.underruns + counts.lateSources }
  /// What went wrong so far.
  public var counts: PlaybackCounts { line.counts }
  /// Whether the audio thread has real-time priority, which the system grants to some users; it plays without.
  public var isRealTime: Bool { line.isRealTime }

  /// The largest amplitude that the device was given since this was last asked for, 1 being full scale.
  public func takePeak() -> Float { line.takePeak() }
}
