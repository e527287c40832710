#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How long a device may make no progress, in seconds.
package struct PlaybackPatience: Sendable {
  /// Before it counts as hanging, while it plays.
  package var playing: Double
  /// Once the caller requests a stop.
  package var stopping: Double
  /// How long a device that was lost is opened again and again.
  package var reopening: Double

  package init(playing: Double = 10, stopping: Double = 0.5, reopening: Double = 5) {
    self.playing = playing
    self.stopping = stopping
    self.reopening = reopening
  }

  /// The limit that applies to a device that hangs.
  func seconds(isStopping: Bool) -> Double { isStopping ? min(stopping, playing) : playing }
}

/// The system's monotonic clock (`CLOCK_MONOTONIC`), which is read without a system call.
enum MonotonicClock {
  static var nanoseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

/// The time since something last happened.
struct StallWatch {
  private var start = MonotonicClock.nanoseconds

  /// Something happened.
  mutating func restart() { start = MonotonicClock.nanoseconds }
  /// Seconds since then.
  var elapsed: Double { Double(MonotonicClock.nanoseconds - start) / 1e9 }
}

/// Watches from the caller's threads that the audio thread does not hang in a call to the device.
struct Watchdog: Sendable {
  let patience: PlaybackPatience
  /// How long a call may take at most on a working device: until the device has played what it holds.
  let holdSeconds: Double
  private var watch = StallWatch()
  private var lastCount = -1

  init(patience: PlaybackPatience, holdSeconds: Double) {
    self.patience = patience
    self.holdSeconds = holdSeconds
  }

  /// Whether the audio thread has done nothing for too long.
  mutating func seesHang(attempts: Int, isStopping: Bool) -> Bool {
    if attempts != lastCount {
      lastCount = attempts
      watch.restart()
    }
    return watch.elapsed > patience.seconds(isStopping: isStopping) + holdSeconds
  }
}

/// Memory of a fixed size that one thread at a time uses.
final class FixedStorage<Element: BitwiseCopyable>: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Element>

  init(count: Int, of value: Element) {
    buffer = .allocate(capacity: count)
    // Memory is there before the audio thread touches it.
    buffer.initialize(repeating: value)
  }

  deinit { buffer.deallocate() }
}
