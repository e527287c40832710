internal import Groundwork

extension SafetensorsFile {
  /// The most that a header may take, as the format's own library has it.
  private static let headerLimit: UInt64 = 100_000_000

  /// Reads the eight bytes of the header's length and the header.
  /// - Parameters:
  ///   - bytes: the file's first bytes, or all.
  ///   - byteCount: how many bytes the file has.
  /// - Returns: the header, and the offset of the first byte after it.
  static func readHeader(
    of bytes: UnsafeRawBufferPointer, byteCount: Int, path: String
  ) throws(SafetensorsError) -> (SafetensorsHeaderReader, dataOffset: Int) {
    guard bytes.count >= 8 else { throw .tooShort(file: path, byteCount: bytes.count) }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= headerLimit, length <= UInt64(byteCount - 8), length <= UInt64(bytes.count - 8) else {
      throw .wrongHeaderLength(file: path, length: length, available: byteCount - 8)
    }
    let end = 8 + Int(length)
    return (try SafetensorsHeaderReader(8..<end, of: bytes, path: path), end)
  }

  /// Checks the header at the beginning of a file against the file's size, before the rest is read.
  /// - Parameters:
  ///   - file: the file, of which no more is read.
  ///   - byteCount: how many bytes it has.
  static func checkHeader(of file: inout InputFile, byteCount: Int) throws {
    var head = try file.firstBytes(8)
    let length = head.withUnsafeBytes {
      $0.count < 8 ? 0 : UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
    }
    // A length beyond the limits is found to be so by the eight bytes alone.
    if length <= headerLimit { head = try file.firstBytes(8 + Int(length)) }
    try head.withUnsafeBytes { bytes in
      let (header, dataOffset) = try readHeader(of: bytes, byteCount: byteCount, path: file.name)
      _ = try checkedEntries(
        of: header, dataOffset: dataOffset, dataCount: byteCount - dataOffset, path: file.name)
    }
  }

  /// The tensors in the order of their bytes, which they share out without overlap and without a gap.
  static func checkedEntries(
    of header: SafetensorsHeaderReader, dataOffset: Int, dataCount: Int, path: String
  ) throws(SafetensorsError) -> [Entry] {
    var entries: [Entry] = []
    entries.reserveCapacity(header.tensors.count)
    for tensor in header.tensors {
      let (type, range) = try check(tensor, dataCount: dataCount, path: path)
      entries.append(Entry(name: tensor.name, type: type, shape: tensor.shape, range: range))
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
      throw .wrongSize(file: path, expected: dataOffset + end, found: dataOffset + dataCount)
    }
    for index in entries.indices {
      let range = entries[index].range
      entries[index].range = range.lowerBound + dataOffset..<range.upperBound + dataOffset
    }
    return entries
  }

  /// The places of the entries in the order of their names, each of which there is once.
  static func places(
    of entries: [Entry], header: SafetensorsHeaderReader, path: String
  ) throws(SafetensorsError) -> [Int] {
    let places = entries.indices.sorted { entries[$0].name < entries[$1].name }
    for (place, next) in zip(places, places.dropFirst()) where entries[place].name == entries[next].name {
      let name = entries[place].name
      throw .malformedHeader(
        file: path, offset: header.tensors.last { $0.name == name }?.offset ?? 8,
        reason: "two tensors have the name \(name)")
    }
    return places
  }

  /// A tensor's type, and its range in the data, which has as many bytes as shape and type ask for.
  private static func check(
    _ tensor: SafetensorsHeaderReader.Tensor, dataCount: Int, path: String
  ) throws(SafetensorsError) -> (SafetensorsType, Range<Int>) {
    guard let type = SafetensorsType(rawValue: tensor.type) else {
      throw .unknownType(file: path, tensor: tensor.name, type: tensor.type)
    }
    let offsets = tensor.dataOffsets
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= dataCount else {
      throw .wrongRange(
        file: path, tensor: tensor.name,
        reason: "has the byte range \(offsets), which is outside the \(dataCount) bytes of data")
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
        file: path, tensor: tensor.name,
        reason:
          "has the shape \(tensor.shape) of \(type.rawValue), which does not fit its \(offsets[1] - offsets[0]) bytes"
      )
    }
    return (type, offsets[0]..<offsets[1])
  }
}
