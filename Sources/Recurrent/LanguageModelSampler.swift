internal import Arithmetic

/// Runs a model over one stream, one id at a time, on the calling thread. It takes the weights as they are when it is
/// made, and no memory after that.
public final class LanguageModelSampler {
  /// The architecture of the model that is run.
  public let configuration: NetworkConfiguration

  private let model: LanguageModel
  /// V × 3H: what the first layer's input weights make of each id, so that a step looks it up.
  private let firstGates: AlignedBuffer<Float>
  private let states: AlignedBuffer<Float>
  private let gates: AlignedBuffer<Float>
  private let recurrent: AlignedBuffer<Float>
  private let logits: AlignedBuffer<Float>
  private let layers: [GRULayer.Tensors]
  private let outputWeight: UnsafePointer<Float>
  private let outputBias: UnsafePointer<Float>

  /// A sampler with a zero state.
  public init(model: LanguageModel) {
    let model = model.copy()
    let configuration = model.configuration, h = configuration.hiddenSize
    self.model = model
    self.configuration = configuration
    let layout = NetworkLayout(configuration), weights = model.parameters.values
    layers = layout.layers.map { GRULayer.Tensors($0, in: weights) }
    outputWeight = UnsafePointer(weights.baseAddress + layout.outputWeight)
    outputBias = UnsafePointer(weights.baseAddress + layout.outputBias)
    states = AlignedBuffer(count: configuration.layerCount * h)
    gates = AlignedBuffer(count: 4 * h)
    recurrent = AlignedBuffer(count: 3 * h)
    logits = AlignedBuffer(count: configuration.vocabularySize)
    firstGates = AlignedBuffer(count: configuration.vocabularySize * 3 * h)
    let embedding = weights.baseAddress + layout.embedding
    for id in 0..<configuration.vocabularySize {
      Kernels.current.multiply(
        rows: 3 * h, columns: configuration.embeddingSize, layers[0].inputWeight,
        embedding + id * configuration.embeddingSize, bias: nil, into: firstGates.baseAddress + id * 3 * h)
    }
  }

  /// Feeds one id.
  /// - Returns: the logits of the next, V of them; valid until the next call and as long as this object lives.
  @discardableResult
  public func advance(_ id: Int32) -> UnsafeBufferPointer<Float> {
    let vocabulary = configuration.vocabularySize, h = configuration.hiddenSize, kernels = Kernels.current
    precondition(id >= 0 && id < vocabulary, "id \(id) is outside a vocabulary of \(vocabulary)")
    for (index, layer) in layers.enumerated() {
      let state = states.baseAddress + index * h
      if index == 0 {
        gates.baseAddress.update(from: firstGates.baseAddress + Int(id) * 3 * h, count: 3 * h)
      } else {
        kernels.multiply(
          rows: 3 * h, columns: h, layer.inputWeight, state - h, bias: nil, into: gates.baseAddress)
      }
      kernels.multiply(
        rows: 3 * h, columns: h, layer.recurrentWeight, state, bias: nil, into: recurrent.baseAddress)
      kernels.gruForward(
        hiddenSize: h, gates: gates.baseAddress, recurrent: recurrent.baseAddress, inputBias: layer.inputBias,
        recurrentBias: layer.recurrentBias, previous: state, next: state)
    }
    kernels.multiply(
      rows: vocabulary, columns: h, outputWeight, states.baseAddress + (layers.count - 1) * h,
      bias: outputBias,
      into: logits.baseAddress)
    return UnsafeBufferPointer(logits.elements)
  }

  /// The state of all layers, L × H.
  public var state: [Float] {
    get { states.array }
    set { states.update(from: newValue) }
  }

  /// Makes the state zero, as at the beginning of a piece.
  public func reset() { states.clear() }
}
