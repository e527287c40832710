#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Locks a folder while this value exists, against another program or another value
/// in this one. The system releases the lock when the program ends, in whatever way.
///
/// On file systems that know no locks it locks nothing.
package final class FolderLock: Sendable {
  private let descriptor: Int32

  /// Takes the folder.
  /// - Throws: `FileError.busy` if it is taken; `FileError.notFound` or `.unreadable` where it cannot be opened.
  package init(path: String) throws(FileError) {
    descriptor = withSystemPath(path) { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw .reading(path) }
    for attempt in 1... {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK { return }
      // A program that this process is starting has its locks until it runs, released ones too.
      guard attempt < Self.attempts else { break }
      usleep(Self.pause)
    }
    close(descriptor)
    throw .busy(path: path)
  }

  /// Half a second in all.
  private static let attempts = 25, pause: UInt32 = 20_000

  deinit { close(descriptor) }
}
