#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// How events are handed to the kernel, which gives each to all who listen at once.
///
/// `-EAGAIN` says that the queue of one listener is full; the others have the event. So it is tried again only where there is one listener: others
/// would be given it twice. Where that one takes nothing for as long as `patience`, it is not waited for again until it does.
package struct SequencerDelivery: Sendable {
  private let patience: Double
  private var isStalled = false

  /// - Parameter patience: how long the only listener may take nothing, in seconds.
  package init(patience: Double) { self.patience = patience }

  /// What became of an event.
  package enum Outcome: Sendable, Equatable {
    /// All who listen have it.
    case delivered
    /// A listener has not.
    case dropped
    /// The sequencer is of no use any more: the negative number of the system.
    case failed(Int32)
  }

  /// Hands over an event.
  /// - Parameters:
  ///   - listeners: how many ports listen.
  ///   - pause: lets a moment pass; half a millisecond is meant.
  ///   - put: hands it to the kernel, and returns 0 or more, or a negative number of the system.
  package mutating func deliver(
    listeners: () -> Int, pause: () -> Void, _ put: () -> Int32
  ) -> Outcome {
    var status = put()
    if Self.isFull(status), !isStalled, listeners() == 1 {
      let deadline = PerformanceTime.now.advanced(bySeconds: patience)
      repeat {
        pause()
        status = put()
      } while Self.isFull(status) && PerformanceTime.now < deadline
    }
    isStalled = Self.isFull(status)
    if status >= 0 { return .delivered }
    // Who listens may also have gone in this moment, or be a device that cannot take it.
    return Self.isFatal(status) ? .failed(status) : .dropped
  }

  private static func isFull(_ status: Int32) -> Bool {
    status == -EAGAIN || status == -ENOMEM || status == -ENOSPC
  }

  private static func isFatal(_ status: Int32) -> Bool {
    [-EBADF, -EBADFD, -ENODEV, -EFAULT, -EPIPE].contains(status)
  }
}
