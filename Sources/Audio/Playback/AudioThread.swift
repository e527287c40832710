#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What an audio thread does.
protocol AudioWork: AnyObject, Sendable {
  func run()
}

/// A system thread that does one piece of playback work.
struct AudioThread: Sendable {
  private let identifier: pthread_t

  /// Starts the thread; nil if the system has none left.
  init?(_ work: any AudioWork) {
    var identifier = pthread_t()
    let context = Unmanaged.passRetained(Box(work))
    let status = pthread_create(
      &identifier, nil,
      { context in
        if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().work.run() }
        return nil
      }, context.toOpaque())
    guard status == 0 else {
      context.release()
      return nil
    }
    self.identifier = identifier
  }

  /// Waits for the thread's end.
  func join() { pthread_join(identifier, nil) }

  /// Leaves the thread to itself: it and what it uses are freed whenever it ends.
  func abandon() { pthread_detach(identifier) }

  private final class Box {
    let work: any AudioWork
    init(_ work: any AudioWork) { self.work = work }
  }
}

/// The scheduling of threads that must run when their time has come.
enum RealTimePriority {
  /// The priorities that are tried: first the one that audio servers take, above all that is no audio and below the kernel's own
  /// threads; then lower ones, which a user's limit may allow.
  private static let wanted: [Int32] = [10, 5, 1]

  /// Gives the calling thread real-time scheduling (`SCHED_RR`) as far as the user's limits allow it.
  /// - Returns: whether it was allowed.
  static func acquire() -> Bool {
    wanted.contains { priority in
      var parameters = sched_param()
      parameters.sched_priority = priority
      return pthread_setschedparam(pthread_self(), Int32(SCHED_RR), &parameters) == 0
    }
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
