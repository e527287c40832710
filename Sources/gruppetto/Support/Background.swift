/// Work on a thread of its own.
final class Background: Sendable {
  private let promise: Promise<Void>

  init(_ work: @escaping @Sendable () throws -> Void) { promise = Promise(work) }

  /// Waits for its end.
  /// - Returns: What went wrong, if something did.
  func wait() -> (any Error)? {
    do {
      try promise.value()
      return nil
    } catch {
      return error
    }
  }
}
