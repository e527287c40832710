// Members of `pollfd` are found in the module that the compiler read them from first.
internal import CALSA
internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Where the bytes of a port go. One thread at a time uses it.
protocol ByteSink: AnyObject {
  /// Writes all bytes, or none where nobody listens or the reader is too slow.
  /// - Returns: whether they were written, and whether the stream begins anew with the next.
  func write(_ bytes: [UInt8]) throws(PortError) -> ByteSinkWrite
}

/// What became of bytes.
enum ByteSinkWrite: Equatable {
  case written
  /// They were the first after someone began to listen: a status byte has to be among them.
  case dropped
}

/// Writes bytes to a descriptor within a time.
/// - Parameters:
///   - bytes: what to write.
///   - descriptor: where.
///   - patienceSeconds: how long the reader may take nothing.
/// - Returns: how many were written, and the error number that ended it; 0 where the reader was too slow or all is written.
func writeAll(_ bytes: [UInt8], to descriptor: Int32, patienceSeconds: Double) -> (count: Int, failure: Int32)
{
  var done = 0
  while done < bytes.count {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    let ready = poll(&request, 1, Int32(patienceSeconds * 1000))
    if ready < 0, errno == EINTR { continue }
    if ready <= 0 { return (done, ready < 0 ? errno : 0) }
    // A pipe that is ready has room for a page; more at once would wait on a descriptor that blocks.
    let count = min(bytes.count - done, 1024)
    let written = withoutPipeSignal {
      bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: done), count) }
    }
    if written > 0 {
      done += written
    } else if written < 0, errno != EINTR, errno != EAGAIN {
      return (done, errno)
    }
  }
  return (done, 0)
}

/// Calls the system so that a pipe without a reader is an error and not the end of the program. What the program wants to be
/// done at `SIGPIPE` elsewhere stays as it is.
private func withoutPipeSignal(_ body: () -> Int) -> Int {
  var (pipe, old, pending) = (sigset_t(), sigset_t(), sigset_t())
  sigemptyset(&pipe)
  sigaddset(&pipe, SIGPIPE)
  sigpending(&pending)
  pthread_sigmask(SIG_BLOCK, &pipe, &old)
  let result = body()
  let failure = errno
  if result < 0, failure == EPIPE, sigismember(&pending, SIGPIPE) == 0 {
    var none = timespec()
    while sigtimedwait(&pipe, nil, &none) < 0, errno == EINTR {}
  }
  pthread_sigmask(SIG_SETMASK, &old, nil)
  errno = failure
  return result
}

/// A descriptor that someone opened: standard output, a pipe, a device.
final class DescriptorSink: ByteSink {
  private let descriptor: Int32
  private let name: String
  private let isOwned: Bool
  private let patienceSeconds: Double

  init(descriptor: Int32, name: String, isOwned: Bool, patienceSeconds: Double) {
    self.descriptor = descriptor
    self.name = name
    self.isOwned = isOwned
    self.patienceSeconds = patienceSeconds
  }

  deinit { if isOwned { systemClose(descriptor) } }

  func write(_ bytes: [UInt8]) throws(PortError) -> ByteSinkWrite {
    let (count, failure) = writeAll(bytes, to: descriptor, patienceSeconds: patienceSeconds)
    if failure == EPIPE { throw .readerGone(name: name) }
    if failure != 0 { throw .failed(name: name, reason: portMessage(failure)) }
    return count == bytes.count ? .written : .dropped
  }
}

/// A FIFO whose readers come and go; what is sent while there is none is dropped.
final class FIFOSink: ByteSink {
  private var descriptor: Int32 = -1
  private let path: String
  private let isOwned: Bool
  private let patienceSeconds: Double

  init(path: String, creates: Bool, patienceSeconds: Double) throws(PortError) {
    self.path = path
    self.patienceSeconds = patienceSeconds
    isOwned = creates && makeFIFO(path)
    // All is set: whatever is thrown from here on, `deinit` removes what was made.
    let kind = withSystemPath(path) { systemFileKind(at: $0) }
    guard kind != 0 else { throw .unwritable(path: path, reason: portMessage(errno)) }
    guard kind == S_IFIFO else { throw .unwritable(path: path, reason: "it is no FIFO") }
    if !open(), errno != ENXIO { throw .unwritable(path: path, reason: portMessage(errno)) }
  }

  deinit {
    if descriptor >= 0 { systemClose(descriptor) }
    if isOwned { removeFIFO(path) }
  }

  /// Opens it if someone reads.
  private func open() -> Bool {
    descriptor = withSystemPath(path) { systemOpen($0, O_WRONLY | O_NONBLOCK | O_CLOEXEC) }
    return descriptor >= 0
  }

  func write(_ bytes: [UInt8]) throws(PortError) -> ByteSinkWrite {
    // The second attempt is for a reader who has left and come back since the last message.
    for _ in 0..<2 {
      if descriptor < 0, !open() {
        if errno == ENXIO { return .dropped }
        throw .failed(name: path, reason: portMessage(errno))
      }
      let (count, failure) = writeAll(bytes, to: descriptor, patienceSeconds: patienceSeconds)
      if failure == 0 { return count == bytes.count ? .written : .dropped }
      systemClose(descriptor)
      descriptor = -1
      guard failure == EPIPE else { throw .failed(name: path, reason: portMessage(failure)) }
    }
    return .dropped
  }
}
