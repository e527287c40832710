#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What a device without a card does: frames are written, and pass at the sample rate from when it starts. One thread at a time uses it.
struct FrameClock {
  /// What the device is doing.
  private(set) var state = PCMState.idle
  /// Frames that were written since it was made ready.
  private(set) var written = 0

  private let sampleRate: Int
  /// A clock for tests, which whoever made this holds: the audio thread counts no references. nil for the system's.
  private let source: Unmanaged<Source>?
  /// When the first frame was due.
  private var began: Int64 = 0

  /// A clock other than the system's.
  final class Source: Sendable {
    let nanoseconds: @Sendable () -> Int64

    init(_ nanoseconds: @escaping @Sendable () -> Int64) { self.nanoseconds = nanoseconds }
  }

  /// - Parameters:
  ///   - sampleRate: Frames per second, in Hz.
  ///   - source: The clock, which has to be held by the caller; nil for the system's.
  init(sampleRate: Int, source: Source? = nil) {
    self.sampleRate = sampleRate
    self.source = source.map { Unmanaged.passUnretained($0) }
  }

  private var now: Int64 {
    guard let source else { return MonotonicClock.nanoseconds }
    return source.takeUnretainedValue().nanoseconds()
  }

  /// Frames for which it has been time since the start.
  var passed: Int { Int(Double(now - began) * 1e-9 * Double(sampleRate)) }

  /// Frames that were written before their time.
  var delay: Int {
    switch state {
    case .ready: written
    case .running, .draining: max(0, written - passed)
    default: 0
    }
  }

  /// Makes it ready.
  mutating func prepare() {
    state = .ready
    written = 0
  }

  /// Starts it.
  /// - Returns: 0, or a negative number of the system where it is not ready.
  mutating func start() -> Int32 {
    guard state == .ready else { return state == .running ? 0 : -EBADF }
    state = .running
    began = now
    return 0
  }

  /// Counts frames that were written, and starts once there are as many as the device holds.
  mutating func add(_ frames: Int, of bufferFrames: Int) {
    written += frames
    if state == .ready, written >= bufferFrames { _ = start() }
  }

  /// It has run out of frames.
  mutating func runOut() { state = .underrun }

  /// Stops it.
  mutating func stop() { state = .idle }

  /// Lets what was written pass, and then stops.
  /// - Parameter isOver: Whether all has passed.
  /// - Returns: 0 where it has stopped, `-EAGAIN` as long as it has not.
  mutating func drain(isOver: Bool) -> Int32 {
    guard state == .running || state == .draining, !isOver else {
      state = .idle
      return 0
    }
    state = .draining
    return -EAGAIN
  }
}
