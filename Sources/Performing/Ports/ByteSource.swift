internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Where the bytes of a port come from. One thread at a time uses it.
protocol ByteSource: AnyObject {
  /// Becomes readable when there are bytes.
  var descriptor: Int32 { get }
  /// Reads what there is, without waiting.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(PortError) -> ByteSourceRead
}

/// What a source of bytes had.
enum ByteSourceRead: Equatable {
  case bytes(Int)
  case nothing
  /// The sender has closed it, and may come back.
  case senderGone
  case ended
}

/// A descriptor that someone opened: standard input, a pipe, a device.
final class DescriptorSource: ByteSource {
  let descriptor: Int32
  private let name: String
  private let isOwned: Bool
  /// What was read before, by somebody else.
  private var first: [UInt8]

  init(descriptor: Int32, name: String, isOwned: Bool, first: [UInt8] = []) {
    self.descriptor = descriptor
    self.name = name
    self.isOwned = isOwned
    self.first = first
  }

  deinit { if isOwned { systemClose(descriptor) } }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(PortError) -> ByteSourceRead {
    if !first.isEmpty {
      let count = min(first.count, buffer.count)
      buffer.copyBytes(from: first[..<count])
      first.removeFirst(count)
      return .bytes(count)
    }
    let count = systemRead(descriptor, buffer.baseAddress, buffer.count)
    if count > 0 { return .bytes(count) }
    if count == 0 { return .ended }
    if errno == EAGAIN || errno == EINTR { return .nothing }
    throw .failed(name: name, reason: portMessage(errno))
  }
}

/// Makes a FIFO, which is removed where the program is interrupted.
/// - Returns: Whether there was nothing at the path before.
func makeFIFO(_ path: String) -> Bool {
  guard withSystemPath(path, { mkfifo($0, 0o600) }) == 0 else { return false }
  TemporaryFiles.insert(path)
  return true
}

/// Removes a FIFO that was made.
func removeFIFO(_ path: String) {
  _ = withSystemPath(path) { unlink($0) }
  TemporaryFiles.remove(path)
}

/// A FIFO whose writers come and go.
final class FIFOSource: ByteSource {
  private(set) var descriptor: Int32
  private let path: String
  private let isOwned: Bool

  /// Opens the FIFO, whether anyone writes to it or not.
  /// - Parameter creates: whether to make it where nothing is at the path; it is then removed at the end.
  init(path: String, creates: Bool) throws(PortError) {
    self.path = path
    isOwned = creates && makeFIFO(path)
    descriptor = Self.open(path)
    // All is set: whatever is thrown from here on, `deinit` closes and removes what was made.
    let failure = errno
    guard descriptor >= 0 else { throw .unopenable(name: path, reason: portMessage(failure)) }
    guard systemFileKind(descriptor) == S_IFIFO else { throw .notAPort(path: path) }
  }

  deinit {
    if descriptor >= 0 { systemClose(descriptor) }
    if isOwned { removeFIFO(path) }
  }

  private static func open(_ path: String) -> Int32 {
    withSystemPath(path) { systemOpen($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(PortError) -> ByteSourceRead {
    let count = systemRead(descriptor, buffer.baseAddress, buffer.count)
    if count > 0 { return .bytes(count) }
    if count < 0 {
      if errno == EAGAIN || errno == EINTR { return .nothing }
      throw .failed(name: path, reason: portMessage(errno))
    }
    // A descriptor whose last writer has gone is readable for ever; a new one is so only when the next writer comes. It is
    // opened before the old one is closed, so that a writer who comes just now finds a reader.
    let next = Self.open(path)
    guard next >= 0 else { throw .failed(name: path, reason: portMessage(errno)) }
    systemClose(descriptor)
    descriptor = next
    return .senderGone
  }
}
