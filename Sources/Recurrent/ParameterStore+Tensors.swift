internal import Arithmetic

// Weights from files and for files.
extension ParameterStore {
  /// A store with the weights of a file.
  /// - Parameters:
  ///   - shapes: the tensors that there must be.
  ///   - tensors: the file.
  ///   - others: names of tensors that may be in the file besides them.
  /// - Throws: `SafetensorsError.missingTensor`, `.unexpectedTensor` or `.wrongShape` where the tensors are others,
  ///   `.wrongType` where they are no floats, `.notFinite` where one is no number.
  convenience init(
    shapes: [(name: String, shape: [Int])], tensors: SafetensorsFile, besides others: [String] = []
  ) throws(SafetensorsError) {
    for (name, shape) in shapes { try tensors.requireTensor(named: name, shape: shape) }
    let names = Set(shapes.map(\.name) + others)
    if let unexpected = tensors.entries.first(where: { !names.contains($0.name) }) {
      throw .unexpectedTensor(file: tensors.path, tensor: unexpected.name)
    }
    self.init(shapes: shapes)
    for entry in entries { try tensors.read(tensor: entry.name, into: elements(of: entry)) }
  }

  /// A tensor's weights.
  func elements(of entry: Entry) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: values.elements[entry.range])
  }

  /// The weights as tensors to be written.
  func tensors() -> [SafetensorsTensor] {
    entries.map { SafetensorsTensor(name: $0.name, shape: $0.shape, values: Array(elements(of: $0))) }
  }
}
