internal import Groundwork

/// Writes safetensors files.
public enum Safetensors {
  /// Replaces the file at `path` by one that holds these tensors and this text, atomically. The bytes depend on the
  /// arguments alone; with a checksum of the content.
  /// - Parameters:
  ///   - tensors: in the order of their bytes; names are unique.
  ///   - metadata: text to go with them.
  ///   - path: where to write.
  /// - Throws: `SafetensorsError.system` if the system does not let us.
  public static func write(
    _ tensors: [SafetensorsTensor], metadata: [String: String] = [:], to path: String
  ) throws(SafetensorsError) {
    let head = header(of: tensors, metadata: metadata)
    do throws(FileError) {
      let file = try AtomicReplacement(path: path)
      try file.write(head)
      for tensor in tensors { try tensor.elements.write(to: file) }
      try file.commit()
    } catch {
      throw .system(error)
    }
  }

  /// The header's length in eight bytes and the header, padded with blanks to a multiple of eight.
  static func header(of tensors: [SafetensorsTensor], metadata: [String: String]) -> [UInt8] {
    var header = SafetensorsHeader()
    header.metadata = metadata
    header.metadata[SafetensorsChecksum.key] = checksum(of: tensors, metadata: metadata)
    var offset = 0
    for tensor in tensors {
      precondition(header.tensors[tensor.name] == nil, "two tensors are called \(tensor.name)")
      let end = offset + tensor.elements.byteCount
      header.tensors[tensor.name] = SafetensorsHeader.Tensor(
        dtype: tensor.elements.type.rawValue, shape: tensor.shape, dataOffsets: [offset, end])
      offset = end
    }
    var json: [UInt8]
    do { json = try JSONFormat.encodeLine(header) } catch {
      preconditionFailure("names and integers always make JSON: \(error)")
    }
    json += [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
    return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) } + json
  }

  private static func checksum(of tensors: [SafetensorsTensor], metadata: [String: String]) -> String {
    var checksum = SafetensorsChecksum(metadata: metadata)
    for tensor in tensors.sorted(by: { $0.name < $1.name }) {
      tensor.elements.withUnsafeBytes { bytes in
        checksum.add(name: tensor.name, type: tensor.elements.type, shape: tensor.shape, bytes: bytes)
      }
    }
    return checksum.text
  }
}
