internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Removes a file that was opened, and nothing else: not a device, not a symbolic link that led to the file, and not what somebody has put in its place since.
/// - Parameters:
///   - path: Where it was opened.
///   - descriptor: What it was opened as.
package func removeOpenFile(at path: String, _ descriptor: Int32) {
  var (opened, found) = (stat(), stat())
  guard fstat(descriptor, &opened) == 0, opened.st_mode & S_IFMT == S_IFREG,
    withSystemPath(path, { lstat($0, &found) }) == 0,
    found.st_dev == opened.st_dev, found.st_ino == opened.st_ino
  else { return }
  _ = withSystemPath(path) { unlink($0) }
}
