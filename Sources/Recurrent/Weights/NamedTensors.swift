/// A network's tensors by name, for writing them in another arrangement.
struct NamedTensors {
  private let tensors: [String: SafetensorsTensor]

  /// These tensors, of floats, no two of one name.
  init(_ tensors: [SafetensorsTensor]) {
    self.tensors = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
  }

  /// The tensor with a name from the network's configuration.
  subscript(name: String) -> SafetensorsTensor {
    guard let tensor = tensors[name] else { preconditionFailure("the network has no tensor \(name)") }
    return tensor
  }

  /// How many numbers a recurrent layer takes at each step.
  func inputSize(ofLayer layer: Int, prefix: String) -> Int { self["\(prefix).weight_ih_l\(layer)"].shape[1] }

  /// The numbers of a tensor.
  func floats(_ name: String) -> [Float] {
    guard case .floats(let values) = self[name].elements else {
      preconditionFailure("the tensor \(name) is not of floats")
    }
    return values
  }

  /// Tensors of one shape, one after the other along a new first axis, each with the blocks of its rows in the order
  /// `blocks`.
  func joined(_ names: [String], blocks: [Int], named name: String) -> SafetensorsTensor {
    var values: [Float] = []
    for name in names {
      let source = floats(name)
      let length = source.count / blocks.count
      for block in blocks { values += source[block * length..<(block + 1) * length] }
    }
    return SafetensorsTensor(name: name, shape: [names.count] + self[names[0]].shape, values: values)
  }
}
