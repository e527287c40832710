internal import Groundwork

extension SafetensorsFile {
  /// The most that a header may take, as the format's own library has it.
  private static let headerLimit: UInt64 = 100_000_000

  /// Reads the eight bytes of the header's length and the header.
  /// - Returns: the header, and the offset of the first byte behind it.
  static func readHeader(
    of bytes: UnsafeRawBufferPointer, path: String
  ) throws(SafetensorsError) -> (SafetensorsHeader, dataOffset: Int) {
    guard bytes.count >= 8 else { throw .tooShort(file: path, byteCount: bytes.count) }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= headerLimit, length <= UInt64(bytes.count - 8) else {
      throw .wrongHeaderLength(file: path, length: length, available: bytes.count - 8)
    }
    let end = 8 + Int(length)
    guard length > 0, bytes[8] == UInt8(ascii: "{") else {
      throw .malformedHeader(file: path, reason: "it does not begin with {")
    }
    do {
      return (try JSONFormat.decode(SafetensorsHeader.self, from: Array(bytes[8..<end])), end)
    } catch {
      throw .malformedHeader(
        file: path, reason: "its JSON does not describe tensors (\(Self.reason(of: error)))")
    }
  }

  private static func reason(of error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      return context.debugDescription
    case .keyNotFound(let key, _): return "\(key.stringValue) is missing"
    @unknown default: return "\(error)"
    }
  }

  /// The tensors in the order of their bytes, which they share out without overlap and without a gap.
  static func checkedEntries(
    of header: SafetensorsHeader, dataOffset: Int, dataCount: Int, path: String
  ) throws(SafetensorsError) -> [Entry] {
    var entries: [Entry] = []
    for (name, tensor) in header.tensors {
      let (type, range) = try check(tensor, named: name, dataCount: dataCount, path: path)
      entries.append(Entry(name: name, type: type, shape: tensor.shape, range: range))
    }
    entries.sort {
      ($0.range.lowerBound, $0.range.upperBound, $0.name) < (
        $1.range.lowerBound, $1.range.upperBound, $1.name
      )
    }
    var end = 0
    for entry in entries {
      guard entry.range.lowerBound == end else {
        throw .wrongLayout(
          file: path, tensor: entry.name, expectedOffset: end, offset: entry.range.lowerBound)
      }
      end = entry.range.upperBound
    }
    guard end == dataCount else {
      throw .malformedHeader(file: path, reason: "its tensors take \(end) bytes, and \(dataCount) follow")
    }
    return entries.map {
      Entry(
        name: $0.name, type: $0.type, shape: $0.shape,
        range: $0.range.lowerBound + dataOffset..<$0.range.upperBound + dataOffset)
    }
  }

  /// A tensor's type, and its range in the data, which has as many bytes as shape and type ask for.
  private static func check(
    _ tensor: SafetensorsHeader.Tensor, named name: String, dataCount: Int, path: String
  ) throws(SafetensorsError) -> (SafetensorsType, Range<Int>) {
    guard let type = SafetensorsType(rawValue: tensor.dtype) else {
      throw .unknownType(file: path, tensor: name, type: tensor.dtype)
    }
    let offsets = tensor.dataOffsets
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= dataCount else {
      throw .wrongRange(
        file: path, tensor: name, reason: "is said to be at bytes \(offsets) of \(dataCount)")
    }
    var byteCount: Int? = type.byteCount
    for length in tensor.shape {
      guard length >= 0, let count = byteCount else {
        byteCount = nil
        break
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      byteCount = overflow ? nil : product
    }
    guard byteCount == offsets[1] - offsets[0] else {
      throw .wrongRange(
        file: path, tensor: name,
        reason:
          "has the shape \(tensor.shape) of \(type.rawValue), which does not fit its \(offsets[1] - offsets[0]) bytes"
      )
    }
    return (type, offsets[0]..<offsets[1])
  }
}
