internal import Arithmetic

/// A language model's weights and what they are the weights of.
///
/// Training works on it through a `LanguageModelPass`, sampling through a `LanguageModelSampler`.
public final class LanguageModel: Sendable {
  /// The architecture.
  public let configuration: NetworkConfiguration
  /// The weights.
  public let parameters: ParameterStore

  /// A model with random weights, drawn as PyTorch does by default: the embedding from the normal distribution, all
  /// else uniformly within ±1 / √H.
  public init(configuration: NetworkConfiguration, seed: UInt64) {
    self.configuration = configuration
    parameters = ParameterStore(shapes: configuration.parameterShapes)
    let bound = 1 / Float(configuration.hiddenSize).squareRoot()
    for entry in parameters.entries {
      // A stream for each tensor, so that a change of one shape leaves the others alone.
      var random = RandomStream(seed: seed, name: "initialisation/" + entry.name)
      let values = parameters.values.baseAddress
      for index in entry.range {
        values[index] =
          entry.name == "embedding.weight"
          ? Float(random.normal()) : bound * (2 * random.uniformFloat() - 1)
      }
    }
  }

  /// A model with the weights of a file.
  /// - Throws: `SafetensorsError.missingTensor`, `.unexpectedTensor` or `.wrongShape` where the tensors are not those
  ///   of `configuration`, `.wrongType` where they are no floats.
  public init(configuration: NetworkConfiguration, tensors: SafetensorsFile) throws(SafetensorsError) {
    let shapes = configuration.parameterShapes
    for (name, shape) in shapes { try tensors.requireTensor(named: name, shape: shape) }
    let names = Set(shapes.map(\.name))
    if let stranger = tensors.entries.first(where: { !names.contains($0.name) }) {
      throw .unexpectedTensor(file: tensors.path, tensor: stranger.name)
    }
    self.configuration = configuration
    parameters = ParameterStore(shapes: shapes)
    for entry in parameters.entries {
      try tensors.read(
        tensor: entry.name,
        into: UnsafeMutableBufferPointer(rebasing: parameters.values.elements[entry.range]))
    }
  }

  private init(copying other: LanguageModel) {
    configuration = other.configuration
    parameters = ParameterStore(shapes: configuration.parameterShapes)
    parameters.values.update(from: other.parameters.values.elements)
  }

  /// A model of its own with the same weights.
  public func copy() -> LanguageModel { LanguageModel(copying: self) }

  /// The weights as tensors to be written.
  public func tensors() -> [SafetensorsTensor] {
    parameters.entries.map { entry in
      SafetensorsTensor(
        name: entry.name, shape: entry.shape, values: Array(parameters.values.elements[entry.range]))
    }
  }
}
