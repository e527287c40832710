internal import Arithmetic
internal import Groundwork
internal import TestSupport
internal import Testing

@testable import Recurrent

/// Networks of every cell, direction and head, as other programs get them.
@Suite struct NetworkExportTests {
  /// Every cell in one and two directions with every head, and all kinds of input among them.
  static let cases: [ExportedNetwork] = Cell.allCases.flatMap { cell in
    [false, true].flatMap { isBidirectional in
      ExportedNetwork.heads.enumerated().map { place, head in
        ExportedNetwork(
          cell: cell, isBidirectional: isBidirectional, head: head.head, headName: head.name,
          input: ExportedNetwork.inputs[(place + (isBidirectional ? 1 : 0)) % ExportedNetwork.inputs.count])
      }
    }
  }

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func exported(_ network: Network) throws -> ONNXFile {
    try network.export(as: .onnx, to: folder.file("x.onnx"), metadata: ["classes": "a b"])
    return try ONNXFile(readFile(folder.file("x.onnx")))
  }

  @Test("The operators compute what the network computes", arguments: cases)
  func theOperatorsComputeWhatTheNetworkComputes(exported network: ExportedNetwork) throws {
    let evaluator = ONNXEvaluator(file: try exported(network.network))
    let configuration = network.configuration
    let sequences = randomSequences([4, 1, 6, 3], configuration, seed: 2)
    var inputs = ExportedNetwork.inputs(of: sequences, configuration).mapValues(\.asONNX)
    let stack = configuration.stack, shape = [stack.layerCount, 4, stack.hiddenSize]
    for name in configuration.onnxInputs where inputs[name] == nil {
      inputs[name] = .init(shape: shape, values: [Double](repeating: 0, count: shape.reduce(1, *)))
    }
    #expect(evaluator.file.inputs.map(\.name) == configuration.onnxInputs)
    #expect(evaluator.file.outputs.map(\.name) == configuration.onnxOutputs)
    let values = try #require(try evaluator.outputs(for: inputs)["values"])
    let size = configuration.head.outputSize
    #expect(values.shape == (configuration.head.pooling == nil ? [6, 4, size] : [4, size]))
    for (stream, ours) in network.predictions(for: sequences).enumerated() {
      for (place, value) in ours.enumerated() {
        let row = configuration.head.pooling == nil ? place / size * 4 + stream : stream
        #expect(abs(Double(value) - values.values[row * size + place % size]) < 1e-5)
      }
    }
  }

