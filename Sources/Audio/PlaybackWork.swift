internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What the audio thread does: takes frames from the ring, converts them for the device and writes them.
///
/// Everything is allocated beforehand. While it runs, it takes no lock, allocates nothing, touches no file but the device,
/// and shares only atomics.
final class PlaybackWork: Sendable {
  let ring: SampleRing
  private let output: PCMOutput
  private let block: FixedStorage<Float>
  private let mapped: FixedStorage<Float>
  private let bytes: FixedStorage<UInt8>

  private let fadeFrames: Int
  private let patience: PlaybackPatience

  private let stopping = Atomic<Bool>(false)
  private let finished = Atomic<Bool>(false)
  private let failure = Atomic<Int32>(0)
  private let framesWritten = Atomic<Int>(0)
  private let framesHeard = Atomic<Int>(0)
  private let underruns = Atomic<Int>(0)
  private let attempts = Atomic<Int>(0)

  /// How long sound takes to fade when it is stopped, in seconds.
  private static let fadeTime = 0.01

  init(output: PCMOutput, ring: SampleRing, patience: PlaybackPatience) {
    let settings = output.settings
    self.output = output
    self.ring = ring
    self.patience = patience
    fadeFrames = max(1, Int(Double(settings.sampleRate) * Self.fadeTime))
    let frames = max(settings.periodFrames, fadeFrames)
    block = .init(count: frames * ring.channelCount)
    mapped = .init(count: frames * settings.channelCount)
    bytes = .init(count: frames * settings.channelCount * settings.format.byteCount)
  }

  /// Asks the thread to fade out and end.
  func stop() { stopping.store(true, ordering: .relaxed) }
  /// Whether the thread has ended.
  var isFinished: Bool { finished.load(ordering: .acquiring) }
  /// ALSA's negative number for why the device failed; 0 if it was not.
  var failureCode: Int32 { failure.load(ordering: .acquiring) }
  /// How many frames the device was given.
  var writtenCount: Int { framesWritten.load(ordering: .relaxed) }
  /// How many of them have been heard.
  var heardCount: Int { framesHeard.load(ordering: .relaxed) }
  /// How often the device ran out of frames.
  var underrunCount: Int { underruns.load(ordering: .relaxed) }
  /// Grows as long as the thread runs; it stands still while a call to the device does not return.
  var attemptCount: Int { attempts.load(ordering: .relaxed) }

  /// What the thread runs.
  func run() {
    var status = output.prepare()
    if status >= 0, play() {
      var watch = StallWatch()
      status = output.drain { isWorthWaiting(&watch, $0) }
    }
    if status < 0 {
      failure.store(status, ordering: .releasing)
    } else if failureCode == 0 {
      framesHeard.store(writtenCount, ordering: .relaxed)
    }
    finished.store(true, ordering: .releasing)
  }

  /// Counts an attempt, and tells whether to keep waiting for the device.
  private func isWorthWaiting(_ watch: inout StallWatch, _ hasProgressed: Bool) -> Bool {
    attempts.add(1, ordering: .relaxed)
    if hasProgressed { watch.restart() }
    return watch.elapsed < patience.seconds(isStopping: stopping.load(ordering: .relaxed))
  }

  /// - Returns: whether the device still works.
  private func play() -> Bool {
    let period = UnsafeMutableBufferPointer(rebasing: block.buffer[..<periodLength])
    while true {
      attempts.add(1, ordering: .relaxed)
      if stopping.load(ordering: .relaxed) { return fadeOut() }
      let frames = ring.read(into: period)
      if frames > 0 {
        guard write(frames) else { return false }
      } else if ring.isExhausted {
        return true
      } else {
        // The source is late. The device's own buffer still plays.
        usleep(1000)
      }
    }
  }

  private var periodLength: Int { output.settings.periodFrames * ring.channelCount }

  /// Writes the first frames of the block.
  private func write(_ frames: Int) -> Bool {
    let settings = output.settings
    mapChannels(frames)
    let samples = UnsafeBufferPointer(rebasing: mapped.buffer[..<(frames * settings.channelCount)])
    let raw = UnsafeMutableRawBufferPointer(bytes.buffer)
    settings.format.store(samples, in: raw)
    guard let start = UnsafeRawPointer(raw.baseAddress) else { return true }
    var watch = StallWatch()
    let status = output.write(start, frames: frames) { isWorthWaiting(&watch, $0) }
    underruns.store(output.underrunCount, ordering: .relaxed)
    if status < 0 {
      failure.store(status, ordering: .releasing)
      return false
    }
    let written = writtenCount + frames
    framesWritten.store(written, ordering: .relaxed)
    framesHeard.store(max(heardCount, written - output.delay), ordering: .relaxed)
    return true
  }

  /// Fades the next few milliseconds to silence, because a step would be heard as a click.
  private func fadeOut() -> Bool {
    let channels = ring.channelCount
    let frames = ring.read(
      into: UnsafeMutableBufferPointer(rebasing: block.buffer[..<(fadeFrames * channels)]))
    guard frames > 0 else { return true }
    for frame in 0..<frames {
      let gain = Float(frames - 1 - frame) / Float(frames)
      for channel in 0..<channels { block.buffer[frame * channels + channel] *= gain }
    }
    return write(frames)
  }

  /// Maps the block's frames from the source's channels to the device's: one is copied to all, all are averaged into
  /// one; otherwise channels are taken in order and silence fills the rest.
  private func mapChannels(_ frames: Int) {
    let from = ring.channelCount
    let to = output.settings.channelCount
    for frame in 0..<frames {
      for channel in 0..<to {
        let value: Float
        if from == 1 {
          value = block.buffer[frame]
        } else if to == 1 {
          var sum: Float = 0
          for index in 0..<from { sum += block.buffer[frame * from + index] }
          value = sum / Float(from)
        } else {
          value = channel < from ? block.buffer[frame * from + channel] : 0
        }
        mapped.buffer[frame * to + channel] = value
      }
    }
  }
}

/// How long a device may make no progress before it counts as hanging, in seconds.
struct PlaybackPatience: Sendable {
  /// While it plays.
  var playing = 10.0
  /// Once the caller requests a stop.
  var stopping = 0.5

  /// The limit that applies now.
  func seconds(isStopping: Bool) -> Double { isStopping ? min(stopping, playing) : playing }
}

/// The time since something last happened.
struct StallWatch {
  private var start: ContinuousClock.Instant = .now

  /// Something happened.
  mutating func restart() { start = .now }
  /// Seconds since then.
  var elapsed: Double { (.now - start) / .seconds(1) }
}

/// Memory of a fixed size that one thread at a time uses.
final class FixedStorage<Element: BitwiseCopyable>: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Element>

  init(count: Int) { buffer = .allocate(capacity: count) }

  deinit { buffer.deallocate() }
}
