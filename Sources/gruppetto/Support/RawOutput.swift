internal import Audio
internal import Foundation
internal import Groundwork
internal import Performing

/// Samples without a header, to a file or to standard output.
final class RawOutput: @unchecked Sendable {
  let name: String
  private let descriptor: Int32
  private let format: PCMFormat
  private let sampleRate: Int
  private let cancellation: Cancellation
  private var bytes: [UInt8] = []

  /// So much is written at once: what a pipe that has room takes without waiting (POSIX, PIPE_BUF).
  private static let chunk = 4096
  /// For so long after an interruption a reader may take the end of the sound, in seconds.
  private static let patience = 1.0

  /// Opens the output. A named pipe is waited for until it has a reader; after an interruption nothing is written to it.
  init(
    path: String, format: PCMFormat, sampleRate: Int, cancellation: Cancellation
  ) throws(FileError) {
    self.format = format
    self.sampleRate = sampleRate
    self.cancellation = cancellation
    name = path == "-" ? "standard output" : path
    if path == "-" { try StandardStreams.requireOutput() }
    descriptor = try path == "-" ? STDOUT_FILENO : Self.open(path, cancellation)
  }

  deinit {
    guard descriptor > STDERR_FILENO else { return }
    // A file without any sound is of no use.
    if let size = fileSize, size < 2 * format.byteCount { removeOpenFile(at: name, descriptor) }
    close(descriptor)
  }

  /// - Returns: The descriptor, negative if it was interrupted.
  private static func open(_ path: String, _ cancellation: Cancellation) throws(FileError) -> Int32 {
    var state = stat()
    let isPipe = withSystemPath(path) { stat($0, &state) } == 0 && state.st_mode & S_IFMT == S_IFIFO
    let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | (isPipe ? O_NONBLOCK : 0)
    while true {
      let descriptor = withSystemPath(path) { Foundation.open($0, flags, 0o666) }
      if descriptor >= 0 { return descriptor }
      // Nobody reads the pipe yet.
      guard isPipe && errno == ENXIO || errno == EINTR else { throw FileError.writing(path) }
      if cancellation.isRequested { return -1 }
      usleep(20_000)
    }
  }

  /// Waits until the output takes more.
  /// - Returns: false if it still takes nothing some time after an interruption.
  private func waitForRoom() -> Bool {
    var interrupted: PerformanceTime?
    while true {
      var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      // What is wrong with the output is found when it is written to.
      if poll(&request, 1, 50) > 0 { return true }
      guard cancellation.isRequested else { continue }
      let since = interrupted ?? .now
      interrupted = since
      if PerformanceTime.now.seconds(since: since) > Self.patience { return false }
    }
  }

  /// Waits until a block can be written without waiting.
  /// - Parameter seconds: How long at most.
  /// - Returns: Whether there is room; always where waiting is in vain, as `write` tells.
  func isReady(within seconds: Double) -> Bool {
    guard descriptor >= 0 else { return true }
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&request, 1, Int32((1000 * seconds).rounded(.up))) > 0
  }

  /// A device that hands samples on to this output in real time, and keeps it open.
  /// - Parameter latencySeconds: How far ahead of its time the sound may be.
  func device(latencySeconds: Double) -> StreamDevice {
    let request = PCMRequest(
      sampleRate: sampleRate, channelCount: 2, formats: [format], latencySeconds: latencySeconds)
    return StreamDevice(request, name: name, descriptor: descriptor, owner: self)
  }

  /// Why it cannot be written any more, and what is kept of it: whole frames of a file, and no file that has none.
  /// - Parameter errorNumber: The system's number.
  func failure(_ errorNumber: Int32) -> FileError {
    let error = FileError.writing(name, errorNumber: errorNumber)
    guard let size = fileSize else { return error }
    let frame = 2 * format.byteCount
    let frames = size / frame
    if frames > 0 { _ = ftruncate(descriptor, off_t(frames * frame)) }
    return error.keeping(seconds: Double(frames) / Double(sampleRate))
  }

  /// The size of a file, in bytes; nil for a pipe or a device.
  private var fileSize: Int? {
    var state = stat()
    guard descriptor > STDERR_FILENO, fstat(descriptor, &state) == 0, state.st_mode & S_IFMT == S_IFREG
    else { return nil }
    return Int(state.st_size)
  }

  /// Writes samples.
  /// - Returns: false if an interruption ended the waiting for somebody who reads them.
  func write(_ samples: Span<Float>) throws(FileError) -> Bool {
    guard descriptor >= 0 else { return false }
    let count = samples.count * format.byteCount
    if bytes.count < count { bytes = [UInt8](repeating: 0, count: count) }
    samples.withUnsafeBufferPointer { samples in
      bytes.withUnsafeMutableBytes { format.store(samples, in: $0) }
    }
    var done = 0
    while done < count {
      guard waitForRoom() else { return false }
      let written = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress.map { $0 + done }, min(Self.chunk, count - done))
      }
      if written < 0, errno == EINTR || errno == EAGAIN { continue }
      guard written > 0 else { throw failure(errno) }
      done += written
    }
    return true
  }
}
