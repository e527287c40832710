internal import Arithmetic
internal import Groundwork
internal import TestSupport
internal import Testing

@testable import Recurrent

/// The gradients of whole networks: against central differences, and against PyTorch in double precision.
@Suite struct NetworkGradientTests {
  private let team = ThreadTeam(threadCount: 2)

  /// A network for each head, and among them every kind of input.
  private static let configurations: [Network.Configuration] = [
    .init(
      input: .ids(6, embeddingSize: 4), stack: StackConfiguration(hiddenSize: 5, layerCount: 1),
      head: .softmax(classCount: 6, labelSmoothing: 0.1)),
    .init(
      input: Network.Input(vocabularySizes: [4, 3], embeddingSize: 3, frameSize: 2, dropout: 0.2),
      stack: StackConfiguration(
        cell: .lstm, hiddenSize: 4, layerCount: 1, isBidirectional: true, dropout: 0.2),
      head: .softmax(classCount: 3, pooling: .attention, classWeights: [1, 2, 0.5])),
    .init(
      input: .frames(3, normalization: .sequence), stack: StackConfiguration(hiddenSize: 5, layerCount: 1),
      head: .bernoulli(size: 4)),
    .init(
      input: .frames(2, normalization: .none),
      stack: StackConfiguration(cell: .rnnTanh, hiddenSize: 5, layerCount: 2, isBidirectional: true),
      head: .squaredError(size: 2, pooling: .mean)),
    .init(
      input: .frames(2, normalization: .none), stack: StackConfiguration(hiddenSize: 5, layerCount: 1),
      head: .gaussian(size: 2)),
    .init(
      input: Network.Input(vocabularySizes: [5, 2], embeddingSize: 4),
      stack: StackConfiguration(hiddenSize: 4, layerCount: 1, isBidirectional: true),
      head: .softmax(classCount: 3, pooling: .last)),
    .init(
      input: .frames(3, normalization: .none),
      stack: StackConfiguration(hiddenSize: 5, layerCount: 1, isBidirectional: true),
      head: .ctc(classCount: 4)),
  ]

  @Test("The gradient is the slope", arguments: configurations)
  func theGradientIsTheSlope(configuration: Network.Configuration) {
    let network = Network(configuration: configuration, seed: 1)
    if let query = network.parameters.entry(named: "pooling.query") {
      network.parameters.initialize(query, .normal, seed: 1)
    }
    let pass = NetworkPass(network: network, rowCapacity: 20, streamCapacity: 4, team: team)
    let batch = SequenceBatch(
      randomSequences([4, 6, 1, 6], configuration, seed: 2), head: configuration.head)
    let loss = {
      var random = RandomStream(seed: 4, name: "dropout")
      pass.parametersDidChange()
      return pass.train(batch, accumulating: false, dropout: &random).mean
    }
    _ = loss()
    let gradients = pass.gradients.array, step: Float = 2e-2
    for entry in network.parameters.entries {
      let numeric = centralDifferences(
        network.parameters.values.baseAddress, Array(entry.range), step: step, loss)
      let distance = relativeDistance(gradients[entry.range], numeric)
      #expect(distance < 2e-3 + rounding(of: numeric, step: step), "\(entry.name)")
    }
  }

  /// What the losses' rounding to Float makes of small gradients: 6e-8 over the step for each number, relative to all.
  private func rounding(of gradient: [Float], step: Float) -> Double {
    let size = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    return 6e-8 / Double(step) * Double(gradient.count).squareRoot() / size
  }

  @Test(
    "Loss and gradients agree with PyTorch",
    arguments: ["classifier", "labeller", "forecaster", "roll", "recognizer"])
  func lossAndGradientsAgreeWithPyTorch(name: String) throws {
    let file = try Fixtures.file("networks")
    let network = try Network(
      configuration: try configuration(name, file), tensors: try weights(of: name, file))
    let head = network.configuration.head, input = network.configuration.input
    let lengths = try file.integers(named: name + "/lengths").map { Int($0) }
    let ids =
      input.vocabularySizes.isEmpty ? [] : try file.integers(named: name + "/ids").map { Int32($0) }
    let frames = input.frameSize == 0 ? [] : try file.floats(named: name + "/frames")
    let labels =
      head.kind == .softmax || head.kind == .ctc
      ? try file.integers(named: name + "/labels").map { Int32($0) } : []
    let targetFrames = labels.isEmpty ? try file.floats(named: name + "/targets") : []
    let counts =
      head.kind == .ctc
      ? try file.integers(named: name + "/labelLengths").map { Int($0) }
      : lengths.map { head.pooling == nil ? $0 : 1 }
    var (step, target) = (0, 0)
    let sequences = zip(lengths, counts).map { length, count in
      defer { (step, target) = (step + length, target + count) }
      let (k, f) = (input.vocabularySizes.count, input.frameSize)
      return TrainingSequence(
        length: length, ids: Array(ids.dropFirst(step * k).prefix(length * k)),
        frames: Array(frames.dropFirst(step * f).prefix(length * f)),
        target: labels.isEmpty
          ? .frames(Array(targetFrames[target * head.size..<(target + count) * head.size]))
          : .labels(Array(labels[target..<target + count])))
    }
    let pass = NetworkPass(
      network: network, rowCapacity: lengths.reduce(0, +), streamCapacity: lengths.count, team: team)
    var random = RandomStream(seed: 1, name: "dropout")
    let loss = pass.train(SequenceBatch(sequences, head: head), accumulating: false, dropout: &random)
    let expected = Double(try file.floats(named: name + "/loss")[0])
    #expect(abs(loss.mean - expected) < 1e-6 * expected)
    for entry in network.parameters.entries {
      let gradient = try file.floats(named: name + "/gradients/" + entry.name)
      #expect(relativeDistance(pass.gradients.elements[entry.range], gradient) < 1e-5, "\(entry.name)")
    }
  }

  /// The architecture that a fixture's metadata describes.
  private func configuration(_ name: String, _ file: SafetensorsFile) throws -> Network.Configuration {
    let text = try #require(file.metadata[name])
    return try JSONFormat.decode(Network.Configuration.self, from: Array(text.utf8))
  }

  /// A file of its own with the weights of one fixture.
  private func weights(of name: String, _ file: SafetensorsFile) throws -> SafetensorsFile {
    let folder = try TemporaryFolder(), prefix = name + "/weights/"
    let tensors = try file.entries.filter { $0.name.hasPrefix(prefix) }.map {
      SafetensorsTensor(
        name: String($0.name.dropFirst(prefix.count)), shape: $0.shape,
        values: try file.floats(named: $0.name))
    }
    try Safetensors.write(tensors, to: folder.file("weights.safetensors"))
    return try SafetensorsFile(path: folder.file("weights.safetensors"))
  }
}
