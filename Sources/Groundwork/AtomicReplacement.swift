#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// A new version of a file while it is being written: a temporary file in the same folder that takes the
/// old one's place, all at once, when it is committed, and vanishes when it is not.
///
/// A process killed at any moment leaves either the old file or the new one. Writing follows
/// *write, fsync, rename, fsync of the folder*.
public struct AtomicReplacement: ~Copyable {
  /// Where the finished file will stand.
  public let path: String
  /// Where it is being written; for libraries that want a path of their own to write to.
  public let temporaryPath: String

  private let descriptor: Int32

  /// Creates the temporary file beside `path`.
  /// - Throws: `FileError.unwritable`.
  public init(path: String) throws(FileError) {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      // Renaming would put a plain file in the place of a device.
      throw .unwritable(path: path, reason: "it is no plain file")
    }
    var descriptor: Int32 = -1
    var candidate = ""
    repeat {
      candidate = "\(path).\(String(UInt32.random(in: 0...UInt32.max), radix: 36)).part"
      descriptor = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    } while descriptor < 0 && errno == EEXIST
    guard descriptor >= 0 else { throw FileError.writing(path) }
    self.path = path
    self.descriptor = descriptor
    temporaryPath = candidate
    TemporaryFiles.insert(temporaryPath)
  }

  /// Appends `bytes` to the temporary file.
  /// - Throws: `FileError.unwritable`, for instance when the disk is full.
  public borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes
    while !rest.isEmpty {
      let written = Self.systemWrite(descriptor, rest)
      if written < 0 {
        if errno == EINTR { continue }
        throw FileError.writing(path)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  /// Appends `bytes` to the temporary file.
  /// - Throws: `FileError.unwritable`.
  public borrowing func write(_ bytes: [UInt8]) throws(FileError) {
    var failure: FileError?
    bytes.withUnsafeBytes { buffer in
      do throws(FileError) { try write(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Puts the new file in the old one's place.
  /// - Throws: `FileError.unwritable`; then the old file is untouched and the temporary one removed.
  public consuming func commit() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw FileError.writing(path) }
    FaultInjection.reach("before-rename", of: path)
    guard rename(temporaryPath, path) == 0 else { throw FileError.writing(path) }
    let folder = open(folderName(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  deinit {
    close(descriptor)
    unlink(temporaryPath)
    TemporaryFiles.remove(temporaryPath)
  }

  private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
    Glibc.write(descriptor, bytes.baseAddress, bytes.count)
    #else
    Musl.write(descriptor, bytes.baseAddress, bytes.count)
    #endif
  }
}

/// Replaces the file at `path` by one that holds `bytes`, atomically.
/// - Throws: `FileError.unwritable`.
public func replaceFile(at path: String, with bytes: [UInt8]) throws(FileError) {
  let replacement = try AtomicReplacement(path: path)
  try replacement.write(bytes)
  try replacement.commit()
}

/// Replaces the file at `path` by `text` in UTF-8, atomically.
/// - Throws: `FileError.unwritable`.
public func replaceFile(at path: String, with text: String) throws(FileError) {
  try replaceFile(at: path, with: Array(text.utf8))
}

/// The folder part of a path, `.` where it has none.
package func folderName(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
