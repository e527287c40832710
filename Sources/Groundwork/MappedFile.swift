#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A file's bytes, mapped read-only into memory for as long as this object lives.
///
/// An empty file maps to an empty buffer. A file that another program shortens while it is mapped is outside
/// what can be defended against; files of ours are replaced, never shortened.
public final class MappedFile: Sendable {
  /// The path it was opened by.
  public let path: String
  /// The file's bytes; valid while this object is alive.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
  /// The file's size in bytes.
  public let count: Int

  private nonisolated(unsafe) let base: UnsafeRawPointer?

  /// Maps the file at `path`.
  /// - Throws: `FileError.notFound` or `.unreadable` (a folder, no permission).
  public init(path: String) throws(FileError) {
    // Without O_NONBLOCK, opening a pipe would wait for someone to write to it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError.reading(path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError.reading(path) }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw .unreadable(path: path, reason: "it is a folder")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "it is not a regular file")
    }
    self.path = path
    count = Int(status.st_size)
    if count == 0 {
      base = nil
    } else {
      guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED
      else {
        throw FileError.reading(path)
      }
      base = UnsafeRawPointer(address)
    }
  }

  deinit {
    if let base { munmap(UnsafeMutableRawPointer(mutating: base), count) }
  }
}

/// Reads a whole file into memory.
/// - Throws: `FileError.notFound` or `.unreadable`.
public func readFile(_ path: String) throws(FileError) -> [UInt8] {
  let mapped = try MappedFile(path: path)
  return withExtendedLifetime(mapped) { [UInt8](mapped.bytes) }
}
