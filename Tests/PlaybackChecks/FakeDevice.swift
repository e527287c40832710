public import Audio
internal import Foundation
internal import Synchronization

/// A sound card for tests: it has a clock of its own, which only waiting moves, keeps what it would have sounded, and fails as
/// it is told.
///
/// A mishap happens once, when the device has played a number of frames. Time passes by `wait` and `rest` alone, so that a test takes no
/// longer than its computations, and the same happens each time as far as the source is in time.
public final class FakeDevice: PCMDevice, @unchecked Sendable {
  /// What goes wrong.
  public enum Mishap: Sendable, Equatable {
    /// The device runs dry: what it holds is gone, and `-EPIPE` comes next.
    case underrun
    /// The system suspends it: `-ESTRPIPE`, and so many calls of `resume` that say `-EAGAIN`; then it goes on, or needs `prepare`.
    case suspension(attempts: Int, survives: Bool)
    /// It is unplugged: `-ENODEV`, until it has been opened so many times in vain; nil is for ever.
    case unplugged(attempts: Int?)
    /// It says so many times that it has no room.
    case busy(times: Int)
    /// It takes only so many frames at once from now on.
    case short(frames: Int)
    /// It takes nothing for so many seconds of its own.
    case late(seconds: Double)
    /// It takes nothing any more, without an error.
    case stuck
    /// It fails with another number of the system, again and again.
    case failure(code: Int)
    /// The call does not return, until `release` is called.
    case hanging
  }

  /// A mishap, and when it happens.
  public struct Event: Sendable {
    var frame: Int
    var mishap: Mishap

    /// A mishap when `frame` frames have been written.
    public init(at frame: Int, _ mishap: Mishap) {
      self.frame = frame
      self.mishap = mishap
    }
  }

  /// What it is called.
  public let name: String
  /// As they were given.
  public let settings: PCMSettings

  private struct State {
    var pcm = PCMState.idle
    var events: [Event]
    /// Frames that sounded and frames that wait, in the device's format.
    var sounded: [UInt8] = []
    var waiting: [UInt8] = []
    /// Frames taken since the beginning.
    var taken = 0
    /// Where in `sounded` the sound broke off.
    var breaks: [Int] = []
    var opened = 1
    var attempts = 0
    var survives = true
    var isUnplugged = false
    var refusals = 0
    var limit = Int.max
    var lateness = 0.0
    var isStuck = false
    var code: Int?
    /// Parts of a frame that have passed.
    var fraction = 0.0
    var errors: [Int] = []
  }
  private let inner: Mutex<State>
  private let gate = DispatchSemaphore(value: 0)
  /// How much longer in real time a rest takes than none, in seconds of the device; so that other threads get their turn.
  private let pace: Double

  /// A device.
  /// - Parameters:
  ///   - settings: What was negotiated.
  ///   - events: What goes wrong, in order.
  ///   - pace: Seconds of real time for each second of the device; 0 for none.
  public init(
    _ settings: PCMSettings = PCMSettings(
      format: .float32, sampleRate: 48_000, channelCount: 1, bufferFrames: 960, periodFrames: 240),
    events: [Event] = [], pace: Double = 0.2, name: String = "fake"
  ) {
    self.name = name
    self.settings = settings
    self.pace = pace
    inner = Mutex(State(events: events))
  }

