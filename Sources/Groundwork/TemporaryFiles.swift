internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The temporary files of unfinished replacements, so that an interrupted program can remove them.
package enum TemporaryFiles {
  private static let paths = Mutex<Set<String>>([])

  static func insert(_ path: String) {
    _ = paths.withLock { $0.insert(path) }
  }

  static func remove(_ path: String) {
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
