internal import Arithmetic

/// A language model's weights and what they are the weights of.
///
/// Training works on it through a `LanguageModelPass`, sampling through a `LanguageModelSampler`.
public final class LanguageModel: Sendable {
  /// The architecture.
  public let configuration: LanguageModelConfiguration
  /// The weights.
  public let parameters: ParameterStore

  /// A model with random weights, drawn as PyTorch does by default: the embedding from the normal distribution, all
  /// else uniformly within ±1 / √H. A tied embedding is drawn as the output's weight is, or the first logits would be
  /// as large as √H.
  public init(configuration: LanguageModelConfiguration, seed: UInt64) {
    self.configuration = configuration
    parameters = ParameterStore(shapes: configuration.parameterShapes)
    RecurrentStack.initialize(parameters, configuration: configuration.stack, namePrefix: "rnn", seed: seed)
    let bound = 1 / Float(configuration.hiddenSize).squareRoot()
    for entry in parameters.entries where !entry.name.hasPrefix("rnn.") {
      let isNormal = entry.name == "embedding.weight" && !configuration.tiesEmbedding
      parameters.initialize(entry, isNormal ? .normal : .uniform(bound: bound), seed: seed)
    }
  }

  /// A model with the weights of a file.
  /// - Throws: `SafetensorsError.missingTensor`, `.unexpectedTensor` or `.wrongShape` where the tensors are not those
  ///   of `configuration`, `.wrongType` where they are no floats.
  public init(configuration: LanguageModelConfiguration, tensors: SafetensorsFile) throws(SafetensorsError) {
    if let fault = configuration.fault { preconditionFailure(fault) }
    try RecurrentStack.requireTensors(
      configuration: configuration.stack, inputSize: configuration.embeddingSize, namePrefix: "rnn",
      in: tensors)
    self.configuration = configuration
    parameters = try ParameterStore(shapes: configuration.parameterShapes, tensors: tensors)
  }

  /// A model whose weights `fill` sets, tensor by tensor; what it leaves is 0.
  init(
    configuration: LanguageModelConfiguration,
    fill: (ParameterStore.Entry, UnsafeMutableBufferPointer<Float>) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    self.configuration = configuration
    parameters = ParameterStore(shapes: configuration.parameterShapes)
    for entry in parameters.entries { try fill(entry, parameters.elements(of: entry)) }
  }

  private init(copying other: LanguageModel) {
    configuration = other.configuration
    parameters = ParameterStore(shapes: configuration.parameterShapes)
    parameters.values.update(from: other.parameters.values.elements)
  }

  /// A model of its own with the same weights.
  public func copy() -> LanguageModel { LanguageModel(copying: self) }

  /// The weights as tensors to be written.
  public func tensors() -> [SafetensorsTensor] { parameters.tensors() }
}
