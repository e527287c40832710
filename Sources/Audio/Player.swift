public import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Plays sources through an ALSA device.
///
/// The device is opened and its rate negotiated first, so that a source can be made for that rate:
///
///     let player = try Player(device: "default")
///     var source = makeSource(sampleRate: player.sampleRate)
///     let result = try player.play(&source)
///
/// The caller's thread renders ahead into a queue of about a second; a thread of its own feeds the device.
public final class Player {
  /// The device's name.
  public let device: String
  /// Frames per second that the device runs at, in Hz.
  public let sampleRate: Int
  /// Channels that the device runs with.
  public let channelCount: Int
  /// How the device takes its samples.
  public let format: PCMFormat
  /// How much sound the device holds, in seconds: after a request to stop, sound continues for about as long.
  public var bufferSeconds: Double { Double(output.settings.bufferFrames) / Double(sampleRate) }

  private let output: PCMOutput
  /// How long the device may take nothing.
  package var patience = 10.0
  /// How long the device hung; nil while it works. A hanging call may still be using the device.
  private var stall: Double?

  /// What was played.
  public struct Result: Sendable, Equatable {
    /// How many frames the device was given.
    public var frameCount: Int
    /// At how many frames per second, in Hz.
    public var sampleRate: Int
    /// How often the device ran out of frames, which is heard as a gap.
    public var underrunCount: Int
    /// Whether it was stopped before the source ended.
    public var isCancelled: Bool

    /// How long it sounded, in seconds.
    public var seconds: Double { Double(frameCount) / Double(sampleRate) }
  }

  /// Opens a device and negotiates its settings.
  /// - Parameters:
  ///   - device: ALSA's name of it.
  ///   - sampleRate: the wanted rate in Hz; the device may settle on another.
  ///   - channelCount: the wanted number of channels; the device may settle on another.
  ///   - formats: how samples may be given, the most wanted first.
  /// - Throws: `AudioError.noDevice` or `.unsuitableDevice`.
  public init(
    device: String = "default", sampleRate: Int = 44_100, channelCount: Int = 2,
    formats: [PCMFormat] = [.float32, .int32, .int24, .int16]
  ) throws(AudioError) {
    output = try PCMOutput(
      name: device, formats: formats, sampleRate: sampleRate, channelCount: channelCount)
    self.device = device
    self.sampleRate = output.settings.sampleRate
    self.channelCount = output.settings.channelCount
    format = output.settings.format
  }

  /// Plays `source` to its end, or until `cancellation` is requested: then the sound fades out within 10 ms, and what
  /// the device still held is heard before.
  ///
  /// A source with another number of channels is mapped: one is copied to all, all are averaged into one, otherwise
  /// they are taken in order.
  /// - Parameters:
  ///   - source: what to play, at the device's rate.
  ///   - cancellation: stops playback.
  ///   - progress: called with the seconds heard, several times a second.
  /// - Throws: `AudioError.rateMismatch` or `.deviceFailed`, or `.deviceStalled` where the device takes no sound for ten
  ///   seconds (half a second once `cancellation` is requested); the player cannot be used again after that.
  public func play(
    _ source: inout some SampleSource, cancellation: Cancellation? = nil, progress: ProgressHandler? = nil
  ) throws(AudioError) -> Result {
    guard source.sampleRate == sampleRate else {
      throw .rateMismatch(name: device, deviceRate: sampleRate, soundRate: source.sampleRate)
    }
    if let stall { throw .deviceStalled(name: device, seconds: stall) }
    let ring = SampleRing(capacity: max(sampleRate, 4096), channelCount: source.channelCount)
    let patience = PlaybackPatience(playing: patience)
    let work = PlaybackWork(output: output, ring: ring, patience: patience)
    guard let thread = AudioThread(work) else {
      throw .deviceFailed(name: device, reason: "the system has no thread available")
    }
    let report = ProgressTicker(
      total: source.frameCount, sampleRate: sampleRate, underruns: { work.underrunCount }, handler: progress)
    // A call into ALSA that does not return cannot be ended from here, and may take as long as what the device holds.
    let watchdog = Watchdog(work, patience: patience, holdSeconds: bufferSeconds)
    let isCancelled = Self.feed(&source, to: work, cancellation: cancellation, watchdog: watchdog) {
      report.tick(work.heardCount)
    }
    let hasReturned = work.isFinished
    if hasReturned { thread.join() } else { thread.abandon() }
    guard hasReturned, work.failureCode != -ETIMEDOUT else {
      let seconds = patience.seconds(isStopping: isCancelled)
      stall = seconds
      throw .deviceStalled(name: device, seconds: seconds)
    }
    guard work.failureCode == 0 else {
      throw .deviceFailed(name: device, reason: ALSALibrary.words(Int(work.failureCode)))
    }
    return Result(
      frameCount: work.writtenCount, sampleRate: sampleRate, underrunCount: work.underrunCount,
      isCancelled: isCancelled)
  }

