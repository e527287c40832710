internal import Arithmetic

/// Runs a model over one stream, one id at a time, on the calling thread. It takes the weights as they are when it is
/// made, and no memory after that.
public final class LanguageModelSampler {
  /// The architecture of the model that is run.
  public let configuration: NetworkConfiguration

  private let model: LanguageModel
  private let stepper: StreamStepper
  /// V × G·H: what the first layer's input weights make of each id, so that a step looks it up.
  private let firstGates: AlignedBuffer<Float>
  private let logits: AlignedBuffer<Float>
  private let embedding: UnsafePointer<Float>
  private let outputWeight: UnsafePointer<Float>
  private let outputBias: UnsafePointer<Float>

  /// A sampler with a zero state.
  public init(model: LanguageModel) {
    let model = model.copy()
    let configuration = model.configuration, parameters = model.parameters
    self.model = model
    self.configuration = configuration
    stepper = StreamStepper(
      configuration: configuration.stack, inputSize: configuration.embeddingSize, parameters: parameters,
      namePrefix: "rnn")
    let base = parameters.values.baseAddress
    embedding = UnsafePointer(base + parameters.offset(of: "embedding.weight"))
    outputWeight = UnsafePointer(base + parameters.offset(of: configuration.outputWeightName))
    outputBias = UnsafePointer(base + parameters.offset(of: "output.bias"))
    logits = AlignedBuffer(count: configuration.vocabularySize)
    firstGates = AlignedBuffer(count: configuration.vocabularySize * stepper.gatesWidth)
    for id in 0..<configuration.vocabularySize {
      stepper.multiplyInput(
        embedding + id * configuration.embeddingSize, into: firstGates.baseAddress + id * stepper.gatesWidth)
    }
  }

  /// Feeds one id.
  /// - Returns: the logits of the next, V of them; valid until the next call and as long as this object lives.
  @discardableResult
  public func advance(_ id: Int32) -> UnsafeBufferPointer<Float> {
    let vocabulary = configuration.vocabularySize
    precondition(id >= 0 && id < vocabulary, "id \(id) is outside a vocabulary of \(vocabulary)")
    stepper.firstGates.update(
      from: firstGates.baseAddress + Int(id) * stepper.gatesWidth, count: stepper.gatesWidth)
    let output = stepper.advance(input: embedding + Int(id) * configuration.embeddingSize)
    Kernels.current.multiply(
      rows: vocabulary, columns: configuration.hiddenSize, outputWeight, output, bias: outputBias,
      into: logits.baseAddress)
    return UnsafeBufferPointer(logits.elements)
  }

  /// The state of all layers, L × S·H; S is 2 for the LSTM (h, then c) and else 1.
  public var state: [Float] {
    get { stepper.state.array }
    set { stepper.state.update(from: newValue) }
  }

  /// Makes the state zero, as at the beginning of a piece.
  public func reset() { stepper.state.clear() }
}
