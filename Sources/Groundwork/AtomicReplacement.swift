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
///
/// A symbolic link stays: the file that it leads to is replaced. The new file has the old one's permissions, and its owner
/// and group where this process may give files away; a file that was not there before has the permissions of the process's `umask`.
public struct AtomicReplacement: ~Copyable {
  /// The path of the finished file.
  public let path: String
  /// The path that is written; for libraries that write to a path themselves.
  public let temporaryPath: String

  /// Where it is renamed to: `path`, or where its links lead.
  private let target: String
  private let descriptor: Int32

  /// Creates the temporary file in the folder of `path`, or of the file that it is a link to.
  /// - Throws: `FileError.unwritable`.
  public init(path: String) throws(FileError) {
    let target = try linkTarget(of: path)
    var old = stat()
    let exists = withSystemPath(target) { stat($0, &old) } == 0
    if exists, old.st_mode & S_IFMT != S_IFREG {
      // Renaming would put a plain file in the place of a device.
      throw .unwritable(path: path, reason: "it is not a regular file")
    }
    let folder = folderName(of: target)
    var descriptor: Int32 = -1
    var candidate = ""
    repeat {
      // A name of its own, which fits however long the file's is.
      let name = "gruppetto-\(String(UInt32.random(in: 0...UInt32.max), radix: 36)).part"
      candidate = folder == "." && !target.hasPrefix("./") ? name : "\(folder == "/" ? "" : folder)/\(name)"
      descriptor = withSystemPath(candidate) {
        // What nobody else may read is not readable meanwhile either.
        open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, exists ? 0o600 : 0o666)
      }
    } while descriptor < 0 && errno == EEXIST
    guard descriptor >= 0 else { throw FileError.writing(path) }
    self.path = path
    self.target = target
    self.descriptor = descriptor
    temporaryPath = candidate
    TemporaryFiles.insert(temporaryPath)
    if exists { Self.adopt(old, descriptor) }
  }

  /// Gives the new file the old one's owner, group and permissions, as far as the process may.
  private static func adopt(_ old: stat, _ descriptor: Int32) {
    var mode = old.st_mode & 0o7777
    if fchown(descriptor, old.st_uid, old.st_gid) != 0, fchown(descriptor, uid_t.max, old.st_gid) != 0 {
      // What the old group could do is not for another one.
      mode = mode & 0o707 | (mode & 0o007) << 3
    }
    _ = fchmod(descriptor, mode)
  }

  /// Appends `bytes` to the temporary file.
  /// - Throws: `FileError.unwritable`, for instance when the disk is full.
  package borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
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
    let renamed = withSystemPath(temporaryPath) { old in withSystemPath(target) { rename(old, $0) } }
    guard renamed == 0 else { throw FileError.writing(path) }
    let folder = withSystemPath(folderName(of: target)) { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  deinit {
    close(descriptor)
    _ = withSystemPath(temporaryPath) { unlink($0) }
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
