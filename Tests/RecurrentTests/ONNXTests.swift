internal import Arithmetic
internal import Groundwork
internal import TestSupport
internal import Testing

@testable import Recurrent

@Suite struct ONNXTests {
  /// Every cell in one and three layers, and what can stand between layers.
  static let configurations: [LanguageModelConfiguration] = Cell.allCases.flatMap { cell in
    [1, 3].map { layers in
      LanguageModelConfiguration(
        cell: cell, vocabularySize: 11, embeddingSize: 5, hiddenSize: 4, layerCount: layers)
    } + [
      LanguageModelConfiguration(
        cell: cell, vocabularySize: 11, embeddingSize: 6, hiddenSize: 6, layerCount: 2, isResidual: true,
        normalizesLayers: true, tiesEmbedding: true)
    ]
  }

  private func exported(_ model: Network, metadata: [String: String] = [:]) throws -> ONNXFile {
    let folder = try TemporaryFolder()
    let path = folder.file("x.onnx")
    try model.export(as: .onnx, to: path, interface: .languageModel, metadata: metadata)
    return try ONNXFile(try readFile(path))
  }

  /// Weights that differ in all places, those of a normalization too.
  private func model(_ configuration: LanguageModelConfiguration) -> Network {
    let model = Network(configuration: configuration, seed: 3)
    var random = RandomStream(seed: 4, name: "weights")
    for index in 0..<model.parameters.count { model.parameters.values[index] += 0.2 * Float(random.normal()) }
    return model
  }

  /// Two streams of 30 steps, in two calls of which the second continues from the state of the first.
  @Test("The operators compute what the network computes", arguments: configurations)
  func theOperatorsComputeWhatTheNetworkComputes(configuration: LanguageModelConfiguration) throws {
    let model = model(configuration)
    let evaluator = ONNXEvaluator(file: try exported(model))
    var random = RandomStream(seed: 5, name: "ids")
    let ids = (0..<30).map { _ in (0..<2).map { _ in random.integer(below: 11) } }
    let stateShape = [configuration.layerCount, 2, configuration.hiddenSize]
    var states = Dictionary(
      uniqueKeysWithValues: configuration.onnxInputs.dropFirst().map {
        (
          $0,
          ONNXFile.Tensor(shape: stateShape, values: [Double](repeating: 0, count: stateShape.reduce(1, *)))
        )
      })
    var logits: [Double] = []
    for part in [ids[..<12], ids[12...]] {
      let input = ONNXFile.Tensor(shape: [part.count, 2], values: part.flatMap { $0.map(Double.init) })
      let outputs = try evaluator.outputs(for: states.merging(["ids": input]) { $1 })
      logits += try #require(outputs["logits"]).values
      for (before, after) in zip(configuration.onnxInputs, configuration.onnxOutputs).dropFirst() {
        states[before] = outputs[after]
      }
    }
    for stream in 0..<2 {
      let sampler = LanguageModelSampler(model: model)
      for step in ids.indices {
        let ours = sampler.advance(Int32(ids[step][stream]))
        for (id, value) in ours.enumerated() {
          #expect(abs(Double(value) - logits[(step * 2 + stream) * 11 + id]) < 1e-5)
        }
      }
    }
  }

  @Test("A context goes with the ids", arguments: [false, true]) func aContextGoesWithTheIDs(
    isTied: Bool
  ) throws {
    let configuration = LanguageModelConfiguration(
      vocabularySize: 11, contextSizes: [3, 8], embeddingSize: 6, hiddenSize: 6, layerCount: 2,
      tiesEmbedding: isTied)
    let model = model(configuration)
    let file = try exported(model)
    #expect(file.inputs.map(\.name) == ["ids", "contexts", "h_0"])
    #expect(file.inputs[1].axes == ["time", "batch", "2"])
    var random = RandomStream(seed: 5, name: "ids")
    let ids = (0..<40).map { _ in random.integer(below: 11) }
    let contexts = (0..<40).flatMap { _ in [random.integer(below: 4) - 1, random.integer(below: 9) - 1] }
    let outputs = try ONNXEvaluator(file: file).outputs(for: [
      "ids": .init(shape: [20, 2], values: ids.map(Double.init)),
      "contexts": .init(shape: [20, 2, 2], values: contexts.map(Double.init)),
      "h_0": .init(shape: [2, 2, 6], values: [Double](repeating: 0, count: 24)),
    ])
    let logits = try #require(outputs["logits"]).values
    for stream in 0..<2 {
      let sampler = LanguageModelSampler(model: model)
      for step in 0..<20 {
        let element = 2 * step + stream
        let told = contexts[2 * element..<2 * element + 2].map(Int32.init)
        for (id, value) in sampler.advance(Int32(ids[element]), context: told).enumerated() {
          #expect(abs(Double(value) - logits[element * 11 + id]) < 1e-5)
        }
      }
    }
  }

