#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A system thread that runs one function.
final class WorkerThread: @unchecked Sendable {
  private var identifier = pthread_t()
  private var isJoined = false

  private final class Work {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts a thread; nil if the system has none left.
  init?(_ run: @escaping @Sendable () -> Void) {
    let context = Unmanaged.passRetained(Work(run))
    let status = pthread_create(
      &identifier, nil,
      { context in
        if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, context.toOpaque())
    guard status == 0 else {
      context.release()
      return nil
    }
  }

  /// Waits for its end.
  func join() {
    guard !isJoined else { return }
    isJoined = true
    pthread_join(identifier, nil)
  }

  deinit { if !isJoined { pthread_detach(identifier) } }
}
