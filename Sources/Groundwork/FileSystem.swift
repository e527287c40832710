#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Whether something is at `path`.
package func fileExists(_ path: String) -> Bool { withSystemPath(path) { access($0, F_OK) } == 0 }

/// Whether there is a folder at `path`, with symbolic links followed.
package func isFolder(_ path: String) -> Bool { FileStatus(path: path)?.isFolder ?? false }

/// What is at a path, with symbolic links followed.
package struct FileStatus {
  /// A file, distinguished from all others whatever its path.
  package struct Identity: Hashable, Sendable {
    private var device: UInt64
    private var number: UInt64

    fileprivate init(_ status: stat) {
      device = UInt64(status.st_dev)
      number = UInt64(status.st_ino)
    }
  }

  /// Whether it is a folder.
  package let isFolder: Bool
  /// Whether it is a file that holds bytes.
  package let isRegularFile: Bool
  /// Which file it is.
  package let identity: Identity
  /// How many bytes it has.
  package let size: Int

  /// Asks the system; nil if there is nothing, or nothing that may be looked at.
  package init?(path: String) {
    var status = stat()
    guard withSystemPath(path, { stat($0, &status) }) == 0 else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    let type = status.st_mode & S_IFMT
    isFolder = type == S_IFDIR
    isRegularFile = type == S_IFREG
    identity = Identity(status)
    size = Int(status.st_size)
  }
}

/// Makes a folder, and those above it, where it is missing.
/// - Returns: the folders that were made, outermost first.
@discardableResult
package func makeFolder(_ path: String) throws(FileError) -> [String] {
  if withSystemPath(path, { mkdir($0, 0o777) }) == 0 { return [path] }
  let failure = errno
  if failure == ENOENT {
    let parent = folderName(of: path)
    if parent != path {
      let made = try makeFolder(parent)
      if withSystemPath(path, { mkdir($0, 0o777) }) == 0 { return made + [path] }
      // Another program was quicker.
      if errno == EEXIST, isFolder(path) { return made }
    }
    throw .writing(path)
  }
  guard failure == EEXIST, isFolder(path) else {
    throw .writing(path, errorNumber: failure == EEXIST ? ENOTDIR : failure)
  }
  return []
}

/// Makes a folder, and those above it, where it is missing, and fills it; where that fails, the folders that were made and
/// are empty are taken back.
package func withFolder<Result>(
  _ path: String, fill: () throws(FileError) -> Result
) throws(FileError) -> Result {
  try withFolder(path, failure: { $0 }, fill: fill)
}

/// The same for work that fails otherwise than a file can; `failure` makes such a failure of one of the folder's.
package func withFolder<Result, Failure: Error>(
  _ path: String, failure: (FileError) -> Failure, fill: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let made: [String]
  do { made = try makeFolder(path) } catch { throw failure(error) }
  do {
    return try fill()
  } catch {
    for folder in made.reversed() { _ = withSystemPath(folder) { rmdir($0) } }
    throw error
  }
}

/// The names in a folder in byte order, without `.` and `..`.
package func names(inFolder path: String) throws(FileError) -> [String] {
  guard let directory = withSystemPath(path, { opendir($0) }) else { throw FileError.reading(path) }
  defer { closedir(directory) }
  var names: [[UInt8]] = []
  while true {
    // The end and a fault look alike but for the error's number.
    errno = 0
    guard let entry = readdir(directory) else {
      if errno != 0 { throw FileError.reading(path) }
      break
    }
    let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
    if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
  }
  return names.sorted { $0.lexicographicallyPrecedes($1) }.map { FileName.string($0) }
}

/// Removes the file at `path` if there is one.
package func removeFile(_ path: String) throws(FileError) {
  guard withSystemPath(path, { unlink($0) }) == 0 || errno == ENOENT else { throw .writing(path) }
}

/// Gives the file or folder at `path` another name on the same disk, in place of what has that name.
package func rename(_ path: String, to newPath: String) throws(FileError) {
  let result = withSystemPath(path) { old in withSystemPath(newPath) { systemRename(old, $0) } }
  guard result == 0 else { throw .writing(newPath) }
}

/// Puts the file at `path` at `newPath` too, in place of what is there, all at once: as a second name of the same file where the
/// disk has such, as a copy elsewhere.
package func linkFile(_ path: String, to newPath: String) throws(FileError) {
  let temporary =
    "\(folderName(of: newPath))/gruppetto-\(String(UInt32.random(in: 0...UInt32.max), radix: 36)).part"
  let isLinked =
    !isSpecial(newPath, beside: path)
    && withSystemPath(path) { old in withSystemPath(temporary) { link(old, $0) } } == 0
  guard isLinked else {
    let file = try MappedFile(path: path)
    let replacement = try AtomicReplacement(path: newPath)
    try replacement.write(file.bytes)
    return try replacement.commit()
  }
  // Of two names of one file already, renaming leaves both.
  defer { _ = withSystemPath(temporary) { unlink($0) } }
  FaultInjection.reach("before-link", of: newPath)
  try rename(temporary, to: newPath)
}

