internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A device that keeps what it is given, or hands it on: to a pipe, a file, a test.
///
/// It takes everything at once, or at the pace of real time: then it holds as much as its latency, and runs out where it is
/// given too little, as a sound card does.
public final class CaptureDevice: PCMDevice, @unchecked Sendable {
  /// What it is called in messages.
  public let name: String
  /// As they were given.
  public let settings: PCMSettings

  private let isPaced: Bool
  private let receive: (@Sendable (RawSpan) -> Bool)?
  private let captured = Mutex<[UInt8]>([])

  // One thread at a time uses what follows.
  private var clock: FrameClock

  /// A device.
  /// - Parameters:
  ///   - request: Its settings; it has the first of the formats.
  ///   - isPaced: Whether it takes frames at the pace at which they would sound.
  ///   - name: What it is called.
  ///   - receive: Takes the bytes, as the audio thread gives them, and returns false where it cannot; without it they are kept.
  public init(
    _ request: PCMRequest = PCMRequest(), isPaced: Bool = false, name: String = "capture",
    receive: (@Sendable (RawSpan) -> Bool)? = nil
  ) {
    self.name = name
    self.isPaced = isPaced
    self.receive = receive
    clock = FrameClock(sampleRate: request.sampleRate)
    let frames = max(16, Int(request.latencySeconds * Double(request.sampleRate)))
    settings = PCMSettings(
      format: request.formats.first ?? .float32, sampleRate: request.sampleRate,
      channelCount: request.channelCount, bufferFrames: frames, periodFrames: max(1, frames / 4))
  }

  /// The bytes that were kept.
  public var bytes: [UInt8] { captured.withLock { $0 } }

  /// The samples that were kept, of a device in `float32`.
  public var sound: AudioBuffer {
    precondition(settings.format == .float32, "samples in \(settings.format.rawValue) are no floats")
    let samples = bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    return AudioBuffer(
      sampleRate: settings.sampleRate, channelCount: settings.channelCount, samples: samples)
  }

  /// What the device is doing.
  public var state: PCMState {
    if isPaced, clock.state == .running, clock.passed > clock.written { clock.runOut() }
    if clock.state == .draining, delay == 0 { clock.stop() }
    return clock.state
  }

  /// Frames that would not have been heard yet.
  public var delay: Int { isPaced || clock.state == .ready ? clock.delay : 0 }

  /// Makes the device ready.
  public func prepare() -> Int32 {
    clock.prepare()
    return 0
  }

  /// Starts the clock.
  public func start() -> Int32 { clock.start() }

  /// Takes as many frames as there is room for.
  public func write(_ frames: RawSpan) -> Int {
    switch state {
    case .ready, .running: break
    case .underrun: return -Int(EPIPE)
    default: return -Int(EBADF)
    }
    let room = isPaced ? settings.bufferFrames - delay : Int.max
    let count = min(room, frames.byteCount / settings.frameByteCount)
    guard count > 0 else { return -Int(EAGAIN) }
    let part = frames.extracting(first: count * settings.frameByteCount)
    if let receive {
      guard receive(part) else { return -Int(EIO) }
    } else {
      captured.withLock { captured in
        part.withUnsafeBytes { captured.append(contentsOf: $0) }
      }
    }
    clock.add(count, of: settings.bufferFrames)
    return count
  }

  /// Waits for room.
  public func wait(milliseconds: Int) {
    guard isPaced, clock.state == .running else { return }
    let missing = delay - (settings.bufferFrames - settings.periodFrames)
    guard missing > 0 else { return }
    rest(microseconds: min(1000 * milliseconds, missing * 1_000_000 / settings.sampleRate + 1))
  }

  /// Sleeps.
  public func rest(microseconds: Int) { usleep(UInt32(clamping: microseconds)) }

  /// It is never suspended.
  public func resume() -> Int32 { 0 }

  /// Waits until the clock has passed the last frame.
  public func drain() -> Int32 {
    // It may have run out before.
    _ = state
    return clock.drain(isOver: delay == 0)
  }

  /// Stops the clock.
  public func drop() { clock.stop() }

  /// It is never lost.
  public func reopen() -> Int32 { 0 }
}
