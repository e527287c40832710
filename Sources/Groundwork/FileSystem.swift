#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Whether something stands at `path`.
package func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Makes a folder, and those above it, where it is missing.
package func makeFolder(_ path: String) throws(FileError) {
  if mkdir(path, 0o777) == 0 { return }
  let failure = errno
  if failure == ENOENT {
    let parent = folderName(of: path)
    if parent != path {
      try makeFolder(parent)
      if mkdir(path, 0o777) == 0 { return }
    }
    throw .writing(path)
  }
  var status = stat()
  guard failure == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
    throw .writing(path, errorNumber: failure == EEXIST ? ENOTDIR : failure)
  }
}

/// Removes the file at `path` if there is one.
package func removeFile(_ path: String) throws(FileError) {
  guard unlink(path) == 0 || errno == ENOENT else { throw .writing(path) }
}
