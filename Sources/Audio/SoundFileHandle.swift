internal import CSndfile
internal import Groundwork
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The owner of libsndfile's handle and of the descriptor below it.
///
/// libsndfile reaches the file through `FileByteStream`, so that the system's error number of a failed read or write
/// is known, whatever the decoder reports.
struct SoundFileHandle: ~Copyable {
  private var pointer: OpaquePointer?
  let stream: FileByteStream
  /// libsndfile's description of the file.
  let info: SF_INFO

  /// libsndfile stores the reason of a failed opening in a global variable; the lock protects it until it is read.
  private static let opening = Mutex(())

  /// Opens `stream` in `mode` (`SFM_READ` or `SFM_WRITE`).
  private init(_ stream: FileByteStream, mode: Int, info: SF_INFO) throws(OpeningFailure) {
    var callbacks = FileByteStream.callbacks
    var info = info
    let context = Unmanaged.passUnretained(stream).toOpaque()
    nonisolated(unsafe) var pointer: OpaquePointer?
    let failure: OpeningFailure? = Self.opening.withLock { _ in
      pointer = sf_open_virtual(&callbacks, Int32(mode), &info, context)
      let isUnknown = sf_error(nil) == Int32(SF_ERR_UNRECOGNISED_FORMAT)
      return pointer == nil ? OpeningFailure(words: Self.words(nil), isOfUnknownFormat: isUnknown) : nil
    }
    guard let pointer else { throw failure ?? OpeningFailure(words: "unknown reason") }
    self.pointer = pointer
    self.stream = stream
    self.info = info
  }

  /// Why libsndfile could not open a file.
  private struct OpeningFailure: Error {
    var words: String
    /// Whether the file's beginning is that of no format that libsndfile knows.
    var isOfUnknownFormat = false
  }

  /// Checks that a file may begin with these bytes. What else is wrong with them may be that the rest is missing.
  static func check(firstBytes: [UInt8], name: String) throws(AudioError) {
    do throws(OpeningFailure) {
      _ = try SoundFileHandle(.reading(firstBytes), mode: SFM_READ, info: SF_INFO())
    } catch {
      if error.isOfUnknownFormat { throw .notAudio(path: name, reason: error.words) }
    }
  }

  /// Opens the file at `path` for reading.
  static func reading(_ path: String) throws(AudioError) -> SoundFileHandle {
    let stream: FileByteStream
    do throws(FileError) { stream = try .reading(path) } catch { throw .file(error) }
    return try reading(stream, name: path)
  }

  /// Opens a stream whose file has the name `path` in errors.
  static func reading(_ stream: FileByteStream, name path: String) throws(AudioError) -> SoundFileHandle {
    do throws(OpeningFailure) {
      return try SoundFileHandle(stream, mode: SFM_READ, info: SF_INFO())
    } catch {
      let number = stream.errorNumber
      throw number == 0
        ? .notAudio(path: path, reason: error.words) : .file(.reading(path, errorNumber: number))
    }
  }

  /// Opens `replacement` for writing in the format of `info`.
  static func writing(
    _ replacement: borrowing AtomicReplacement, info: SF_INFO
  ) throws(AudioError) -> SoundFileHandle {
    let stream: FileByteStream
    do throws(FileError) { stream = try .writing(replacement.temporaryPath) } catch { throw .file(error) }
    do throws(OpeningFailure) {
      return try SoundFileHandle(stream, mode: SFM_WRITE, info: info)
    } catch {
      let number = stream.errorNumber
      throw number == 0
        ? .unsupportedSettings(path: replacement.path, reason: error.words)
        : .file(.writing(replacement.path, errorNumber: number))
    }
  }

  deinit { if let pointer { sf_close(pointer) } }

  /// The raw handle; valid until `close`.
  var raw: OpaquePointer? { pointer }

  /// libsndfile's error message; nil if there is none.
  var failure: String? { sf_error(pointer) == 0 ? nil : Self.words(pointer) }

  /// Finishes the file. The stream then has the system's error number.
  /// - Returns: whether libsndfile reported no error.
  mutating func close() -> Bool {
    guard let pointer else { return true }
    self.pointer = nil
    return sf_close(pointer) == 0
  }

  /// libsndfile's description without its full stop, so that it fits into a sentence.
  private static func words(_ pointer: OpaquePointer?) -> String {
    var text = String(cString: sf_strerror(pointer))
    while let last = text.last, last.isWhitespace || last == "." || last == "!" { text.removeLast() }
    // Some of its messages say so themselves.
    for prefix in ["Error : ", "Error: "] where text.hasPrefix(prefix) { text.removeFirst(prefix.count) }
    return text.isEmpty ? "unknown reason" : text.prefix(1).lowercased() + text.dropFirst()
  }
}

/// A file descriptor, or bytes in memory to be read, as libsndfile's virtual input and output; it remembers the first error.
final class FileByteStream {
  private enum Content {
    case descriptor(Int32)
    case array([UInt8])
    /// Memory that the owner keeps.
    case memory(UnsafeRawBufferPointer, owner: AnyObject)
  }

  private let content: Content
  /// Where the next byte is read, of bytes in memory.
  private var position = 0
  /// The system's number of the first error; 0 while there is none.
  private(set) var errorNumber: Int32 = 0

  /// Takes over `descriptor`, which it closes in the end.
  private init(descriptor: Int32) { content = .descriptor(descriptor) }

  private init(_ content: Content) { self.content = content }

