// Members of `pollfd` are found in the module that the compiler read them from first.
internal import CALSA
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Wakes a thread that waits for a descriptor, for good: once raised it stays raised.
final class WakeSignal: Sendable {
  /// Becomes readable when it is raised.
  let descriptor: Int32
  private let writing: Int32
  private let raised = Atomic<Bool>(false)

  /// A signal that is not raised.
  /// - Throws: `PortError.noResources`.
  init() throws(PortError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw .noResources(reason: portMessage(errno)) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    (descriptor, writing) = (ends[0], ends[1])
  }

  deinit {
    systemClose(descriptor)
    systemClose(writing)
  }

  var isRaised: Bool { raised.load(ordering: .acquiring) }

  func raise() {
    guard !raised.exchange(true, ordering: .acquiringAndReleasing) else { return }
    var one: UInt8 = 1
    _ = write(writing, &one, 1)
  }
}

/// Waits until a descriptor is ready, a signal is raised or the time is over.
/// - Parameters:
///   - descriptor: what to wait for; negative for the signal alone.
///   - events: `POLLIN` or `POLLOUT`.
///   - signal: ends the wait.
///   - seconds: how long to wait at most, rounded up to milliseconds, a day at most.
/// - Returns: what the descriptor is ready for; 0 where it is not.
func wait(for descriptor: Int32, _ events: Int16, or signal: WakeSignal, seconds: Double) -> Int16 {
  var descriptors = (
    pollfd(fd: descriptor, events: events, revents: 0),
    pollfd(fd: signal.descriptor, events: Int16(POLLIN), revents: 0)
  )
  let milliseconds = Int32((min(max(seconds.isNaN ? 0 : seconds, 0), 86_400) * 1000).rounded(.up))
  let count = withUnsafeMutableBytes(of: &descriptors) {
    poll($0.assumingMemoryBound(to: pollfd.self).baseAddress, 2, milliseconds)
  }
  return count > 0 ? descriptors.0.revents : 0
}

/// Closes a descriptor.
func systemClose(_ descriptor: Int32) { _ = close(descriptor) }

/// The system's words for an error number.
func portMessage(_ errorNumber: Int32) -> String { String(cString: strerror(errorNumber)).lowercased() }
