#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What an audio thread does, whatever the device.
protocol PlaybackWork: AnyObject, Sendable {
  func run()
}

/// What the audio thread does: takes frames from the ring, converts them for the device and writes them.
///
/// Everything is allocated beforehand. While the device works, the thread takes no lock, allocates nothing, counts no references,
/// makes no system call but the device's own, and shares only atomics. `playback-checks thread` counts that in a build for
/// release: it stands before the functions of ALSA, of the memory allocator, of Swift's reference counting and of the C library's locks.
///
/// What is heard never has a step: where the sound breaks off it fades out, from the last sample if there are no more, and
/// where it begins again it fades in.
final class PlaybackLoop<Device: PCMDevice>: PlaybackWork, @unchecked Sendable {
  private let line: PlaybackLine
  private let ring: SampleRing
  private let device: Device
  private let settings: PCMSettings
  private let patience: PlaybackPatience

  // The audio thread alone uses what follows.
  private let samples: FixedStorage<Float>
  private let mapped: FixedStorage<Float>
  private let bytes: FixedStorage<UInt8>
  /// The last frame that was taken from the ring.
  private let last: FixedStorage<Float>
  private var map = PlayheadMap()
  private var fade: Fade
  private var head = 0
  /// Whether the device plays at a pace of its own; one that leads to a file takes all at once.
  private var keepsTime = false
  private var hasBegun = false
  /// How long the ring has been empty in front of a device that has not started.
  private var dryRests = 0

  init(device: Device, line: PlaybackLine, patience: PlaybackPatience) {
    self.device = device
    self.line = line
    self.patience = patience
    ring = line.ring
    settings = device.settings
    fade = Fade(length: max(1, Int(Double(settings.sampleRate) * Fade.seconds)))
    let frames = max(settings.periodFrames, fade.length)
    samples = .init(count: frames * ring.channelCount, of: 0)
    mapped = .init(count: frames * settings.channelCount, of: 0)
    bytes = .init(count: frames * settings.frameByteCount, of: 0)
    last = .init(count: ring.channelCount, of: 0)
  }

  /// What the thread runs.
  func run() {
    line.note(isRealTime: RealTimePriority.acquire())
    map.reset()
    fade = Fade(length: fade.length)
    last.buffer.update(repeating: 0)
    (head, keepsTime, hasBegun, dryRests) = (0, false, false, 0)
    var code = device.prepare()
    var lost = StallWatch()
    while true {
      let before = map.devicePosition
      if code >= 0 { code = play() }
      // A device that takes nothing after it was opened again is as lost as before.
      if map.devicePosition > before { lost.restart() }
      guard code < 0, code != -ETIMEDOUT else { break }
      let reason = code
      code = reopen(since: lost)
      if code < 0 {
        code = reason
        break
      }
    }
    if code == Self.dropped { device.drop() }
    if code == 0 { code = drain() }
    if code >= 0 { note(delay: 0) }
    line.finish(code)
  }

  /// What `write` returns where a device that is to stop takes too long: nobody waits for its sound any more.
  private static var dropped: Int32 { 1 }

  /// Plays to the end, or until it is to stop.
  /// - Returns: 0, `dropped`, or the negative number for why the device is lost.
  private func play() -> Int32 {
    while true {
      line.noteAttempt()
      switch next() {
      case .end: return 0
      case .rest: device.rest(microseconds: restMicroseconds)
      case .frames(let frames, let ofSource, let course):
        let code = write(frames, ofSource: ofSource, course)
        if code != 0 { return code }
      }
    }
  }

  // MARK: What comes next

  private enum Step {
    /// `samples` has frames: first those of the source, then such as stand in for it.
    case frames(Int, ofSource: Int, Fade.Course)
    /// There is nothing to do for now.
    case rest
    case end
  }

  private func next() -> Step {
    let isFlushing = line.flushPosition > ring.takenCount
    if line.isStopping || line.isPaused || isFlushing {
      if !fade.isSilent, hasBegun { return fadeOut(limit: isFlushing ? line.flushPosition : .max) }
      fade.silence()
      if line.isStopping { return .end }
      if isFlushing { map.jump(ring.skip(to: line.flushPosition)) }
      return line.isPaused ? silence() : .rest
    }
    let period = settings.periodFrames
    let count = ring.count
    if count >= period || (count > 0 && (ring.isEnded || !keepsTime && hasBegun)) { return take(period) }
    if ring.isExhausted { return .end }
    guard hasBegun else { return .rest }
    return waitForSource()
  }

