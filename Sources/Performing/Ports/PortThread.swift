internal import Audio
internal import Groundwork

/// A thread of a port, whose failure to start is one of the port.
package final class PortThread: Sendable {
  private let thread: SystemThread

  /// Starts the thread.
  /// - Throws: `PortError.noResources`.
  package init(_ body: @escaping @Sendable () -> Void) throws(PortError) {
    guard let thread = SystemThread(body) else {
      throw .noResources(reason: "no thread is left")
    }
    self.thread = thread
  }

  /// Waits for its end; it must not wait for itself.
  package func join() { thread.join() }

  /// Gives the calling thread real-time priority, below that of sound.
  /// - Returns: whether the system allowed it.
  @discardableResult
  package static func becomeRealTime() -> Bool {
    RealTimePriority.acquire(for: .ports)
  }
}
