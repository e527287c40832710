internal import Groundwork

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// What has to be asked of the file system about paths.
enum FileSystem {
  /// A file, told apart from all others whatever its path.
  struct Identity: Hashable {
    var device: UInt64
    var number: UInt64
  }

  /// What is at a path.
  struct Status {
    var isFolder: Bool
    var isRegularFile: Bool
    var identity: Identity
  }

  /// What is at `path`, behind symbolic links; nil where there is nothing.
  static func status(of path: String) -> Status? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let type = status.st_mode & S_IFMT
    return Status(
      isFolder: type == S_IFDIR, isRegularFile: type == S_IFREG,
      identity: Identity(device: UInt64(status.st_dev), number: UInt64(status.st_ino)))
  }

  static func exists(_ path: String) -> Bool { status(of: path) != nil }

  static func isFolder(_ path: String) -> Bool { status(of: path)?.isFolder ?? false }

  /// The first bytes of a file; fewer where there are not so many or it cannot be read.
  static func firstBytes(of path: String, count: Int) -> [UInt8] {
    guard let file = try? MappedFile(path: path) else { return [] }
    return Array(file.bytes.prefix(count))
  }
}