  @Test("The file says what it takes and gives") func theFileSaysWhatItTakesAndGives() throws {
    let configuration = LanguageModelConfiguration(
      cell: .lstm, vocabularySize: 11, embeddingSize: 5, hiddenSize: 4, layerCount: 3)
    let file = try exported(model(configuration), metadata: ["b": "ü", "a": "1"])
    #expect(file.formatVersion == 8 && file.operatorVersion == 17)
    #expect(file.metadata == ["a": "1", "b": "ü"])
    #expect(file.inputs.map(\.name) == ["ids", "h_0", "c_0"])
    #expect(file.inputs.map(\.type) == [7, 1, 1])
    #expect(file.inputs[0].axes == ["time", "batch"] && file.inputs[2].axes == ["3", "batch", "4"])
    #expect(file.outputs.map(\.name) == ["logits", "h_n", "c_n"])
    #expect(file.outputs[0].axes == ["time", "batch", "11"] && file.outputs[1].axes == ["3", "batch", "4"])
    #expect(file.nodes.filter { $0.operation == "LSTM" }.count == 3)
  }

  @Test(
    "Gates stand in the order of ONNX",
    arguments: [(Cell.gru, [1, 0, 2]), (.lstm, [0, 3, 1, 2]), (.rnnTanh, [0])])
  func gatesStandInTheOrderOfONNX(cell: Cell, order: [Int]) throws {
    let model = model(
      LanguageModelConfiguration(
        cell: cell, vocabularySize: 7, embeddingSize: 3, hiddenSize: 2, layerCount: 1))
    let file = try exported(model)
    for (theirs, ours) in [("rnn.l0.W", "rnn.weight_ih_l0"), ("rnn.l0.R", "rnn.weight_hh_l0")] {
      let entry = try #require(model.parameters.entry(named: ours))
      let values = model.parameters.values.elements[entry.range].map(Double.init)
      let block = values.count / order.count
      let constant = try #require(file.constants[theirs])
      #expect(constant.shape == [1] + entry.shape)
      #expect(constant.values == order.flatMap { values[$0 * block..<($0 + 1) * block] })
    }
  }

  @Test("A message has the bytes of the wire format") func aMessageHasTheBytesOfTheWireFormat() throws {
    var inner = ProtobufMessage()
    inner.add(150, field: 1)
    #expect(try bytes(inner) == [0x08, 0x96, 0x01])
    var message = ProtobufMessage()
    message.add("testing", field: 2)
    message.add(inner, field: 3)
    message.add(-1, field: 4)
    message.add(1 as Float, field: 5)
    message.add(.floats([1]), field: 16)
    // The examples of the format's own description, then ten bytes of −1, four of 1.0, and a field of two bytes' key.
    #expect(
      try bytes(message) == [0x12, 0x07] + Array("testing".utf8) + [0x1A, 0x03, 0x08, 0x96, 0x01, 0x20]
        + [UInt8](repeating: 0xFF, count: 9) + [
          0x01, 0x2D, 0, 0, 0x80, 0x3F, 0x82, 0x01, 0x04, 0, 0, 0x80, 0x3F,
        ])
  }

  private func bytes(_ message: ProtobufMessage) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let file = try AtomicReplacement(path: folder.file("message"))
    try message.write(to: file)
    try file.commit()
    let bytes = try readFile(folder.file("message"))
    #expect(bytes.count == message.byteCount)
    return bytes
  }
}
