public import Audio
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The sound of a JACK client as a device for a `PlaybackSession`: a queue that JACK takes from in each cycle.
public final class JACKDevice: PCMDevice {
  /// What it is called in messages.
  public var name: String { "JACK (\(client.name))" }
  /// The server's rate, samples in float, and the queue's length.
  public let settings: PCMSettings
  private let client: JACKClient

  init(_ client: JACKClient) {
    self.client = client
    settings = PCMSettings(
      format: .float32, sampleRate: client.sampleRate, channelCount: client.channelCount,
      bufferFrames: client.state.pointer.pointee.frameCapacity, periodFrames: client.periodFrames)
  }

  private var shared: UnsafeMutablePointer<JACKState> { client.state.pointer }

  /// What the device is doing.
  public var state: PCMState {
    if client.isShutDown { return .disconnected }
    switch shared.pointee.phase.load(ordering: .acquiring) {
    case JACKState.Phase.ready: return .ready
    case JACKState.Phase.running: return .running
    case JACKState.Phase.underrun: return .underrun
    case JACKState.Phase.draining: return .draining
    default: return .idle
    }
  }

  private var waitingFrames: Int {
    let written = shared.pointee.written.load(ordering: .relaxed)
    let taken = max(
      shared.pointee.taken.load(ordering: .acquiring), shared.pointee.dropped.load(ordering: .relaxed))
    return max(0, written - taken)
  }

  /// Frames that were written and have not been heard yet: those of the queue, and of the cycle that is being played.
  public var delay: Int { state == .idle ? 0 : waitingFrames + client.periodFrames }

  /// Makes the device ready, with nothing in its queue.
  public func prepare() -> Int32 {
    guard !client.isShutDown else { return -ENODEV }
    shared.pointee.phase.store(JACKState.Phase.idle, ordering: .releasing)
    forget()
    shared.pointee.phase.store(JACKState.Phase.ready, ordering: .releasing)
    return 0
  }

  /// JACK passes over what was written so far, in its next cycle.
  private func forget() {
    shared.pointee.dropped.store(shared.pointee.written.load(ordering: .relaxed), ordering: .releasing)
  }

  /// Begins to play what was written.
  public func start() -> Int32 {
    let result = shared.pointee.phase.compareExchange(
      expected: JACKState.Phase.ready, desired: JACKState.Phase.running, ordering: .acquiringAndReleasing)
    return result.exchanged || result.original == JACKState.Phase.running ? 0 : -EBADF
  }

  /// Writes frames, as many as the queue has room for.
  public func write(_ frames: RawSpan) -> Int {
    switch state {
    case .ready, .running: break
    case .underrun: return -Int(EPIPE)
    case .disconnected: return -Int(ENODEV)
    default: return -Int(EBADF)
    }
    let channels = client.channelCount
    let capacity = shared.pointee.frameCapacity
    let position = shared.pointee.written.load(ordering: .relaxed)
    let room = capacity - (position - shared.pointee.taken.load(ordering: .acquiring))
    let count = min(room, frames.byteCount / settings.frameByteCount)
    guard count > 0 else { return -Int(EAGAIN) }
    let start = position % capacity
    let first = min(count, capacity - start)
    let storage = UnsafeMutableRawPointer(shared.pointee.frames)
    frames.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      let size = 4 * channels
      (storage + start * size).copyMemory(from: source, byteCount: first * size)
      if first < count { storage.copyMemory(from: source + first * size, byteCount: (count - first) * size) }
    }
    shared.pointee.written.store(position + count, ordering: .releasing)
    if waitingFrames >= capacity, state == .ready { _ = self.start() }
    return count
  }

  /// Waits for room, looking twice a cycle: JACK's thread wakes nobody.
  public func wait(milliseconds: Int) {
    let step = max(200, 500_000 * client.periodFrames / max(1, client.sampleRate))
    var left = milliseconds * 1_000
    while left > 0, state == .running, settings.bufferFrames - waitingFrames < client.periodFrames {
      rest(microseconds: min(step, left))
      left -= step
    }
  }

  /// Sleeps.
  public func rest(microseconds: Int) { usleep(UInt32(clamping: microseconds)) }

  /// It is never suspended.
  public func resume() -> Int32 { 0 }

  /// Plays what was written to the end.
  public func drain() -> Int32 {
    if state == .ready { _ = self.start() }
    _ = shared.pointee.phase.compareExchange(
      expected: JACKState.Phase.running, desired: JACKState.Phase.draining, ordering: .acquiringAndReleasing)
    if client.isShutDown { return -ENODEV }
    return state == .draining ? -EAGAIN : 0
  }

  /// Stops at once.
  public func drop() {
    shared.pointee.phase.store(JACKState.Phase.idle, ordering: .releasing)
    forget()
  }

  /// Opens the client again after the server has ended and is back.
  public func reopen() -> Int32 { client.reopen() ? 0 : -ENODEV }
}
