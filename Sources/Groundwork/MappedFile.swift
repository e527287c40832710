#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A file's bytes, mapped read-only into memory for as long as this object lives.
///
/// For files of our own, which are replaced and never shortened, and for SoundFonts, which are too large to be copied: a file that another
/// program shortens while it is mapped ends the process where it is read. Other files of users are read by `readFile`. An empty file maps
/// to an empty buffer.
public final class MappedFile: Sendable {
  /// The path it was opened by.
  public let path: String
  /// The file's bytes; valid while this object is alive.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
  /// The file's size in bytes.
  public let count: Int

  private nonisolated(unsafe) let base: UnsafeRawPointer?

  /// Maps the file at `path`.
  /// - Throws: `FileError.notFound` or `.unreadable` (a folder, no permission).
  public init(path: String) throws(FileError) {
    let (descriptor, status) = try openRegularFile(path)
    defer { close(descriptor) }
    self.path = path
    count = status.size
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

  /// Lets `body` read the file's bytes.
  public func withBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes.bytes)
  }

  deinit {
    if let base { munmap(UnsafeMutableRawPointer(mutating: base), count) }
  }
}