  /// Takes up to a period of what the source has written.
  private func take(_ period: Int) -> Step {
    guard let target = samples.buffer.baseAddress else { return .end }
    let frames = ring.read(period, into: target)
    guard frames > 0 else { return .rest }
    if !hasBegun {
      hasBegun = true
      // The first sound needs no fade: silence was before it.
      fade.begin()
    }
    keepLast(frames)
    dryRests = 0
    return .frames(frames, ofSource: frames, fade.isFull ? .steady : .rising)
  }

  /// The source is late. What the device holds still plays; only when that runs out, there is a gap.
  private func waitForSource() -> Step {
    guard keepsTime else {
      // A device that has not started plays what it has, once nothing more came for as long as it holds.
      if device.state == .ready {
        dryRests += 1
        if dryRests * restMicroseconds > Int(settings.latencySeconds * 1e6) {
          dryRests = 0
          _ = device.start()
          keepsTime = device.delay > 0
        }
      }
      return .rest
    }
    if device.delay > settings.periodFrames + restMicroseconds * settings.sampleRate / 1_000_000 {
      return .rest
    }
    guard !fade.isSilent else { return silence() }
    line.noteLateSource()
    return fadeOut(limit: .max)
  }

  /// The next frames, fading out; where there are too few, the last one stands still while it does.
  private func fadeOut(limit: Int) -> Step {
    guard let target = samples.buffer.baseAddress else { return .end }
    let channels = ring.channelCount
    let frames = fade.level
    let count = ring.read(min(frames, limit - ring.takenCount), into: target)
    if count > 0 { keepLast(count) }
    for frame in count..<frames {
      for channel in 0..<channels { target[frame * channels + channel] = last.buffer[channel] }
    }
    return .frames(frames, ofSource: count, .falling)
  }

  /// A period of silence, for devices that go on.
  private func silence() -> Step {
    guard keepsTime else { return .rest }
    samples.buffer.update(repeating: 0)
    return .frames(settings.periodFrames, ofSource: 0, .steady)
  }

  private func keepLast(_ frames: Int) {
    let channels = ring.channelCount
    for channel in 0..<channels {
      last.buffer[channel] = samples.buffer[(frames - 1) * channels + channel]
    }
  }

  /// How long is waited for room at a time: a wake-up that a sound server misses costs a period.
  private var periodMilliseconds: Int { 1 + 1000 * settings.periodFrames / settings.sampleRate }

  private var restMicroseconds: Int {
    max(100, min(1000, settings.periodFrames * 250_000 / settings.sampleRate))
  }

  // MARK: Writing

