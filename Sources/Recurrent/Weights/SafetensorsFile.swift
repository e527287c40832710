public import Groundwork

/// A safetensors file (huggingface/safetensors, format description): named tensors and text about them.
///
/// Opening it checks the header against the file's size before anything is allocated by it, so that reading
/// a tensor cannot go wrong, and checks the content against the checksum that our own files carry. The numbers stay in
/// the file until they are requested.
public struct SafetensorsFile: Sendable {
  /// One tensor in the file.
  public struct Entry: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// What its numbers are.
    public let type: SafetensorsType
    /// The length of each axis, outermost first.
    public let shape: [Int]
    /// Where its bytes are in the file.
    public internal(set) var range: Range<Int>

    /// How many numbers it has.
    public var count: Int { range.count / type.byteCount }
  }

  /// The path, or what the bytes were called.
  public let path: String
  /// The tensors in the order of their bytes.
  public let entries: [Entry]
  /// The text that came with them, without the checksum.
  public let metadata: [String: String]
  /// The checksum that the file carries and that its content has, 16 hexadecimal digits; nil if it carries none.
  public let checksum: String?

  private enum Storage {
    case mapped(MappedFile)
    case bytes([UInt8])
  }
  private let storage: Storage
  /// The places of the entries in the order of their names.
  private let places: [Int]

  /// Opens a file of our own at `path`, which is mapped: nobody shortens it.
  /// - Throws: `SafetensorsError`.
  public init(path: String) throws(SafetensorsError) {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .system(error) }
    try self.init(path: path, storage: .mapped(file), bytes: file.bytes)
  }

  /// Reads a file of another program at `path` into memory, so that what becomes of the file does not matter. Nothing but the
  /// header is read of one whose size is not what its header says.
  /// - Parameters:
  ///   - path: the file.
  ///   - limit: how many bytes are read at most; no more than the machine has memory.
  /// - Throws: `SafetensorsError`.
  public init(reading path: String, limit: Int = SizeLimit.weights) throws(SafetensorsError) {
    let bytes: [UInt8]
    do {
      var file = try InputFile(path: path)
      if let size = file.size, size > 0 { try Self.checkHeader(of: &file, byteCount: size) }
      bytes = try file.bytes(limit: min(limit, ProcessMemory.available))
    } catch let error as SafetensorsError {
      throw error
    } catch let error as FileError {
      throw .system(error)
    } catch {
      preconditionFailure("reading a file throws nothing else: \(error)")
    }
    try self.init(bytes: bytes, name: path)
  }

  /// Reads a file's content that is in memory; `name` stands for the path in errors.
  /// - Throws: `SafetensorsError`.
  public init(bytes: [UInt8], name: String) throws(SafetensorsError) {
    var result: Result<Self, SafetensorsError> = .failure(.tooShort(file: name, byteCount: bytes.count))
    bytes.withUnsafeBytes { buffer in
      do throws(SafetensorsError) {
        result = .success(try Self(path: name, storage: .bytes(bytes), bytes: buffer))
      } catch {
        result = .failure(error)
      }
    }
    self = try result.get()
  }

  private init(path: String, storage: Storage, bytes: UnsafeRawBufferPointer) throws(SafetensorsError) {
    let (header, dataOffset) = try Self.readHeader(of: bytes, byteCount: bytes.count, path: path)
    self.path = path
    self.storage = storage
    entries = try Self.checkedEntries(
      of: header, dataOffset: dataOffset, dataCount: bytes.count - dataOffset, path: path)
    places = try Self.places(of: entries, header: header, path: path)
    checksum = header.metadata[SafetensorsChecksum.key]
    metadata = header.metadata.filter { $0.key != SafetensorsChecksum.key }
    if let checksum { try requireChecksum(checksum, of: bytes) }
  }

  private func requireChecksum(_ expected: String, of bytes: UnsafeRawBufferPointer) throws(SafetensorsError)
  {
    var checksum = SafetensorsChecksum(metadata: metadata)
    for entry in places.lazy.map({ entries[$0] }) {
      checksum.add(
        name: entry.name, type: entry.type, shape: entry.shape,
        bytes: UnsafeRawBufferPointer(rebasing: bytes[entry.range]))
    }
    guard checksum.text == expected else {
      throw .wrongChecksum(file: path, expected: expected, found: checksum.text)
    }
  }

  /// How many bytes its numbers take in memory, where each is a Float.
  public var floatByteCount: Int { entries.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.size }

  /// The tensor of this name.
  public func entry(named name: String) -> Entry? {
    var range = places.indices
    while let first = range.first {
      let middle = first + range.count / 2
      let entry = entries[places[middle]]
      if entry.name == name { return entry }
      range = entry.name < name ? middle + 1..<range.upperBound : first..<middle
    }
    return nil
  }

  /// Calls `body` with the file's bytes.
  func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    switch storage {
    case .mapped(let file): withExtendedLifetime(file) { body(file.bytes) }
    case .bytes(let bytes): bytes.withUnsafeBytes(body)
    }
  }
}
