internal import Groundwork

/// A safetensors file (huggingface/safetensors, format description): named tensors and text about them.
///
/// Opening it checks all that its header says against the file's size, so that reading a tensor cannot go wrong; the
/// numbers stay in the file until they are asked for.
public struct SafetensorsFile: Sendable {
  /// One tensor in the file.
  public struct Entry: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// What its numbers are.
    public let type: SafetensorsType
    /// The length of each axis, outermost first.
    public let shape: [Int]
    /// Where its bytes stand in the file.
    public let range: Range<Int>

    /// How many numbers it has.
    public var count: Int { range.count / type.byteCount }
  }

  /// The path, or what the bytes were called.
  public let path: String
  /// The tensors in the order of their bytes.
  public let entries: [Entry]
  /// The text that came with them.
  public let metadata: [String: String]

  private enum Storage {
    case mapped(MappedFile)
    case bytes([UInt8])
  }
  private let storage: Storage
  private let indices: [String: Int]

  /// Opens the file at `path`.
  /// - Throws: `SafetensorsError`.
  public init(path: String) throws(SafetensorsError) {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .system(error) }
    try self.init(path: path, storage: .mapped(file), bytes: file.bytes)
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
    let (header, dataOffset) = try Self.readHeader(of: bytes, path: path)
    self.path = path
    self.storage = storage
    metadata = header.metadata
    entries = try Self.checkedEntries(
      of: header, dataOffset: dataOffset, dataCount: bytes.count - dataOffset, path: path)
    indices = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
  }

  /// The tensor of this name.
  public func entry(named name: String) -> Entry? { indices[name].map { entries[$0] } }

  /// The numbers of a tensor of floats of 16, 32 or 64 bits, rounded to Float.
  /// - Throws: `.missingTensor`, `.wrongType`.
  public func floats(named name: String) throws(SafetensorsError) -> [Float] {
    let entry = try requireEntry(named: name)
    guard entry.type.isReadableFloat else { throw mismatch(entry, "floats") }
    return [Float](unsafeUninitializedCapacity: entry.count) { buffer, count in
      copyFloats(of: entry, into: buffer)
      count = entry.count
    }
  }

  /// The numbers of a tensor of 64-bit integers.
  /// - Throws: `.missingTensor`, `.wrongType`.
  public func integers(named name: String) throws(SafetensorsError) -> [Int64] {
    let entry = try requireEntry(named: name)
    guard entry.type == .signed64 else { throw mismatch(entry, "64-bit integers") }
    return withBytes { bytes in
      (0..<entry.count).map {
        bytes.loadUnaligned(fromByteOffset: entry.range.lowerBound + 8 * $0, as: Int64.self)
      }
    }
  }

  /// The tensor of this name, if it is of floats or of 64-bit integers.
  /// - Throws: `.missingTensor`, `.wrongType`.
  public func tensor(named name: String) throws(SafetensorsError) -> SafetensorsTensor {
    let entry = try requireEntry(named: name)
    return entry.type == .signed64
      ? SafetensorsTensor(name: name, shape: entry.shape, integers: try integers(named: name))
      : SafetensorsTensor(name: name, shape: entry.shape, values: try floats(named: name))
  }

  /// Throws unless there is a tensor of floats of this name and shape.
  func requireTensor(named name: String, shape: [Int]) throws(SafetensorsError) {
    let entry = try requireEntry(named: name)
    guard entry.shape == shape else {
      throw .wrongShape(file: path, tensor: name, expected: shape, found: entry.shape)
    }
    guard entry.type.isReadableFloat else { throw mismatch(entry, "floats") }
  }

  /// Fills `buffer` with the numbers of a tensor that has as many.
  func read(tensor name: String, into buffer: UnsafeMutableBufferPointer<Float>) throws(SafetensorsError) {
    let entry = try requireEntry(named: name)
    guard entry.type.isReadableFloat else { throw mismatch(entry, "floats") }
    precondition(entry.count == buffer.count, "\(entry.count) numbers for a buffer of \(buffer.count)")
    copyFloats(of: entry, into: buffer)
  }

  private func requireEntry(named name: String) throws(SafetensorsError) -> Entry {
    guard let entry = entry(named: name) else { throw .missingTensor(file: path, tensor: name) }
    return entry
  }

  private func mismatch(_ entry: Entry, _ expected: String) -> SafetensorsError {
    .wrongType(file: path, tensor: entry.name, type: entry.type.rawValue, expected: expected)
  }

  private func withBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    switch storage {
    case .mapped(let file): withExtendedLifetime(file) { body(file.bytes) }
    case .bytes(let bytes): bytes.withUnsafeBytes(body)
    }
  }

  private func copyFloats(of entry: Entry, into buffer: UnsafeMutableBufferPointer<Float>) {
    withBytes { bytes in
      let start = entry.range.lowerBound
      for index in 0..<entry.count {
        let float: Float
        switch entry.type {
        case .float16:
          let bits = bytes.loadUnaligned(fromByteOffset: start + 2 * index, as: UInt16.self)
          float = Float(halfBits: bits)
        case .bfloat16:
          let bits = bytes.loadUnaligned(fromByteOffset: start + 2 * index, as: UInt16.self)
          float = Float(bitPattern: UInt32(bits) << 16)
        case .float64:
          float = Float(bytes.loadUnaligned(fromByteOffset: start + 8 * index, as: Double.self))
        default:
          float = bytes.loadUnaligned(fromByteOffset: start + 4 * index, as: Float.self)
        }
        buffer.initializeElement(at: index, to: float)
      }
    }
  }
}

extension SafetensorsType {
  fileprivate var isReadableFloat: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }
}

extension Float {
  /// The number that 16 bits of IEEE 754's binary16 stand for.
  fileprivate init(halfBits bits: UInt16) {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F), fraction = Float(bits & 0x3FF)
    switch exponent {
    case 0: self = sign * fraction * 0x1p-24
    case 31: self = fraction == 0 ? sign * .infinity : .nan
    default: self = sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction * 0x1p-10)
    }
  }
}
