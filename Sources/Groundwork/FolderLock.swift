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
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      close(descriptor)
      throw .busy(path: path)
    }
  }

  deinit { close(descriptor) }
}
