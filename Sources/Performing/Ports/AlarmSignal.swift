#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A sleep until a moment of the monotonic clock, from which any thread can wake the sleeper.
///
/// The moment is absolute, so that nothing that happens before the sleep begins makes it longer.
final class AlarmSignal: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  /// Whether it was raised since the last sleep; under the mutex.
  private var isRaised = false

  init() {
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Ends the current sleep, or the next.
  func raise() {
    pthread_mutex_lock(mutex)
    isRaised = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Sleeps until the moment, or until it is raised; without end where the moment is `.max`. One thread sleeps.
  func sleep(until time: PerformanceTime) {
    let nanoseconds = max(0, time.nanoseconds)
    var moment = timespec(
      tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    pthread_mutex_lock(mutex)
    while !isRaised {
      let status =
        time.nanoseconds == .max
        ? pthread_cond_wait(condition, mutex) : pthread_cond_timedwait(condition, mutex, &moment)
      if status == ETIMEDOUT { break }
    }
    isRaised = false
    pthread_mutex_unlock(mutex)
  }
}
