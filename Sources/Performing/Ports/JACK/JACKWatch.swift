internal import Synchronization

/// A thread that looks whether a client's server has ended and is back.
///
/// It holds the client's state and not the client: whoever lets go of a client closes it on a thread of their own.
final class JACKWatch: Sendable {
  private let alarm = AlarmSignal()
  private let isClosed: Shared
  private let thread: PortThread

  private final class Shared: Sendable {
    let isClosed = Atomic<Bool>(false)
  }

  /// So often it looks, in seconds.
  private static let interval = 0.02

  /// Begins to look.
  /// - Parameters:
  ///   - state: The client's state, which is there until `close` has returned.
  ///   - tell: Is given whether the server is back.
  /// - Throws: `PortError.noResources`.
  init(
    _ state: JACKClient.UnsafeSharedState, _ tell: @escaping @Sendable (_ isBack: Bool) -> Void
  ) throws(PortError) {
    let shared = Shared()
    isClosed = shared
    thread = try PortThread { [alarm] in
      var isGone = false
      var seen = state.pointer.pointee.reopenings.load(ordering: .acquiring)
      while !shared.isClosed.load(ordering: .acquiring) {
        let isShutDown = state.pointer.pointee.isShutDown.load(ordering: .acquiring)
        let reopenings = state.pointer.pointee.reopenings.load(ordering: .acquiring)
        let isBack = reopenings > seen
        // It may have come back between two looks.
        if !isGone, isShutDown || isBack {
          tell(false)
          isGone = true
        }
        if isGone, isBack {
          tell(true)
          (isGone, seen) = (false, reopenings)
        }
        alarm.sleep(until: PerformanceTime.now.advanced(bySeconds: Self.interval))
      }
    }
  }

  /// Ends the thread.
  func close() {
    isClosed.isClosed.store(true, ordering: .releasing)
    alarm.raise()
    thread.join()
  }
}