  @Test("A network that runs step by step continues from its state", arguments: [Cell.lstm, .gru])
  func aNetworkThatRunsStepByStepContinuesFromItsState(cell: Cell) throws {
    let network = ExportedNetwork(
      cell: cell, isBidirectional: false, head: .gaussian(size: 2), headName: "gaussian",
      input: .frames(3, normalization: .trainingSet))
    let evaluator = ONNXEvaluator(file: try exported(network.network))
    let sequences = randomSequences([9], network.configuration, seed: 3)
    let expected = network.predictions(for: sequences)[0]
    let stack = network.configuration.stack, shape = [stack.layerCount, 1, stack.hiddenSize]
    var states = Dictionary(
      uniqueKeysWithValues: network.configuration.onnxInputs.dropFirst().map {
        ($0, ONNXFile.Tensor(shape: shape, values: [Double](repeating: 0, count: shape.reduce(1, *))))
      })
    var values: [Double] = []
    for step in 0..<9 {
      let frame = sequences[0].frames[3 * step..<3 * step + 3].map(Double.init)
      let outputs = try evaluator.outputs(
        for: states.merging(["frames": .init(shape: [1, 1, 3], values: frame)]) { $1 })
      values += try #require(outputs["values"]).values
      for (before, after) in zip(
        network.configuration.onnxInputs.dropFirst(), network.configuration.onnxOutputs.dropFirst())
      {
        states[before] = outputs[after]
      }
    }
    for (ours, theirs) in zip(expected, values) { #expect(abs(Double(ours) - theirs) < 1e-5) }
  }

  @Test("The file says what it takes and gives") func theFileSaysWhatItTakesAndGives() throws {
    let network = ExportedNetwork(
      cell: .gru, isBidirectional: true, head: .softmax(classCount: 4, pooling: .mean), headName: "mean",
      input: .init(vocabularySizes: [7, 4], embeddingSize: 5, frameSize: 3))
    let file = try exported(network.network)
    #expect(file.inputs.map(\.type) == [7, 1, 7])
    #expect(file.inputs.map(\.axes) == [["time", "batch", "2"], ["time", "batch", "3"], ["batch"]])
    #expect(file.outputs.map(\.axes) == [["batch", "4"]])
    #expect(file.metadata["classes"] == "a b" && file.metadata["network"]?.contains("\"mean\"") == true)
  }

  @Test("What PyTorch gets comes back", arguments: cases)
  func whatPyTorchGetsComesBack(exported: ExportedNetwork) throws {
    let path = folder.file("x.safetensors"), network = exported.network
    guard exported.configuration.stack.pytorchModule(inputSize: 1) != nil, !exported.isNormalizedAndResidual
    else {
      #expect { try network.export(as: .pytorch, to: path) } throws: { error in
        let message = (error as? ExchangeError)?.message
        return message?.hasPrefix("PyTorch cannot express") == true
          && message?.hasSuffix("export it to ONNX") == true
      }
      return
    }
    try network.export(as: .pytorch, to: path)
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata["format"] == "pt")
    for again in [
      try Network(path: path), try Network(configuration: network.configuration, tensors: file),
    ] {
      #expect(again.configuration == network.configuration && again.normalization == network.normalization)
      #expect(again.parameters.values.array == network.parameters.values.array)
    }
  }

  @Test("A tied embedding comes back, and is not replaced by another output")
  func aTiedEmbeddingComesBack() throws {
    let path = folder.file("x.safetensors")
    let configuration = Network.Configuration(
      input: .ids(7, embeddingSize: 5), stack: StackConfiguration(hiddenSize: 5, layerCount: 1),
      head: .softmax(classCount: 7), tiesEmbedding: true)
    let network = Network(configuration: configuration, seed: 1)
    try network.export(as: .pytorch, to: path)
    let file = try SafetensorsFile(path: path)
    #expect(try file.floats(named: "output.weight") == file.floats(named: "embedding.weight"))
    let again = try Network(path: path)
    #expect(again.configuration == configuration && again.configuration.languageModel?.tiesEmbedding == true)
    #expect(again.parameters.values.array == network.parameters.values.array)
    var tensors = network.tensors()
    tensors.append(
      SafetensorsTensor(name: "output.weight", shape: [7, 5], values: .init(repeating: 1, count: 35)))
    try configuration.write(with: tensors, to: path)
    #expect(throws: SafetensorsError.unexpectedTensor(file: path, tensor: "output.weight")) {
      try Network(path: path)
    }
    #expect(throws: ExchangeError.self) {
      try ExportedNetwork.bidirectional.export(as: .onnx, to: path, interface: .languageModel)
    }
    for (embedding, head) in [(4, Head.softmax(classCount: 7)), (5, .softmax(classCount: 8))] {
      var wrong = configuration
      wrong.input.embeddingSize = embedding
      wrong.head = head
      #expect(wrong.fault?.contains("cannot share") == true)
    }
  }

  /// For `Scripts/check-exchange`: the networks in both formats, and what ours make of random sequences.
  @Test(
    "Files for the script are written",
    .enabled(
      if: PyTorchWeightsTests.scriptFolder != nil, "files for Scripts/check-exchange, which asks for them"))
  func filesForTheScriptAreWritten() throws {
    let folder = try #require(PyTorchWeightsTests.scriptFolder)
    for exported in Self.cases {
      let configuration = exported.configuration, network = exported.network
      let name = "\(folder)/network-\(exported.name)"
      try network.export(as: .onnx, to: name + ".onnx")
      if configuration.stack.pytorchModule(inputSize: 1) != nil, !exported.isNormalizedAndResidual {
        try network.export(as: .pytorch, to: name + ".safetensors")
      }
      let sequences = randomSequences([170, 63, 1, 1000, 8], configuration, seed: 7)
      var tensors = ExportedNetwork.inputs(of: sequences, configuration).map { name, input in
        input.tensor(named: name)
      }
      for (index, values) in exported.predictions(for: sequences).enumerated() {
        let size = configuration.head.outputSize
        tensors.append(
          SafetensorsTensor(name: "values.\(index)", shape: [values.count / size, size], values: values))
      }
      tensors.append(
        SafetensorsTensor(
          name: "sequence.lengths", shape: [sequences.count], integers: sequences.map { Int64($0.length) }))
      try Safetensors.write(tensors, metadata: configuration.metadata, to: name + ".expected")
    }
  }
}
