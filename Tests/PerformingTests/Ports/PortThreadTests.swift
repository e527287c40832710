import Audio
import Foundation
import Groundwork
import Performing
import Synchronization
import Testing

@Suite("The threads of ports")
struct PortThreadTests {
  /// The policy and priority of a thread that asks for one; nil where it is not allowed.
  private func scheduling(
    _ acquire: @escaping @Sendable () -> Bool
  ) throws -> (policy: Int32, priority: Int32)? {
    let found = Mutex<(Int32, Int32)?>(nil)
    let thread = try PortThread {
      guard acquire() else { return }
      var policy: Int32 = 0
      var parameters = sched_param()
      pthread_getschedparam(pthread_self(), &policy, &parameters)
      let priority = parameters.sched_priority
      found.withLock { $0 = (policy, priority) }
    }
    thread.join()
    return found.withLock { $0 }
  }

  @Test("A thread of a port never keeps the one that feeds a sound card from its turn")
  func soundComesFirst() throws {
    let sound = try scheduling { RealTimePriority.acquire() }
    let port = try scheduling { PortThread.becomeRealTime() }
    #expect((sound == nil) == (port == nil))
    // Where the system allows no real time, all threads are alike.
    guard let sound, let port else { return }
    #expect(sound.policy == port.policy && sound.policy == Int32(SCHED_RR))
    #expect(port.priority < sound.priority || sound.priority == 1)
  }
}
