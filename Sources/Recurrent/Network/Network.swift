internal import Arithmetic

/// A network for sequences: an input of ids or frames, recurrent layers, and a head.
///
/// Training works on it through a `NetworkPass`, which also predicts; a `NetworkRunner` goes step by step.
public final class Network: Sendable {
  /// The architecture.
  public let configuration: Configuration
  /// The weights.
  public let parameters: ParameterStore
  /// Mean and variance of the training set's frames, where the input is normalized by them.
  public let normalization: FrameNormalization?

  /// A network with random weights, drawn as PyTorch does by default: embeddings from the normal distribution, layers
  /// uniformly within ±1 / √H, the output within ±1 / √W, W being its input's length. A tied embedding is drawn as the
  /// output's weight is, or the first logits would be as large as √W. A query of attention begins at 0, where it weighs all
  /// steps the same.
  /// - Parameters:
  ///   - configuration: the architecture.
  ///   - normalization: mean and variance of frames; there must be one if and only if the input is normalized by the
  ///     training set.
  ///   - seed: decides the weights.
  public init(configuration: Configuration, normalization: FrameNormalization? = nil, seed: UInt64) {
    if let fault = configuration.fault { preconditionFailure(fault) }
    precondition(
      normalization?.mean.count
        == (configuration.input.normalization == .trainingSet ? configuration.input.frameSize : nil),
      "\(normalization?.mean.count ?? 0) means for frames of \(configuration.input.frameSize) numbers, normalized by "
        + configuration.input.normalization.rawValue)
    self.configuration = configuration
    self.normalization = normalization
    parameters = ParameterStore(shapes: configuration.parameterShapes)
    RecurrentStack.initialize(
      parameters, configuration: configuration.stack, namePrefix: Configuration.stackName, seed: seed)
    let bound = 1 / Float(configuration.stack.outputSize).squareRoot()
    for entry in parameters.entries where !entry.name.hasPrefix(Configuration.stackName + ".") {
      let kind: Initialization =
        entry.name.hasPrefix("embedding.") && !configuration.tiesEmbedding
        ? .normal : entry.name == Configuration.queryName ? .constant(0) : .uniform(bound: bound)
      parameters.initialize(entry, kind, seed: seed)
    }
  }

  /// A network with the weights, and mean and variance, of a file.
  /// - Throws: `SafetensorsError.missingTensor`, `.unexpectedTensor` or `.wrongShape` where the tensors are not those
  ///   of `configuration`, `.wrongType` where they are no floats, `.notFinite` where one is no number, `.negative` where a
  ///   variance is below 0.
  public init(configuration: Configuration, tensors: SafetensorsFile) throws(SafetensorsError) {
    if let fault = configuration.fault { preconditionFailure(fault) }
    let statistics =
      configuration.input.normalization == .trainingSet ? [Self.meanName, Self.varianceName] : []
    try RecurrentStack.requireTensors(
      configuration: configuration.stack, inputSize: configuration.input.size,
      namePrefix: Configuration.stackName, in: tensors)
    self.configuration = configuration
    parameters = try ParameterStore(
      shapes: configuration.parameterShapes, tensors: tensors,
      besides: statistics + (try Self.tiedOutput(configuration, in: tensors)))
    guard !statistics.isEmpty else {
      normalization = nil
      return
    }
    normalization = try FrameNormalization(
      size: configuration.input.frameSize, meanName: Self.meanName, varianceName: Self.varianceName,
      tensors: tensors)
  }

  /// Modules of PyTorch write tied weights twice: the name of the second tensor, if it is there and has the same numbers.
  private static func tiedOutput(
    _ configuration: Configuration, in tensors: SafetensorsFile
  ) throws(SafetensorsError) -> [String] {
    let name = "output.weight", source = configuration.outputWeightName
    guard configuration.tiesEmbedding, tensors.entry(named: name) != nil, tensors.entry(named: source) != nil
    else { return [] }
    return try tensors.floats(named: name) == tensors.floats(named: source) ? [name] : []
  }

  /// A network that is not normalized by a training set, whose weights `fill` sets, tensor by tensor; what it leaves is 0.
  init(
    configuration: Configuration,
    fill: (ParameterStore.Entry, UnsafeMutableBufferPointer<Float>) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    self.configuration = configuration
    normalization = nil
    parameters = ParameterStore(shapes: configuration.parameterShapes)
    for entry in parameters.entries { try fill(entry, parameters.elements(of: entry)) }
  }

  private init(copying other: Network) {
    configuration = other.configuration
    normalization = other.normalization
    parameters = ParameterStore(shapes: configuration.parameterShapes)
    parameters.values.update(from: other.parameters.values.elements)
  }

  /// A network of its own with the same weights.
  public func copy() -> Network { Network(copying: self) }

  /// The weights, and mean and variance, as tensors to be written.
  public func tensors() -> [SafetensorsTensor] {
    var tensors = parameters.tensors()
    if let normalization {
      let shape = [normalization.mean.count]
      tensors += [
        SafetensorsTensor(name: Self.meanName, shape: shape, values: normalization.mean),
        SafetensorsTensor(name: Self.varianceName, shape: shape, values: normalization.variance),
      ]
    }
    return tensors
  }

  private static let meanName = "normalization.mean"
  private static let varianceName = "normalization.variance"
}
