#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A system thread that runs one function: the one kind of thread that this package starts for work with an end of its own.
///
/// It is not one of a pool, so that it may wait, hang in a device, or have a priority of its own.
package final class SystemThread: @unchecked Sendable {
  // Both are used by whoever holds the thread, under its own lock where several do.
  private var identifier = pthread_t()
  private var isJoined = false

  private final class Work: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts a thread; nil if the system has none left.
  package init?(_ run: @escaping @Sendable () -> Void) {
    let context = Unmanaged.passRetained(Work(run))
    let status = pthread_create(
      &identifier, nil,
      { context in
        if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, context.toOpaque())
    guard status == 0 else {
      context.release()
      // What was not started needs no end.
      isJoined = true
      return nil
    }
  }

  // Left to itself, it and what it uses are freed whenever it ends.
  deinit { if !isJoined { pthread_detach(identifier) } }

  /// Waits for its end, the first time; it must not wait for itself.
  package func join() {
    guard !isJoined else { return }
    isJoined = true
    pthread_join(identifier, nil)
  }
}
