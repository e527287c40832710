internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The temporary files of unfinished replacements, and FIFOs that were made for as long as the program runs, so that an interrupted program can remove them.
package enum TemporaryFiles {
  private static let paths = Mutex<Set<String>>([])

  /// Notes a file that is to be removed where the program is interrupted.
  package static func insert(_ path: String) {
    _ = paths.withLock { $0.insert(path) }
  }

  /// Forgets a file that was removed, or is to stay.
  package static func remove(_ path: String) {
    _ = paths.withLock { $0.remove(path) }
  }

  /// Unlinks them all; for a program that is about to exit without unwinding.
  package static func removeAll() {
    paths.withLock { names in
      for name in names { _ = withSystemPath(name) { unlink($0) } }
      names.removeAll()
    }
  }
}
