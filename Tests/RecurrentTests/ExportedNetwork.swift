internal import Arithmetic
internal import Testing

@testable import Recurrent

/// A network with weights that differ in all places, to be given to other programs.
struct ExportedNetwork: Sendable, CustomTestStringConvertible {
  let name: String
  let configuration: Network.Configuration

  var testDescription: String { name }
  var isNormalizedAndResidual: Bool {
    configuration.stack.isResidual || configuration.stack.normalizesLayers
  }

  static let heads: [(name: String, head: Head)] = [
    ("softmax", .softmax(classCount: 5)), ("last", .softmax(classCount: 5, pooling: .last)),
    ("mean", .softmax(classCount: 5, pooling: .mean)),
    ("attention", .softmax(classCount: 5, pooling: .attention)), ("bernoulli", .bernoulli(size: 6)),
    ("squared-error", .squaredError(size: 3)), ("gaussian", .gaussian(size: 3)), ("ctc", .ctc(classCount: 5)),
    ("residual", .softmax(classCount: 5)), ("residual-last", .bernoulli(size: 3, pooling: .last)),
  ]

  static let inputs: [Network.Input] = [
    .ids(7, embeddingSize: 5), .frames(4, normalization: .trainingSet),
    .init(vocabularySizes: [7, 4, 3], embeddingSize: 6, frameSize: 3, normalization: .sequence),
    .frames(2, normalization: .none),
    .init(vocabularySizes: [9, 2], embeddingSize: 4, frameSize: 2, normalization: .trainingSet),
    .frames(5, normalization: .sequence), .init(vocabularySizes: [5, 5], embeddingSize: 6),
  ]

  /// One that needs to see the end of a sequence, and so is no language model.
  static let bidirectional = Network(
    configuration: Network.Configuration(
      input: .ids(7, embeddingSize: 5),
      stack: StackConfiguration(hiddenSize: 5, layerCount: 1, isBidirectional: true),
      head: .softmax(classCount: 7)), seed: 1)

  init(cell: Cell, isBidirectional: Bool, head: Head, headName: String, input: Network.Input) {
    let hasExtras = headName.hasPrefix("residual")
    name = "\(cell.rawValue)-\(isBidirectional ? "both" : "forward")-\(headName)"
    configuration = Network.Configuration(
      input: input,
      stack: StackConfiguration(
        cell: cell, hiddenSize: 6, layerCount: hasExtras ? 3 : 2, isBidirectional: isBidirectional,
        isResidual: hasExtras, normalizesLayers: hasExtras),
      head: head)
  }

  /// One number of each frame never changes.
  var network: Network {
    let size = configuration.input.frameSize
    let network = Network(
      configuration: configuration,
      normalization: configuration.input.normalization == .trainingSet
        ? FrameNormalization(
          mean: (0..<size).map { Float($0) - 1 }, variance: (0..<size).map { $0 == 1 ? 0 : 0.5 + Float($0) })
        : nil, seed: 3)
    var random = RandomStream(seed: 4, name: "weights")
    for index in 0..<network.parameters.count {
      network.parameters.values[index] += 0.1 * Float(random.normal())
    }
    return network
  }

  /// What the network says of some sequences.
  func predictions(for sequences: [TrainingSequence]) -> [[Float]] {
    let pass = NetworkPass(
      network: network, rowCapacity: sequences.reduce(0) { $0 + $1.length }, streamCapacity: sequences.count,
      team: ThreadTeam(threadCount: 1))
    return pass.predict(SequenceBatch(sequences, head: configuration.head)).values
  }

  /// An input of the graph.
  enum Input {
    case integers([Int64], shape: [Int])
    case floats([Float], shape: [Int])

    var asONNX: ONNXFile.Tensor {
      switch self {
      case .integers(let values, let shape): .init(shape: shape, values: values.map(Double.init))
      case .floats(let values, let shape): .init(shape: shape, values: values.map(Double.init))
      }
    }

    func tensor(named name: String) -> SafetensorsTensor {
      switch self {
      case .integers(let values, let shape): SafetensorsTensor(name: name, shape: shape, integers: values)
      case .floats(let values, let shape): SafetensorsTensor(name: name, shape: shape, values: values)
      }
    }
  }

  /// The graph's inputs but for states. Behind the end of a sequence stands what would be noticed if it were read.
  static func inputs(
    of sequences: [TrainingSequence], _ configuration: Network.Configuration
  ) -> [String: Input] {
    let input = configuration.input, streams = sequences.count
    let steps = sequences.reduce(0) { max($0, $1.length) }
    var inputs: [String: Input] = [:]
    func padded<Element>(
      _ width: Int, _ filler: Element, _ values: (TrainingSequence) -> [Element]
    ) -> [Element] {
      (0..<steps).flatMap { step in
        sequences.flatMap { sequence in
          step < sequence.length
            ? Array(values(sequence)[step * width..<(step + 1) * width])
            : [Element](repeating: filler, count: width)
        }
      }
    }
    let vocabularies = input.vocabularySizes.count
    if vocabularies > 0 {
      inputs["ids"] = .integers(
        padded(vocabularies, 1) { $0.ids.map(Int64.init) }, shape: [steps, streams, vocabularies])
    }
    if input.frameSize > 0 {
      inputs["frames"] = .floats(
        padded(input.frameSize, 1000, \.frames), shape: [steps, streams, input.frameSize])
    }
    if !configuration.runsStepByStep {
      inputs["lengths"] = .integers(sequences.map { Int64($0.length) }, shape: [streams])
    }
    return inputs
  }
}
