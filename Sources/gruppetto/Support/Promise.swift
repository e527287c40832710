internal import Groundwork
internal import Synchronization

/// The system has no thread left for work beside.
struct NoThreadLeft: DiagnosableError {
  var kind: FailureKind { .internalFault }
  var message: String { "the system has no thread left; end other programs, or allow more by `ulimit -u`" }
}

/// A value that is made on a thread of its own.
final class Promise<Value: Sendable>: Sendable {
  private let thread: Mutex<SystemThread?>
  private let result: Result

  /// What the thread hands over; it may be alone with it at the end.
  private final class Result: Sendable {
    let value = Mutex<Swift.Result<Value, any Error>?>(nil)
  }

  init(_ make: @escaping @Sendable () throws -> Value) {
    let result = Result()
    self.result = result
    let thread = SystemThread {
      let made = Swift.Result { try make() }
      result.value.withLock { $0 = made }
    }
    self.thread = Mutex(thread)
    if thread == nil { result.value.withLock { $0 = .failure(NoThreadLeft()) } }
  }

  /// The value, once it is made.
  func value() throws -> Value {
    thread.withLock { $0?.join() }
    guard let made = result.value.withLock({ $0 }) else { throw NoThreadLeft() }
    return try made.get()
  }
}
