internal import Arithmetic

/// Runs a network over one stream, one step at a time, on the calling thread: for forecasts, for generating, for a stream
/// that has no end yet. It takes the weights as they are when it is made, and no memory after that.
public final class NetworkRunner {
  /// The architecture of the network that is run.
  public let configuration: Network.Configuration

  private let network: Network
  private let stepper: StreamStepper
  private let tables: [UnsafePointer<Float>]
  private let means: AlignedBuffer<Float>
  private let factors: AlignedBuffer<Float>
  private let input: AlignedBuffer<Float>
  private let output: AlignedBuffer<Float>
  private let outputWeight: UnsafePointer<Float>
  private let outputBias: UnsafePointer<Float>

  /// A runner with a zero state, for a network whose layers read forward alone, which says something at every step and
  /// whose frames are not normalised by their sequence.
  public init(network: Network) {
    let network = network.copy(), configuration = network.configuration
    precondition(
      configuration.head.pooling == nil && configuration.input.normalization != .sequence
        && !configuration.stack.isBidirectional,
      "a network that has to see the end of a sequence cannot be run step by step")
    self.network = network
    self.configuration = configuration
    let parameters = network.parameters, base = parameters.values.baseAddress
    stepper = StreamStepper(
      configuration: configuration.stack, inputSize: configuration.input.size, parameters: parameters,
      namePrefix: Network.Configuration.stackName)
    tables = configuration.input.vocabularySizes.indices.map {
      UnsafePointer(base + parameters.offset(of: configuration.embeddingName($0)))
    }
    let size = configuration.input.frameSize
    means = AlignedBuffer(network.normalization?.mean ?? [Float](repeating: 0, count: size))
    factors = AlignedBuffer(
      network.normalization?.variance.map { FrameNormalization.factor(variance: $0) }
        ?? [Float](repeating: 1, count: size))
    input = AlignedBuffer(count: configuration.input.size)
    output = AlignedBuffer(count: configuration.head.outputSize)
    outputWeight = UnsafePointer(base + parameters.offset(of: "output.weight"))
    outputBias = UnsafePointer(base + parameters.offset(of: "output.bias"))
  }

  /// Goes one step on.
  /// - Parameters:
  ///   - ids: an id of each vocabulary; −1 for none.
  ///   - frame: the numbers of a frame.
  /// - Returns: a row as in `NetworkOutput.values`; valid until the next call and as long as this object lives.
  @discardableResult
  public func advance(ids: [Int32] = [], frame: [Float] = []) -> UnsafeBufferPointer<Float> {
    let input = configuration.input
    precondition(
      ids.count == input.vocabularySizes.count && frame.count == input.frameSize,
      "\(ids.count) ids and \(frame.count) numbers for \(input.vocabularySizes.count) and \(input.frameSize)")
    let row = self.input.baseAddress
    row.update(repeating: 0, count: input.embeddingSize)
    for (k, id) in ids.enumerated() where id != -1 {
      precondition(
        id >= 0 && Int(id) < input.vocabularySizes[k],
        "id \(id) is outside a vocabulary of \(input.vocabularySizes[k])")
      Kernels.current.add(tables[k] + Int(id) * input.embeddingSize, to: row, count: input.embeddingSize)
    }
    frame.withUnsafeBufferPointer { frame in
      guard let frame = frame.baseAddress else { return }
      InputLayer.normalise(
        frame, mean: means.baseAddress, factor: factors.baseAddress, into: row + input.embeddingSize,
        count: input.frameSize)
    }
    stepper.multiplyInput(row, into: stepper.firstGates)
    let top = stepper.advance(input: row)
    Kernels.current.multiply(
      rows: output.count, columns: configuration.stack.outputSize, outputWeight, top, bias: nil,
      into: output.baseAddress)
    configuration.head.finish(output.baseAddress, bias: outputBias)
    return UnsafeBufferPointer(output.elements)
  }

  /// The state of all layers, L × S·H; S is 2 for the LSTM (h, then c) and else 1.
  public var state: [Float] {
    get { stepper.state.array }
    set { stepper.state.update(from: newValue) }
  }

  /// Makes the state zero, as at the beginning of a sequence.
  public func reset() { stepper.state.clear() }
}
