#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The default size limit of a file that is read into memory as a whole.
public enum SizeLimit {
  /// Of a file of any kind: 256 MB.
  public static let standard = 256_000_000
  /// Of a file of music: 64 MB. The largest collections of tunes and the longest performances have less than 40.
  public static let music = 64_000_000
  /// Of sound that comes through a pipe: 1 GB, which is an hour and a half in the quality of a CD.
  public static let sound = 1_000_000_000
  /// Of a file of settings, such as a model's description or a preset: 4 MB.
  public static let settings = 4_000_000
  /// Of a vocabulary: 64 MB, which is a million tokens of long names.
  public static let vocabulary = 64_000_000
  /// Of a file of weights that another program wrote: 16 GB, if the machine has as much memory.
  public static let weights = 16_000_000_000
}

/// A file on its way into memory: its first bytes can be looked at before the rest is read, and never more is read than a limit.
///
/// It is read, not mapped, so that a file that another program shortens meanwhile is just shorter.
package struct InputFile: ~Copyable {
  /// What it is called in messages.
  package let name: String
  /// How many bytes it has; nil if that is known at its end only.
  package let size: Int?
  private let descriptor: Int32
  private let closesDescriptor: Bool
  private var head: [UInt8] = []

  /// Opens the file at `path`.
  /// - Throws: `FileError.notFound` or `.unreadable` (a folder, a pipe, no permission).
  package init(path: String) throws(FileError) {
    let (descriptor, status) = try openRegularFile(path)
    name = path
    size = status.size
    self.descriptor = descriptor
    closesDescriptor = true
  }

  /// Standard input.
  /// - Parameter first: bytes that were read from it before.
  package init(standardInput: Void, after first: [UInt8] = []) {
    head = first
    name = "standard input"
    descriptor = STDIN_FILENO
    closesDescriptor = false
    var status = stat()
    size =
      fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        && lseek(descriptor, 0, SEEK_CUR) == 0
      ? Int(status.st_size) : nil
  }

  deinit { if closesDescriptor { close(descriptor) } }

  /// The first `count` bytes, or all where there are not this many. They stay to be read.
  /// - Throws: `FileError.unreadable`.
  package mutating func firstBytes(_ count: Int) throws(FileError) -> [UInt8] {
    try fill(to: count)
    return head.count <= count ? head : Array(head.prefix(count))
  }

  /// All bytes from the beginning; to be asked for once.
  /// - Parameter limit: how many are read at most.
  /// - Throws: `FileError.tooLarge` if there are more, `.unreadable`.
  package mutating func bytes(limit: Int = SizeLimit.standard) throws(FileError) -> [UInt8] {
    if let size, size > limit { throw .tooLarge(path: name, size: size, limit: limit) }
    if let size, size > head.count { head.reserveCapacity(size + 1) }
    // One more shows that there are more; some files of the system tell no size and hold bytes all the same.
    try fill(to: limit == .max ? .max : limit + 1)
    guard head.count <= limit else { throw .tooLarge(path: name, size: nil, limit: limit) }
    defer { head = [] }
    return head
  }

  /// All bytes of a file that begins as it should, and otherwise of a small one alone, so that its reader can say what is
  /// wrong with it; to be asked for once.
  /// - Parameters:
  ///   - limit: how many are read at most.
  ///   - unrecognizedLimit: how many are read at most where the beginning is not recognized.
  ///   - headLength: how many bytes tell what it is.
  ///   - isRecognized: whether a file that begins so may be one that is wanted.
  /// - Returns: nil for a larger file that is not recognized.
  /// - Throws: `FileError.tooLarge`, `.unreadable`.
  package mutating func bytes(
    limit: Int, ofUnrecognized unrecognizedLimit: Int = 1 << 20, headLength: Int,
    ifRecognized isRecognized: ([UInt8]) -> Bool
  ) throws(FileError) -> [UInt8]? {
    if isRecognized(try firstBytes(headLength)) { return try bytes(limit: limit) }
    do throws(FileError) {
      return try bytes(limit: min(limit, unrecognizedLimit))
    } catch .tooLarge {
      return nil
    }
  }

  /// How many bytes are asked for at once: room for more would be cleared again and again, for the system gives them in parts.
  private static let partLength = 1 << 26

  /// Reads until there are `count` bytes, or to the end.
  private mutating func fill(to count: Int) throws(FileError) {
    while head.count < count {
      // Of a file that tells its size one byte more, which shows that it is the end, unless the file has grown.
      let known = size ?? 0
      let left = known > 0 && head.count <= known ? known - head.count + 1 : 1 << 16
      let wanted = min(count - head.count, left, Self.partLength)
      let start = head.count
      var result = 0
      // Into the array's own memory, for a large file is not copied twice.
      head.append(contentsOf: repeatElement(0, count: wanted))
      result = head.withUnsafeMutableBytes { buffer in
        read(descriptor, buffer.baseAddress?.advanced(by: start), wanted)
      }
      let failure = errno
      head.removeLast(wanted - max(result, 0))
      if result < 0, failure == EINTR { continue }
      guard result >= 0 else { throw FileError.reading(name, errorNumber: failure) }
      if result == 0 { return }
    }
  }
}

/// Opens a file that holds bytes, to read it.
func openRegularFile(_ path: String) throws(FileError) -> (descriptor: Int32, status: FileStatus) {
  // Without O_NONBLOCK, opening a pipe would wait for someone to write to it.
  let descriptor = withSystemPath(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
  guard descriptor >= 0 else { throw FileError.reading(path) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else {
    let failure = errno
    close(descriptor)
    throw FileError.reading(path, errorNumber: failure)
  }
  let found = FileStatus(status)
  guard found.isRegularFile else {
    close(descriptor)
    throw .unreadable(
      path: path,
      reason: found.isFolder ? "it is a folder" : "it is not a regular file; pipe it in and name it -")
  }
  return (descriptor, found)
}

/// Reads a whole file into memory.
/// - Parameters:
///   - path: The file.
///   - limit: The most bytes that are read.
/// - Throws: `FileError.notFound`, `.unreadable` or `.tooLarge`.
public func readFile(_ path: String, limit: Int = SizeLimit.standard) throws(FileError) -> [UInt8] {
  var file = try InputFile(path: path)
  return try file.bytes(limit: limit)
}

/// The first bytes of a file; fewer where there are not this many or it cannot be read.
package func firstBytes(of path: String, count: Int) -> [UInt8] {
  guard var file = try? InputFile(path: path) else { return [] }
  return (try? file.firstBytes(count)) ?? []
}
