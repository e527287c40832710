extension Network {
  /// A checksum of the weights, 16 hexadecimal digits: the XXH64 of each tensor's name, shape and bytes, in the order of their names. The
  /// same weights have the same, whatever file they come from.
  public var checksum: String {
    var checksum = SafetensorsChecksum(metadata: [:])
    for entry in parameters.entries.sorted(by: { $0.name < $1.name }) {
      checksum.add(
        name: entry.name, type: .float32, shape: entry.shape,
        bytes: UnsafeRawBufferPointer(parameters.elements(of: entry)))
    }
    return checksum.text
  }
}
