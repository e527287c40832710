internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A queue between threads that holds only so much: who puts something in waits for room, and who takes may wait for something to take.
final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var elements: [Element] = []
  private var limit: Int
  private var ended = false

  /// A queue that holds this many elements.
  init(capacity: Int) {
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    limit = capacity
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  private func withLock<Value>(_ body: () -> Value) -> Value {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  /// How many elements it holds at most; growing lets a waiting thread go on.
  var capacity: Int {
    get { withLock { limit } }
    set {
      withLock {
        limit = newValue
        pthread_cond_broadcast(condition)
      }
    }
  }

  /// How many elements wait to be taken.
  var count: Int { withLock { elements.count } }

  /// Whether nothing more will come.
  var isEnded: Bool { withLock { ended } }

  /// Waits until there is room for one more.
  /// - Returns: false if the queue has ended, or it was canceled.
  func waitForRoom(_ cancellation: Cancellation? = nil) -> Bool {
    wait(until: { elements.count < limit }, cancellation) && !isEnded
  }

  /// Puts an element in, whether there is room or not.
  func add(_ element: Element) {
    withLock {
      elements.append(element)
      pthread_cond_broadcast(condition)
    }
  }

  /// The next element, if there is one.
  func take() -> Element? {
    withLock {
      guard !elements.isEmpty else { return nil }
      pthread_cond_broadcast(condition)
      return elements.removeFirst()
    }
  }

  /// The next element, once there is one.
  /// - Returns: nil if the queue has ended and nothing is left, or it was canceled.
  func waitForElement(_ cancellation: Cancellation? = nil) -> Element? {
    _ = wait(until: { !elements.isEmpty }, cancellation)
    return take()
  }

  /// Notes that nothing more comes, and lets waiting threads go on.
  func end() {
    withLock {
      ended = true
      pthread_cond_broadcast(condition)
    }
  }

  /// Waits until something holds, or the queue has ended.
  /// - Returns: false if it was canceled.
  private func wait(until holds: () -> Bool, _ cancellation: Cancellation?) -> Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !holds(), !ended {
      if cancellation?.isRequested == true { return false }
      guard cancellation != nil else {
        pthread_cond_wait(condition, mutex)
        continue
      }
      // A flag wakes nobody, so that it has to be asked now and then.
      var moment = timespec()
      clock_gettime(CLOCK_REALTIME, &moment)
      moment.tv_nsec += 20_000_000
      if moment.tv_nsec >= 1_000_000_000 {
        moment.tv_nsec -= 1_000_000_000
        moment.tv_sec += 1
      }
      pthread_cond_timedwait(condition, mutex, &moment)
    }
    return true
  }
}
