// Members of `pollfd` are found in the module that the compiler read them from first.
internal import CALSA
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A device that hands frames on to a pipe or a file as time passes: as many frames as there are seconds, whoever reads them.
///
/// It keeps the pace of the system's clock. Where the session is late, the clock goes on and the session catches up, so that what is handed on has no gap, and
/// a moment of it is where the clock was. A reader that takes nothing holds the session up, and is given up after ten seconds as a sound card would be.
public final class StreamDevice: PCMDevice, @unchecked Sendable {
  /// What it is called in messages.
  public let name: String
  /// As they were asked for.
  public let settings: PCMSettings

  /// The least that it holds, in seconds: a pipe and its reader add more than a shorter one would save, and threads that are woken by the
  /// system's clock alone cannot keep a shorter one filled.
  private static let leastLatency = 0.02

  /// Where frames are written; negative where somebody else takes them.
  private let descriptor: Int32
  /// Who would close the descriptor.
  private let owner: (any AnyObject & Sendable)?
  private let receive: @Sendable (RawSpan) -> Int
  private let failureCode = Atomic<Int32>(0)

  // One thread at a time uses what follows.
  private var clock: FrameClock
  /// What the clock goes by, where that is not the system.
  private let source: FrameClock.Source?

  /// A device that writes to a pipe or a file.
  /// - Parameters:
  ///   - request: Its settings; it has the first of the formats, and holds at least 20 ms.
  ///   - name: What it is called.
  ///   - descriptor: Where frames are written, as many as there is room for; open for as long as there is the device.
  ///   - owner: Who closes the descriptor at the end, and is kept until the device has ended; nil where somebody else sees to that.
  public convenience init(
    _ request: PCMRequest, name: String, descriptor: Int32, owner: (any AnyObject & Sendable)? = nil
  ) {
    self.init(
      request, name: name, clock: nil, descriptor: descriptor, owner: owner, receive: { _ in 0 })
  }

  /// A device that hands frames to whoever takes them.
  /// - Parameters:
  ///   - request: Its settings; it has the first of the formats, and holds at least 20 ms.
  ///   - name: What it is called.
  ///   - receive: Takes whole frames without waiting, and returns how many bytes it has taken: whole frames, or 0 where there is no room now, or a
  ///     negative number of the system where there will never be any.
  public convenience init(
    _ request: PCMRequest, name: String, receive: @escaping @Sendable (RawSpan) -> Int
  ) {
    self.init(request, name: name, clock: nil, receive: receive)
  }

  /// - Parameter clock: Nanoseconds that pass; nil for the system's, but for tests.
  init(
    _ request: PCMRequest, name: String, clock: (@Sendable () -> Int64)?, descriptor: Int32 = -1,
    owner: (any AnyObject & Sendable)? = nil, receive: @escaping @Sendable (RawSpan) -> Int
  ) {
    self.name = name
    self.descriptor = descriptor
    self.owner = owner
    source = clock.map { FrameClock.Source($0) }
    self.clock = FrameClock(sampleRate: request.sampleRate, source: source)
    self.receive = receive
    let seconds = max(Self.leastLatency, request.latencySeconds)
    let frames = max(64, Int(seconds * Double(request.sampleRate)))
    settings = PCMSettings(
      format: request.formats.first ?? .float32, sampleRate: request.sampleRate,
      channelCount: request.channelCount, bufferFrames: frames, periodFrames: max(1, frames / 4))
  }

  /// Why nothing can be handed on any more, as the system's number; 0 as long as it can. Any thread may ask.
  public var failure: Int32 { failureCode.load(ordering: .acquiring) }

  /// What the device is doing. It never runs out.
  public var state: PCMState {
    if clock.state == .draining, clock.delay == 0 { clock.stop() }
    return clock.state
  }

  /// Frames that were handed on before their time.
  public var delay: Int { clock.delay }

  /// Makes the device ready.
  public func prepare() -> Int32 {
    clock.prepare()
    return 0
  }

  /// Starts the clock.
  public func start() -> Int32 { clock.start() }

  /// Hands on as many frames as there is time and room for.
  public func write(_ frames: RawSpan) -> Int {
    guard state == .ready || state == .running else { return -Int(EBADF) }
    let room = settings.bufferFrames - (clock.state == .ready ? clock.written : clock.written - clock.passed)
    let offered = min(room, frames.byteCount / settings.frameByteCount)
    guard offered > 0 else { return -Int(EAGAIN) }
    let block = frames.extracting(first: offered * settings.frameByteCount)
    let taken = descriptor < 0 ? receive(block) : block.withUnsafeBytes { hand($0) }
    guard taken >= 0 else {
      failureCode.store(Int32(clamping: -taken), ordering: .releasing)
      // Not EPIPE, which would be a sound card's word for having run out.
      return -Int(ENODEV)
    }
    guard taken > 0 else { return -Int(EAGAIN) }
    let count = taken / settings.frameByteCount
    clock.add(count, of: settings.bufferFrames)
    return count
  }

  /// So much is written at once: what a pipe that has room takes without waiting (POSIX, PIPE_BUF).
  private static let chunk = 4096

  /// Writes whole frames, as many as there is room for.
  /// - Returns: How many bytes, or a negative number of the system.
  private func hand(_ bytes: UnsafeRawBufferPointer) -> Int {
    let frame = settings.frameByteCount
    var done = 0
    while done < bytes.count {
      var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      // What was begun of a frame is ended.
      let isWhole = done % frame == 0
      guard poll(&request, 1, isWhole ? 0 : 1000) > 0 || !isWhole else { return done }
      let count = min(bytes.count - done, max(1, Self.chunk / frame) * frame)
      let written = systemWrite(bytes.baseAddress.map { $0 + done }, count)
      if written < 0, errno == EINTR || errno == EAGAIN { continue }
      guard written > 0 else { return -Int(errno == 0 ? EIO : errno) }
      done += written
    }
    return done
  }

  private func systemWrite(_ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    #if canImport(Glibc)
    Glibc.write(descriptor, bytes, count)
    #else
    Musl.write(descriptor, bytes, count)
    #endif
  }

  /// Waits until there is time for a period.
  public func wait(milliseconds: Int) {
    let missing = delay - (settings.bufferFrames - settings.periodFrames)
    // Where it is the reader who is late, nobody says when there is room.
    let microseconds = missing > 0 ? missing * 1_000_000 / settings.sampleRate + 1 : 1000
    rest(microseconds: min(1000 * milliseconds, microseconds))
  }

  /// Sleeps.
  public func rest(microseconds: Int) { usleep(UInt32(clamping: max(0, microseconds))) }

  /// It is never suspended.
  public func resume() -> Int32 { 0 }

  /// Waits until it is time for the last frame.
  public func drain() -> Int32 { clock.drain(isOver: clock.delay == 0) }

  /// Stops the clock.
  public func drop() { clock.stop() }

  /// A reader that has gone does not come back.
  public func reopen() -> Int32 { -ENODEV }
}
