#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A system thread of a port. It is joined when it ends.
package final class PortThread: @unchecked Sendable {
  private var identifier = pthread_t()
  private var isJoined = false

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts the thread.
  /// - Throws: `PortError.noResources`.
  package init(_ body: @escaping @Sendable () -> Void) throws(PortError) {
    let context = Unmanaged.passRetained(Work(body))
    let status = pthread_create(
      &identifier, nil,
      { context in
        if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body() }
        return nil
      }, context.toOpaque())
    guard status == 0 else {
      context.release()
      throw .noResources(reason: portMessage(status))
    }
  }

  // Left to itself, it is freed whenever it ends.
  deinit { if !isJoined { pthread_detach(identifier) } }

  /// Waits for its end; to be called once, and not by itself.
  package func join() {
    isJoined = true
    pthread_join(identifier, nil)
  }

  /// Gives the calling thread real-time priority, below that of sound.
  /// - Returns: whether the system allowed it.
  @discardableResult
  package static func becomeRealTime() -> Bool {
    var parameters = sched_param()
    parameters.sched_priority = 40
    return pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters) == 0
  }
}
