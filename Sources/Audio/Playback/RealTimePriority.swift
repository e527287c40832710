#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The scheduling of threads that must run when their time has come.
package enum RealTimePriority {
  /// The priorities that are tried: first the one that audio servers take, above all that is no audio and below the kernel's own
  /// threads; then lower ones, which a user's limit may allow.
  private static let wanted: [Int32] = [10, 5, 2, 1]

  /// What a thread is for.
  package enum Purpose: Sendable {
    /// It feeds a sound card.
    case sound
    /// It reads or sends messages, or renders ahead of a thread that feeds a sound card: it comes after those.
    case ports
  }

  /// Gives the calling thread real-time scheduling (`SCHED_RR`) as far as the user's limits allow it.
  /// - Parameter purpose: What the thread is for. Where the user's limit is 1, all come in turn.
  /// - Returns: whether it was allowed.
  @discardableResult
  package static func acquire(for purpose: Purpose = .sound) -> Bool {
    guard let highest = wanted.first(where: set) else { return false }
    // Half of what sound gets under the same limit; less is always allowed.
    return purpose == .sound || set(max(1, highest / 2))
  }

  private static func set(_ priority: Int32) -> Bool {
    var parameters = sched_param()
    parameters.sched_priority = priority
    return pthread_setschedparam(pthread_self(), Int32(SCHED_RR), &parameters) == 0
  }

  /// Runs `body` with real-time scheduling where that is allowed: threads that it starts inherit it, such as those by which ALSA's
  /// plugins talk to sound servers.
  static func lend<Value, Failure: Error>(to body: () throws(Failure) -> Value) throws(Failure) -> Value {
    var policy: Int32 = 0
    var parameters = sched_param()
    let isKnown = pthread_getschedparam(pthread_self(), &policy, &parameters) == 0
    let isLent = isKnown && acquire()
    defer { if isLent { pthread_setschedparam(pthread_self(), policy, &parameters) } }
    return try body()
  }
}
