internal import Groundwork

/// An architecture that is stored with its weights in a safetensors file, as JSON in the metadata.
protocol StoredArchitecture: Codable {
  /// The metadata's entry.
  static var metadataKey: String { get }
  /// What it is the architecture of.
  static var noun: String { get }
  /// What is invalid about it, or is more than `ArchitectureLimit` allows; nil if all is well.
  var fault: String? { get }
}

extension StoredArchitecture {
  /// The architecture as metadata.
  var metadata: [String: String] {
    let json: [UInt8]
    do { json = try JSONFormat.encodeLine(self) } catch {
      preconditionFailure("an architecture always makes JSON: \(error)")
    }
    return [Self.metadataKey: String(decoding: json, as: UTF8.self)]
  }

  /// Writes the architecture and its weights as one file, atomically.
  /// - Throws: `SafetensorsError.system` if the system does not let us.
  func write(with tensors: [SafetensorsTensor], to path: String) throws(SafetensorsError) {
    try Safetensors.write(tensors, metadata: metadata, to: path)
  }

  /// The architecture that a file gives for its weights.
  /// - Throws: `SafetensorsError.malformedHeader` if it has none, or an invalid one.
  init(of file: SafetensorsFile) throws(SafetensorsError) {
    let fault = { (reason: String) in
      SafetensorsError.malformedHeader(file: file.path, offset: 8, reason: reason)
    }
    guard let text = file.metadata[Self.metadataKey] else {
      throw fault("the metadata has no entry \"\(Self.metadataKey)\"")
    }
    do { self = try JSONFormat.decode(Self.self, from: Array(text.utf8)) } catch {
      throw fault("the metadata \"\(Self.metadataKey)\" describes no \(Self.noun)")
    }
    if let reason = self.fault { throw fault(reason) }
  }
}
