#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A system thread that does one piece of playback work.
struct AudioThread: ~Copyable {
  private let identifier: pthread_t

  /// Starts the thread; nil if the system has none left.
  init?(_ work: PlaybackWork) {
    var identifier = pthread_t()
    let context = Unmanaged.passRetained(work)
    let status = pthread_create(
      &identifier, nil,
      { context in
        if let context { Unmanaged<PlaybackWork>.fromOpaque(context).takeRetainedValue().run() }
        return nil
      }, context.toOpaque())
    guard status == 0 else {
      context.release()
      return nil
    }
    self.identifier = identifier
  }

  /// Waits for the thread's end.
  consuming func join() { pthread_join(identifier, nil) }

  /// Leaves the thread to itself: it and what it uses are freed whenever it ends.
  consuming func abandon() { pthread_detach(identifier) }
}
