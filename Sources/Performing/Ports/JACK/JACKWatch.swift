internal import Synchronization

/// A thread that looks whether a client's server has ended and is back, keeps its connections in mind and, where nobody else does, opens the client again.
///
/// It holds the connection and not the client: whoever lets go of a client closes it on a thread of their own.
final class JACKWatch: Sendable {
  private let alarm = AlarmSignal()
  private let shared: Shared
  private let thread: PortThread

  private final class Shared: Sendable {
    let isClosed = Atomic<Bool>(false)
    let tell = Guarded<(@Sendable (_ isBack: Bool) -> Void)?>(nil)

    func tell(_ isBack: Bool) {
      let tell = tell.withLock { $0 }
      tell?(isBack)
    }
  }

  /// So often it looks, in seconds, and so seldom, in looks, it follows connections and tries to open the client again.
  private static let interval = 0.02, stride = 10

  /// Begins to look.
  /// - Throws: `PortError.noResources`.
  init(_ connection: JACKConnection) throws(PortError) {
    let shared = Shared()
    self.shared = shared
    thread = try PortThread { [alarm] in
      let state = connection.state.pointer
      var isGone = false
      var seen = state.pointee.reopenings.load(ordering: .acquiring)
      var looks = 0
      while !shared.isClosed.load(ordering: .acquiring) {
        let isShutDown = state.pointee.isShutDown.load(ordering: .acquiring)
        let reopenings = state.pointee.reopenings.load(ordering: .acquiring)
        let isBack = reopenings > seen && !isShutDown && connection.isOpen
        // It may have come back between two looks.
        if !isGone, isShutDown || isBack {
          shared.tell(false)
          isGone = true
        }
        if isGone, isBack {
          shared.tell(true)
          (isGone, seen) = (false, reopenings)
        }
        looks += 1
        if looks.isMultiple(of: Self.stride) {
          if !isShutDown {
            connection.followLinks()
          } else if connection.reopensByItself.load(ordering: .acquiring) {
            _ = connection.reopen()
          }
        }
        alarm.sleep(until: PerformanceTime.now.advanced(bySeconds: Self.interval))
      }
    }
  }

  /// Has somebody told of the server's end and return from now on.
  /// - Parameter tell: Is given whether the server is back.
  func tell(_ tell: @escaping @Sendable (_ isBack: Bool) -> Void) {
    shared.tell.withLock { $0 = tell }
  }

  /// Ends the thread.
  func close() {
    shared.isClosed.store(true, ordering: .releasing)
    alarm.raise()
    thread.join()
  }
}