  deinit { if case .descriptor(let descriptor) = content { close(descriptor) } }

  /// Opens a regular file for reading.
  static func reading(_ path: String) throws(FileError) -> FileByteStream {
    // Without O_NONBLOCK, opening a pipe would wait for someone to write to it.
    let descriptor = withSystemPath(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw FileError.reading(path) }
    let stream = FileByteStream(descriptor: descriptor)
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError.reading(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw .unreadable(path: path, reason: isFolder ? "it is a folder" : "it is not a regular file")
    }
    return stream
  }

  /// Bytes that were a file's.
  static func reading(_ bytes: [UInt8]) -> FileByteStream { FileByteStream(.array(bytes)) }

  /// Bytes in memory that were a file's, and that `owner` keeps.
  static func reading(_ bytes: UnsafeRawBufferPointer, owner: AnyObject) -> FileByteStream {
    FileByteStream(.memory(bytes, owner: owner))
  }

  /// Opens a file that exists for writing from its beginning.
  static func writing(_ path: String) throws(FileError) -> FileByteStream {
    let descriptor = withSystemPath(path) { open($0, O_RDWR | O_TRUNC | O_CLOEXEC) }
    guard descriptor >= 0 else { throw FileError.writing(path) }
    return FileByteStream(descriptor: descriptor)
  }

  /// libsndfile's table of callbacks; the context is an unretained `FileByteStream`.
  static var callbacks: SF_VIRTUAL_IO {
    SF_VIRTUAL_IO(
      get_filelen: { FileByteStream.from($0)?.length ?? -1 },
      seek: { FileByteStream.from($2)?.seek($0, $1) ?? -1 },
      read: { FileByteStream.from($2)?.read($0, $1) ?? 0 },
      write: { FileByteStream.from($2)?.write($0, $1) ?? 0 },
      tell: { FileByteStream.from($0)?.seek(0, SEEK_CUR) ?? -1 })
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> FileByteStream? {
    context.map { Unmanaged<FileByteStream>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Bytes from a place on, fewer at the end, without moving to where the next ones are read.
  func bytes(at place: Int, _ count: Int) -> [UInt8] {
    switch content {
    case .descriptor(let descriptor):
      return [UInt8](unsafeUninitializedCapacity: count) { room, filled in
        filled = max(0, pread(descriptor, room.baseAddress, count, off_t(place)))
      }
    case .array(let bytes): return Array(bytes[min(place, bytes.count)..<min(place + count, bytes.count)])
    case .memory(let bytes, _):
      return Array(bytes[min(place, bytes.count)..<min(place + count, bytes.count)])
    }
  }

  /// Whether everything was read.
  var isAtEnd: Bool {
    if case .descriptor(let descriptor) = content {
      return sf_count_t(lseek(descriptor, 0, SEEK_CUR)) >= length
    }
    return position >= Int(length)
  }

  /// How many bytes there are; −1 where that cannot be known.
  var length: sf_count_t {
    switch content {
    case .descriptor(let descriptor):
      var status = stat()
      return fstat(descriptor, &status) == 0 ? sf_count_t(status.st_size) : -1
    case .array(let bytes): return sf_count_t(bytes.count)
    case .memory(let bytes, _): return sf_count_t(bytes.count)
    }
  }

  private func seek(_ offset: sf_count_t, _ whence: Int32) -> sf_count_t {
    if case .descriptor(let descriptor) = content {
      return sf_count_t(lseek(descriptor, off_t(offset), whence))
    }
    let origin = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position : Int(length)
    let (target, isTooFar) = origin.addingReportingOverflow(Int(offset))
    guard !isTooFar, target >= 0 else { return -1 }
    position = target
    return sf_count_t(target)
  }

  private func read(_ bytes: UnsafeMutableRawPointer?, _ count: sf_count_t) -> sf_count_t {
    switch content {
    case .descriptor(let descriptor):
      transfer(count) { offset, rest in systemRead(descriptor, bytes?.advanced(by: offset), rest) }
    case .array(let array): array.withUnsafeBytes { copy($0, to: bytes, count) }
    case .memory(let memory, _): copy(memory, to: bytes, count)
    }
  }

  private func copy(
    _ source: UnsafeRawBufferPointer, to bytes: UnsafeMutableRawPointer?, _ count: sf_count_t
  ) -> sf_count_t {
    let count = min(Int(count), source.count - min(position, source.count))
    guard count > 0, let bytes, let base = source.baseAddress else { return 0 }
    bytes.copyMemory(from: base + position, byteCount: count)
    position += count
    return sf_count_t(count)
  }

  private func write(_ bytes: UnsafeRawPointer?, _ count: sf_count_t) -> sf_count_t {
    guard case .descriptor(let descriptor) = content else { return 0 }
    return transfer(count) { offset, rest in systemWrite(descriptor, bytes?.advanced(by: offset), rest) }
  }

  /// Repeats a read or write until all is done, nothing comes any more, or it fails.
  private func transfer(_ count: sf_count_t, _ call: (Int, Int) -> Int) -> sf_count_t {
    var done = 0
    while done < count {
      let moved = call(done, Int(count) - done)
      if moved < 0 {
        if errno == EINTR { continue }
        if errorNumber == 0 { errorNumber = errno }
        break
      }
      if moved == 0 { break }
      done += moved
    }
    return sf_count_t(done)
  }
}

private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  read(descriptor, bytes, count)
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
