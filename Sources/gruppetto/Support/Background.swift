internal import Foundation
internal import Synchronization

/// Work on a thread of its own.
final class Background: Sendable {
  private let done = DispatchSemaphore(value: 0)
  private let failure = Mutex<(any Error)?>(nil)

  init(_ work: @escaping @Sendable () throws -> Void) {
    Thread.detachNewThread {
      do { try work() } catch { self.failure.withLock { $0 = error } }
      self.done.signal()
    }
  }

  /// Waits for its end.
  /// - Returns: What went wrong, if something did.
  func wait() -> (any Error)? {
    done.wait()
    done.signal()
    return failure.withLock { $0 }
  }
}

/// A value that is made on a thread of its own.
final class Promise<Value: Sendable>: Sendable {
  private let result = Mutex<Result<Value, any Error>?>(nil)
  private let done = DispatchSemaphore(value: 0)

  init(_ make: @escaping @Sendable () throws -> Value) {
    Thread.detachNewThread {
      let made = Result { try make() }
      self.result.withLock { $0 = made }
      self.done.signal()
    }
  }

  /// The value, once it is made.
  func value() throws -> Value {
    done.wait()
    done.signal()
    guard let made = result.withLock({ $0 }) else { throw CancellationError() }
    return try made.get()
  }
}
