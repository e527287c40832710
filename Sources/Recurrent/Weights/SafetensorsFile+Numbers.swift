// Reading the numbers of tensors.
extension SafetensorsFile {
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

  /// The numbers of a tensor of this shape, all of them finite.
  /// - Throws: `.missingTensor`, `.wrongShape`, `.wrongType`, `.notFinite`.
  func finiteFloats(named name: String, shape: [Int]) throws(SafetensorsError) -> [Float] {
    try requireTensor(named: name, shape: shape)
    let numbers = try floats(named: name)
    if let index = numbers.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(file: path, tensor: name, index: index)
    }
    return numbers
  }

  /// Fills `buffer` with the numbers of a tensor that has as many, all of them finite.
  /// - Throws: `.missingTensor`, `.wrongType`, `.notFinite`.
  func read(tensor name: String, into buffer: UnsafeMutableBufferPointer<Float>) throws(SafetensorsError) {
    let entry = try requireEntry(named: name)
    guard entry.type.isReadableFloat else { throw mismatch(entry, "floats") }
    precondition(entry.count == buffer.count, "\(entry.count) numbers for a buffer of \(buffer.count)")
    copyFloats(of: entry, into: buffer)
    if let index = buffer.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(file: path, tensor: name, index: index)
    }
  }

  private func requireEntry(named name: String) throws(SafetensorsError) -> Entry {
    guard let entry = entry(named: name) else { throw .missingTensor(file: path, tensor: name) }
    return entry
  }

  private func mismatch(_ entry: Entry, _ expected: String) -> SafetensorsError {
    .wrongType(file: path, tensor: entry.name, type: entry.type.rawValue, expected: expected)
  }

  private func copyFloats(of entry: Entry, into buffer: UnsafeMutableBufferPointer<Float>) {
    withBytes { bytes in
      let bytes = UnsafeRawBufferPointer(rebasing: bytes[entry.range])
      switch entry.type {
      case .float16: copy(bytes, into: buffer) { (bits: UInt16) in Float(halfBits: bits) }
      case .bfloat16: copy(bytes, into: buffer) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
      case .float64: copy(bytes, into: buffer) { (value: Double) in Float(value) }
      default: UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
      }
    }
  }

  private func copy<Stored: BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, into buffer: UnsafeMutableBufferPointer<Float>,
    by convert: (Stored) -> Float
  ) {
    for index in buffer.indices {
      let stored = bytes.loadUnaligned(
        fromByteOffset: index * MemoryLayout<Stored>.stride, as: Stored.self)
      buffer.initializeElement(at: index, to: convert(stored))
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