  /// Renders ahead of the audio thread until it has ended, or hangs.
  /// - Returns: whether it was canceled.
  private static func feed(
    _ source: inout some SampleSource, to work: PlaybackWork, cancellation: Cancellation?, watchdog: Watchdog,
    tick: () -> Void
  ) -> Bool {
    var watchdog = watchdog
    let channels = source.channelCount
    let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: 1024 * channels)
    defer { block.deallocate() }
    var pending = block[..<0]
    var isEnded = false
    var isCancelled = false
    while !work.isFinished, !watchdog.seesHang(isStopping: isCancelled) {
      if !isCancelled, cancellation?.isRequested == true {
        isCancelled = true
        work.stop()
      }
      if pending.isEmpty, !isEnded, !isCancelled {
        var room = block.mutableSpan
        let frames = source.render(into: &room)
        pending = block[..<(frames * channels)]
        isEnded = frames < 1024
      }
      let taken = isCancelled ? 0 : work.ring.write(UnsafeBufferPointer(rebasing: pending))
      pending = pending.dropFirst(taken * channels)
      if isEnded, pending.isEmpty { work.ring.end() }
      tick()
      if taken == 0 { usleep(5000) }
    }
    return isCancelled
  }
}

/// Watches from the caller's thread that the audio thread does not hang in a call to the device.
private struct Watchdog {
  private let work: PlaybackWork
  private let patience: PlaybackPatience
  /// How long a call may take at most on a working device: until the device has played what it holds.
  private let holdSeconds: Double
  private var watch = StallWatch()
  private var lastCount = -1

  init(_ work: PlaybackWork, patience: PlaybackPatience, holdSeconds: Double) {
    self.work = work
    self.patience = patience
    self.holdSeconds = holdSeconds
  }

  /// Whether the audio thread has done nothing for too long.
  mutating func seesHang(isStopping: Bool) -> Bool {
    let count = work.attemptCount
    if count != lastCount {
      lastCount = count
      watch.restart()
    }
    return watch.elapsed > patience.seconds(isStopping: isStopping) + holdSeconds
  }
}

/// Reports progress about ten times a second.
private final class ProgressTicker {
  private let total: Double?
  private let sampleRate: Double
  private let underruns: () -> Int
  private let handler: ProgressHandler?
  private var next: ContinuousClock.Instant

  init(total: Int?, sampleRate: Int, underruns: @escaping () -> Int, handler: ProgressHandler?) {
    self.total = total.map { Double($0) / Double(sampleRate) }
    self.sampleRate = Double(sampleRate)
    self.underruns = underruns
    self.handler = handler
    next = .now
  }

  func tick(_ frames: Int) {
    guard let handler, ContinuousClock.now >= next else { return }
    next = .now + .milliseconds(100)
    let gaps = underruns()
    handler(
      ProgressReport(
        activity: "playing", completed: Double(frames) / sampleRate, total: total, unit: "seconds",
        figures: gaps == 0 ? [] : [ProgressReport.Figure("underruns", Double(gaps))]))
  }
}
