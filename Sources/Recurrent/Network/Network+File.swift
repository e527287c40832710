internal import Groundwork

extension Network {
  private static let key = "network"

  /// Writes weights and architecture as one safetensors file, atomically: the tensors under their names, and the
  /// configuration as JSON in the metadata `network`.
  /// - Throws: `SafetensorsError.system` where the system does not let us.
  public func write(to path: String) throws(SafetensorsError) {
    let json: [UInt8]
    do { json = try JSONFormat.encodeLine(configuration) } catch {
      preconditionFailure("an architecture always makes JSON: \(error)")
    }
    try Safetensors.write(tensors(), metadata: [Self.key: String(decoding: json, as: UTF8.self)], to: path)
  }

  /// The network in a file that `write` wrote.
  /// - Throws: `SafetensorsError` where it is no safetensors file, says nothing of the architecture, or holds other
  ///   tensors than that has.
  public convenience init(path: String) throws(SafetensorsError) {
    let file = try SafetensorsFile(path: path)
    guard let text = file.metadata[Self.key] else {
      throw .malformedHeader(file: path, offset: 8, reason: "the metadata has no entry \"\(Self.key)\"")
    }
    let configuration: Configuration
    do {
      configuration = try JSONFormat.decode(Configuration.self, from: Array(text.utf8))
    } catch {
      throw .malformedHeader(
        file: path, offset: 8, reason: "the metadata \"\(Self.key)\" describes no network")
    }
    if let fault = configuration.fault { throw .malformedHeader(file: path, offset: 8, reason: fault) }
    try self.init(configuration: configuration, tensors: file)
  }
}