/// Whether the file at `path` is a symbolic link or has another mode than `other`, which the user chose for it.
private func isSpecial(_ path: String, beside other: String) -> Bool {
  var (here, there) = (stat(), stat())
  guard withSystemPath(path, { lstat($0, &here) }) == 0, withSystemPath(other, { stat($0, &there) }) == 0
  else { return false }
  return here.st_mode & S_IFMT == S_IFLNK || here.st_mode & 0o7777 != there.st_mode & 0o7777
}

/// Removes the file or the folder at `path`, with all that is in it, if there is one. Links are removed, not followed.
package func removeTree(_ path: String) throws(FileError) {
  var status = stat()
  guard withSystemPath(path, { lstat($0, &status) }) == 0 else {
    if errno == ENOENT { return }
    throw .writing(path)
  }
  guard status.st_mode & S_IFMT == S_IFDIR else { return try removeFile(path) }
  for name in try names(inFolder: path) { try removeTree(path + "/" + name) }
  guard withSystemPath(path, { rmdir($0) }) == 0 || errno == ENOENT else { throw .writing(path) }
}

/// Makes a folder of a name of its own among the system's temporary files.
package func makeTemporaryFolder() throws(FileError) -> String {
  let root = FileName.environment("TMPDIR") ?? "/tmp"
  var template = FileName.bytes(root + "/gruppetto-XXXXXX").map { CChar(bitPattern: $0) } + [0]
  guard mkdtemp(&template) != nil else { throw .writing(root) }
  return FileName.string(template.dropLast().map { UInt8(bitPattern: $0) })
}

/// Why no file can be written in `folder`, in the system's words; nil if one can.
package func obstacle(toWritingIn folder: String) -> String? {
  withSystemPath(folder) { access($0, W_OK) } == 0 ? nil : systemMessage(errno)
}

/// The part of a path after the last slash.
package func lastName(of path: String) -> String {
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
  return String(path[path.utf8.index(after: slash)...])
}

/// The folder part of a path, `.` where it has none.
package func folderName(of path: String) -> String {
  // A slash is a byte: with what follows it may be one character.
  guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The path of the file that writing to `path` writes: where symbolic links lead, one after another, whether or not there is
/// a file at their end.
/// - Throws: `FileError.unwritable` if links lead in a circle.
package func linkTarget(of path: String) throws(FileError) -> String {
  var target = path
  // As many as Linux follows.
  for _ in 0...40 {
    var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = bytes.withUnsafeMutableBytes { buffer in
      withSystemPath(target) { path in
        guard let base = buffer.baseAddress else { return -1 }
        return readlink(path, base.assumingMemoryBound(to: CChar.self), buffer.count)
      }
    }
    guard count >= 0 else { return target }
    let link = FileName.string(bytes[..<count])
    target = link.utf8.first == UInt8(ascii: "/") ? link : folderName(of: target) + "/" + link
  }
  throw .unwritable(path: path, reason: systemMessage(ELOOP))
}

/// The one path that a file to be written has, whichever links and detours name it, as far as its folder exists.
package func canonicalPath(_ path: String) -> String {
  let target = (try? linkTarget(of: path)) ?? path
  let folder = withSystemPath(folderName(of: target)) { path -> String? in
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return FileName.string(cString: real)
  }
  return folder.map { ($0 == "/" ? "" : $0) + "/" + lastName(of: target) } ?? target
}

extension FileName {
  /// The string for a name of the system, as far as its zero byte.
  package static func string(cString: UnsafePointer<CChar>) -> String {
    string(UnsafeRawBufferPointer(start: cString, count: strlen(cString)))
  }

  /// The value of a variable of the environment, which may be a path; nil if it is not set or empty.
  package static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return string(cString: value)
  }

  /// What the program was started with, the first being its own name.
  package static var arguments: [String] {
    (0..<Int(CommandLine.argc)).compactMap { CommandLine.unsafeArgv[$0].map { string(cString: $0) } }
  }
}

/// The system's function of the same name.
private func systemRename(_ path: UnsafePointer<CChar>, _ newPath: UnsafePointer<CChar>) -> Int32 {
  #if canImport(Glibc)
  Glibc.rename(path, newPath)
  #else
  Musl.rename(path, newPath)
  #endif
}