  /// What sounded, of a device in `float32`.
  public var sound: [Float] {
    inner.withLock { state in
      state.sounded.withUnsafeBytes { raw in
        (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
    }
  }
  /// The frames before which the sound broke off because of the device.
  public var breaks: [Int] { inner.withLock { $0.breaks } }
  /// How often it was opened.
  public var openings: Int { inner.withLock { $0.opened } }
  /// The errors that it gave.
  public var errors: [Int] { inner.withLock { $0.errors } }

  /// Lets a call that hangs return.
  public func release() { gate.signal() }

  /// What it is doing.
  public var state: PCMState { inner.withLock { $0.isUnplugged ? .disconnected : $0.pcm } }
  /// Frames that wait.
  public var delay: Int { inner.withLock { $0.waiting.count / settings.frameByteCount } }

  /// Forgets what waits, and takes frames.
  public func prepare() -> Int32 {
    inner.withLock { state in
      if state.isUnplugged { return -ENODEV }
      state.waiting = []
      state.pcm = .ready
      return 0
    }
  }

  /// Starts to play what waits.
  public func start() -> Int32 {
    inner.withLock { state in
      guard state.pcm == .ready else { return state.pcm == .running ? 0 : -EBADF }
      guard !state.waiting.isEmpty else { return -EPIPE }
      state.pcm = .running
      return 0
    }
  }

  /// Takes frames, or fails as it was told.
  public func write(_ frames: RawSpan) -> Int {
    let result = inner.withLock { take(frames, &$0) }
    if let result { return result }
    gate.wait()
    return -Int(EAGAIN)
  }

  /// What `write` returns; nil where it is not to return.
  private func take(_ frames: RawSpan, _ state: inout State) -> Int? {
    if let event = state.events.first, state.taken >= event.frame {
      state.events.removeFirst()
      guard happen(event.mishap, &state) else { return nil }
    }
    if state.isUnplugged { return refuse(ENODEV, &state) }
    if let code = state.code { return refuse(Int32(code), &state) }
    switch state.pcm {
    case .underrun: return refuse(EPIPE, &state)
    case .suspended: return refuse(ESTRPIPE, &state)
    case .ready, .running: break
    default: return refuse(EBADF, &state)
    }
    if state.refusals > 0 || state.lateness > 0 || state.isStuck {
      state.refusals = max(0, state.refusals - 1)
      return refuse(EAGAIN, &state)
    }
    let room = settings.bufferFrames - state.waiting.count / settings.frameByteCount
    let count = min(room, frames.byteCount / settings.frameByteCount, state.limit)
    guard count > 0 else { return -Int(EAGAIN) }
    frames.extracting(first: count * settings.frameByteCount).withUnsafeBytes {
      state.waiting.append(contentsOf: $0)
    }
    state.taken += count
    if state.pcm == .ready, state.waiting.count >= settings.bufferFrames * settings.frameByteCount {
      state.pcm = .running
    }
    return count
  }

  /// - Returns: false where the call is not to return.
  private func happen(_ mishap: Mishap, _ state: inout State) -> Bool {
    switch mishap {
    case .underrun:
      state.sounded += state.waiting
      state.waiting = []
      breakOff(&state, .underrun)
    case .suspension(let attempts, let survives):
      state.attempts = attempts
      state.survives = survives
      breakOff(&state, .suspended)
    case .unplugged(let attempts):
      state.isUnplugged = true
      state.attempts = attempts ?? .max
      state.waiting = []
      breakOff(&state, .disconnected)
    case .busy(let times): state.refusals = times
    case .short(let frames): state.limit = frames
    case .late(let seconds): state.lateness = seconds
    case .stuck: state.isStuck = true
    case .failure(let code):
      state.code = code
      state.waiting = []
      breakOff(&state, .idle)
    case .hanging: return false
    }
    return true
  }

  /// Lets a period pass.
  public func wait(milliseconds: Int) {
    let seconds = min(
      Double(milliseconds) / 1000, Double(settings.periodFrames) / Double(settings.sampleRate))
    inner.withLock { pass(seconds, &$0) }
    sleep(seconds)
  }

  /// Lets time pass.
  public func rest(microseconds: Int) {
    let seconds = Double(microseconds) * 1e-6
    inner.withLock { pass(seconds, &$0) }
    sleep(seconds)
  }

  /// Ends a suspension after some attempts.
  public func resume() -> Int32 {
    inner.withLock { state in
      guard state.pcm == .suspended else { return 0 }
      state.attempts -= 1
      if state.attempts >= 0 { return -EAGAIN }
      guard state.survives else {
        state.pcm = .idle
        return -ENOSYS
      }
      state.pcm = .running
      return 0
    }
  }

  /// Plays what waits, and takes nothing more.
  public func drain() -> Int32 {
    inner.withLock { state in
      if state.isUnplugged { return -ENODEV }
      if state.pcm == .running { state.pcm = .draining }
      guard state.pcm == .draining else { return 0 }
      return state.waiting.isEmpty ? 0 : -EAGAIN
    }
  }

  /// Stops at once.
  public func drop() { inner.withLock { $0.pcm = .idle } }

  /// Is plugged in again after some attempts.
  public func reopen() -> Int32 {
    inner.withLock { state in
      state.attempts -= 1
      guard state.attempts < 0 else { return -ENOENT }
      state.opened += 1
      state.isUnplugged = false
      state.code = nil
      state.pcm = .idle
      return 0
    }
  }

  /// Lets time pass: what waits sounds.
  private func pass(_ seconds: Double, _ state: inout State) {
    state.lateness = max(0, state.lateness - seconds)
    guard state.pcm == .running || state.pcm == .draining, !state.isStuck, !state.isUnplugged else { return }
    let exact = seconds * Double(settings.sampleRate) + state.fraction
    let frames = Int(exact)
    state.fraction = exact - Double(frames)
    let bytes = frames * settings.frameByteCount
    if state.waiting.count >= bytes, !(state.pcm == .draining && state.waiting.count == bytes) {
      state.sounded += state.waiting[..<bytes]
      state.waiting.removeFirst(bytes)
    } else {
      state.sounded += state.waiting
      state.waiting = []
      if state.pcm == .running {
        breakOff(&state, .underrun)
      } else {
        state.pcm = .idle
      }
    }
  }

  private func breakOff(_ state: inout State, _ pcm: PCMState) {
    state.pcm = pcm
    state.fraction = 0
    state.breaks.append(state.sounded.count / settings.frameByteCount)
  }

  private func sleep(_ seconds: Double) {
    let real = seconds * pace
    if real > 0 { usleep(UInt32(1e6 * real)) }
  }

  private func refuse(_ code: Int32, _ state: inout State) -> Int {
    state.errors.append(-Int(code))
    return -Int(code)
  }
}
