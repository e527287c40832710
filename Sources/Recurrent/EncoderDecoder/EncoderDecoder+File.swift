extension EncoderDecoderConfiguration: StoredArchitecture {
  static let metadataKey = "encoder-decoder"
  static let noun = "encoder–decoder"
}

extension EncoderDecoder {
  /// Writes weights and architecture as one safetensors file, atomically: the tensors under their names, and the
  /// configuration as JSON in the metadata `encoder-decoder`.
  /// - Throws: `SafetensorsError.system` if the system does not let us.
  public func write(to path: String) throws(SafetensorsError) {
    try configuration.write(with: tensors(), to: path)
  }

  /// The network in a file that `write` wrote.
  /// - Throws: `SafetensorsError` if it is not a safetensors file, has no architecture, or holds other
  ///   tensors than that has.
  public convenience init(path: String) throws(SafetensorsError) {
    try self.init(file: SafetensorsFile(path: path))
  }

  /// The network in a file that is open.
  package convenience init(file: SafetensorsFile) throws(SafetensorsError) {
    try self.init(configuration: EncoderDecoderConfiguration(of: file), tensors: file)
  }
}
