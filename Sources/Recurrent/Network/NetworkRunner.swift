public import Arithmetic

/// Runs a network over one stream, one step at a time, on the calling thread: for forecasts, for generating, for a stream
/// that has no end yet. It takes the weights as they are when it is made, and no memory after that.
public final class NetworkRunner {
  /// The architecture of the network that is run.
  public let configuration: Network.Configuration

  private let weights: StoredStack
  private let stepper: StackStepper
  private let tables: [AlignedBuffer<Float>]
  private let means: AlignedBuffer<Float>
  private let factors: AlignedBuffer<Float>
  private let output: AlignedBuffer<Float>

  /// A runner with a zero state, for a network that runs step by step (see `Network.Configuration.runsStepByStep`).
  /// - Parameter network: the network.
  /// - Parameter format: how the matrices of the layers and of the output are stored; embeddings stay in float32.
  public init(network: Network, format: WeightFormat = .float32) {
    let configuration = network.configuration, parameters = network.parameters
    precondition(
      configuration.runsStepByStep,
      "a network that has to see the end of a sequence cannot be run step by step")
    self.configuration = configuration
    weights = StoredStack(
      configuration.stack, inputSize: configuration.input.size, parameters: parameters,
      outputWeight: configuration.outputWeightName, format: format)
    stepper = StackStepper(weights: weights, streamCount: 1)
    tables = configuration.input.vocabularySizes.indices.map {
      let table = parameters.matrix(named: configuration.embeddingName($0))
      return AlignedBuffer(UnsafeBufferPointer(start: table.values, count: table.rows * table.columns))
    }
    let size = configuration.input.frameSize
    means = AlignedBuffer(network.normalization?.mean ?? [Float](repeating: 0, count: size))
    factors = AlignedBuffer(
      network.normalization?.variance.map { FrameNormalization.factor(variance: $0) }
        ?? [Float](repeating: 1, count: size))
    output = AlignedBuffer(count: configuration.head.outputSize)
  }

  /// Runs one step and lets `body` read the output of the network.
  /// - Parameters:
  ///   - ids: an id of each vocabulary; −1 for none.
  ///   - frame: the numbers of a frame.
  ///   - body: is given a row as in `NetworkOutput.values`.
  public func advance<Result, Failure: Error>(
    ids: [Int32] = [], frame: [Float] = [], _ body: (_ row: Span<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(advance(ids: ids, frame: frame).span)
  }

  /// Goes one step on.
  /// - Returns: a row as in `NetworkOutput.values`; valid until the next call and as long as this object lives.
  @discardableResult
  package func advance(ids: [Int32] = [], frame: [Float] = []) -> UnsafeBufferPointer<Float> {
    let input = configuration.input
    precondition(
      ids.count == input.vocabularySizes.count && frame.count == input.frameSize,
      "\(ids.count) ids and \(frame.count) numbers for \(input.vocabularySizes.count) and \(input.frameSize)")
    let row = stepper.input(ofStream: 0)
    row.update(repeating: 0, count: input.embeddingSize)
    for (k, id) in ids.enumerated() where id != -1 {
      precondition(
        id >= 0 && Int(id) < input.vocabularySizes[k],
        "id \(id) is outside a vocabulary of \(input.vocabularySizes[k])")
      Kernels.current.add(
        tables[k].baseAddress + Int(id) * input.embeddingSize, to: row, count: input.embeddingSize)
    }
    frame.withUnsafeBufferPointer { frame in
      guard let frame = frame.baseAddress else { return }
      InputLayer.normalize(
        frame, mean: means.baseAddress, factor: factors.baseAddress, into: row + input.embeddingSize,
        count: input.frameSize)
    }
    stepper.advance(streams: 1, into: output.baseAddress)
    configuration.head.finish(output.baseAddress, bias: weights.outputBias)
    return UnsafeBufferPointer(output.elements)
  }

  /// The state of all layers, L × S·H; S is 2 for the LSTM (h, then c) and else 1.
  public var state: [Float] {
    get { stepper.state(ofStream: 0) }
    set { stepper.setState(newValue, ofStream: 0) }
  }

  /// Makes the state zero, as at the beginning of a sequence.
  public func reset() { stepper.reset() }
}
