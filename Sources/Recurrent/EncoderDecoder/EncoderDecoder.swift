internal import Arithmetic

/// The weights of an encoder–decoder and what they are the weights of.
///
/// Training works on it through an `EncoderDecoderPass`, decoding through a `Translator`.
public final class EncoderDecoder: Sendable {
  /// The architecture.
  public let configuration: EncoderDecoderConfiguration
  /// The weights.
  public let parameters: ParameterStore

  /// A network with random weights, drawn as PyTorch does by default: the embeddings from the normal distribution, a
  /// stack's within ±1 / √H, normalization as the identity, all else within ±1 / √I, where I is how many numbers it takes.
  public init(configuration: EncoderDecoderConfiguration, seed: UInt64) {
    self.configuration = configuration
    parameters = ParameterStore(shapes: configuration.parameterShapes)
    RecurrentStack.initialize(
      parameters, configuration: configuration.encoder, namePrefix: "encoder.rnn", seed: seed)
    RecurrentStack.initialize(
      parameters, configuration: configuration.decoder, namePrefix: "decoder.rnn", seed: seed)
    for entry in parameters.entries where !entry.name.contains(".rnn.") {
      let isEmbedding = entry.name.hasSuffix("embedding.weight")
      parameters.initialize(
        entry, isEmbedding ? .normal : .uniform(bound: 1 / inputSize(of: entry).squareRoot()), seed: seed)
    }
  }

  /// How many numbers the linear layer takes that a tensor is the weight or the bias of.
  private func inputSize(of entry: ParameterStore.Entry) -> Float {
    let weight = entry.name.hasSuffix(".bias") ? String(entry.name.dropLast(4)) + "weight" : entry.name
    return Float(parameters.entry(named: weight)?.shape.last ?? 1)
  }

  /// A network with the weights of a file.
  /// - Throws: `SafetensorsError.missingTensor`, `.unexpectedTensor` or `.wrongShape` where the tensors are not those of
  ///   `configuration`, `.wrongType` where they are no floats.
  public init(configuration: EncoderDecoderConfiguration, tensors: SafetensorsFile) throws(SafetensorsError) {
    if let fault = configuration.fault { preconditionFailure(fault) }
    for (stack, prefix) in [(configuration.encoder, "encoder.rnn"), (configuration.decoder, "decoder.rnn")] {
      try RecurrentStack.requireTensors(
        configuration: stack, inputSize: configuration.embeddingSize, namePrefix: prefix, in: tensors)
    }
    self.configuration = configuration
    parameters = try ParameterStore(shapes: configuration.parameterShapes, tensors: tensors)
  }

  /// The weights as tensors to be written.
  public func tensors() -> [SafetensorsTensor] { parameters.tensors() }
}
