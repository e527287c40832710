#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Whether something stands at `path`.
package func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Makes a folder, and those above it, where it is missing.
/// - Returns: the folders that were made, outermost first.
@discardableResult
package func makeFolder(_ path: String) throws(FileError) -> [String] {
  if mkdir(path, 0o777) == 0 { return [path] }
  let failure = errno
  if failure == ENOENT {
    let parent = folderName(of: path)
    if parent != path {
      let made = try makeFolder(parent)
      if mkdir(path, 0o777) == 0 { return made + [path] }
    }
    throw .writing(path)
  }
  var status = stat()
  guard failure == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
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
    for folder in made.reversed() { rmdir(folder) }
    throw error
  }
}

/// The names in a folder in byte order, without `.` and `..`.
package func names(inFolder path: String) throws(FileError) -> [String] {
  guard let directory = opendir(path) else { throw FileError.reading(path) }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: entry.pointee.d_name)) {
        String(cString: $0)
      }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
}

/// Removes the file at `path` if there is one.
package func removeFile(_ path: String) throws(FileError) {
  guard unlink(path) == 0 || errno == ENOENT else { throw .writing(path) }
}