  /// Writes the first frames of `samples`.
  /// - Returns: 0, `dropped`, or a negative number.
  private func write(_ frames: Int, ofSource: Int, _ wanted: Fade.Course) -> Int32 {
    var course = wanted
    var base = 0
    var done = 0
    convert(from: 0, to: frames, course)
    var watch = StallWatch()
    while done < frames {
      let start = done * settings.frameByteCount, end = frames * settings.frameByteCount
      let rest = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes.buffer)[start..<end])
      let count = device.write(rest.bytes)
      line.noteAttempt()
      if count > 0 {
        done += min(count, frames - done)
        watch.restart()
        continue
      }
      guard watch.elapsed < patience.seconds(isStopping: line.isStopping) else {
        return leave(done, ofSource, line.isStopping ? Self.dropped : -ETIMEDOUT)
      }
      if count == 0 || count == -Int(EAGAIN) || count == -Int(EINTR) {
        // A sound server may hold less than it has promised, and would wait for the rest for ever.
        if device.state == .ready { _ = device.start() }
        device.wait(milliseconds: periodMilliseconds)
        continue
      }
      let code = recover(Int32(clamping: count))
      if code < 0 { return leave(done, ofSource, code) }
      // What goes on where it was needs no fade.
      if code == Self.continued { continue }
      // The sound broke off; what is left of this block fades in, unless it was about to be silent.
      course = course == .falling || fade.isSilent ? .steady : .rising
      fade.silence()
      base = done
      convert(from: base, to: frames, course)
    }
    fade.advance(frames - base, course)
    map.move(ofSource)
    map.stand(frames - ofSource)
    line.note(written: map.devicePosition)
    let delay = device.delay
    if device.state == .running { keepsTime = delay > 0 }
    note(delay: delay)
    return 0
  }

  /// Counts what became of a block that the device has not taken whole.
  private func leave(_ done: Int, _ ofSource: Int, _ code: Int32) -> Int32 {
    map.move(min(done, ofSource))
    map.jump(ofSource - min(done, ofSource))
    map.stand(max(0, done - ofSource))
    line.note(written: map.devicePosition)
    return code
  }

  /// Maps channels, applies the fade, and converts frames of `samples` for the device.
  private func convert(from: Int, to frames: Int, _ course: Fade.Course) {
    guard let samples = samples.buffer.baseAddress, let mapped = mapped.buffer.baseAddress else { return }
    let channels = settings.channelCount
    ChannelMapping.map(
      frames - from, samples + from * ring.channelCount, from: ring.channelCount,
      to: mapped + from * channels, to: channels)
    if course != .steady || fade.isSilent {
      for frame in from..<frames {
        let gain = fade.gain(after: frame - from, course)
        for channel in 0..<channels { mapped[frame * channels + channel] *= gain }
      }
    }
    let part = UnsafeBufferPointer(start: mapped + from * channels, count: (frames - from) * channels)
    var peak: Float = 0
    for sample in part where abs(sample) > peak { peak = abs(sample) }
    line.note(peak: peak)
    let offset = from * settings.frameByteCount
    settings.format.store(
      part,
      in: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(bytes.buffer)[offset...]))
  }

  private func note(delay: Int) {
    head = max(head, map.source(at: map.devicePosition - delay))
    line.note(head: head, at: MonotonicClock.nanoseconds)
  }

  // MARK: Recovery

  /// What `recover` returns where the device has lost nothing.
  private static var continued: Int32 { 1 }

  /// Makes the device ready again after it broke off.
  /// - Returns: 0, `continued`, or a negative number where it is lost.
  private func recover(_ code: Int32) -> Int32 {
    switch code {
    case -EPIPE: line.noteUnderrun()
    case -ESTRPIPE:
      line.noteSuspension()
      if resume() { return Self.continued }
    default: return code
    }
    // It starts anew when it is full.
    keepsTime = false
    return min(0, device.prepare())
  }

  /// Waits for a suspended device.
  /// - Returns: whether it continues.
  private func resume() -> Bool {
    let watch = StallWatch()
    while watch.elapsed < patience.seconds(isStopping: line.isStopping) {
      line.noteAttempt()
      let code = device.resume()
      if code >= 0 { return true }
      if code != -EAGAIN { break }
      device.rest(microseconds: 20_000)
    }
    return false
  }

  /// Opens a device again that was lost. No sound is due now: this may take time and memory.
  /// - Parameter lost: The time since the device last worked.
  /// - Returns: 0, or a negative number.
  private func reopen(since lost: StallWatch) -> Int32 {
    while map.devicePosition > 0, lost.elapsed < patience.reopening, !line.isStopping {
      line.noteAttempt()
      if device.reopen() >= 0, device.prepare() >= 0 {
        line.noteReopening()
        keepsTime = false
        fade.silence()
        return 0
      }
      device.rest(microseconds: 50_000)
    }
    return -ENODEV
  }

  /// Waits until all that was written has been heard.
  /// - Returns: 0, `-ETIMEDOUT` when the device was given up, or a negative number for why it is lost.
  private func drain() -> Int32 {
    // A piece shorter than the buffer has not started by itself.
    if device.state == .ready { _ = device.start() }
    var watch = StallWatch()
    var rest = Int.max
    while true {
      let code = device.drain()
      line.noteAttempt()
      // A device that is gone has not played to the end; an underrun at the end has.
      if code != -EAGAIN { return code < 0 && code != -EPIPE ? code : 0 }
      let state = device.state
      if state == .disconnected { return -ENODEV }
      guard state == .draining || state == .running else { return 0 }
      let delay = device.delay
      note(delay: delay)
      if delay < rest { watch.restart() }
      rest = min(rest, delay)
      guard watch.elapsed < patience.seconds(isStopping: line.isStopping) else {
        device.drop()
        return line.isStopping ? 0 : -ETIMEDOUT
      }
      device.rest(microseconds: 5000)
    }
  }
}
