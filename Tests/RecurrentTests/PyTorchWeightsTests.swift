internal import Arithmetic
internal import Foundation
internal import Groundwork
internal import TestSupport
internal import Testing

@testable import Recurrent

@Suite struct PyTorchWeightsTests {
  private let folder: TemporaryFolder
  private var path: String { folder.file("x.safetensors") }

  init() throws { folder = try TemporaryFolder() }

  private func tensor(_ name: String, _ shape: [Int], seed: UInt64 = 1) -> SafetensorsTensor {
    var random = RandomStream(seed: seed, name: name)
    return SafetensorsTensor(
      name: name, shape: shape, values: (0..<shape.reduce(1, *)).map { _ in Float(random.normal()) })
  }

  /// A module's tensors: 7 ids, 3 numbers for each, layers of 4 units with this many gates.
  private func module(
    embedding: String = "encoder", recurrent: String = "lstm", output: String = "decoder", gates: Int = 4,
    layers: Int = 1
  ) -> [SafetensorsTensor] {
    [tensor("\(embedding).weight", [7, 3])]
      + (0..<layers).flatMap { layer in
        [
          tensor("\(recurrent).weight_ih_l\(layer)", [gates * 4, layer == 0 ? 3 : 4]),
          tensor("\(recurrent).weight_hh_l\(layer)", [gates * 4, 4]),
          tensor("\(recurrent).bias_ih_l\(layer)", [gates * 4]),
          tensor("\(recurrent).bias_hh_l\(layer)", [gates * 4]),
        ]
      } + [tensor("\(output).weight", [7, 4]), tensor("\(output).bias", [7])]
  }

  private func read(
    _ tensors: [SafetensorsTensor], names: PyTorchNames = .init(), cell: Cell? = nil
  ) throws -> PyTorchWeights {
    try Safetensors.write(tensors, to: path)
    return try PyTorchWeights(file: SafetensorsFile(path: path), names: names, cell: cell)
  }

  private func message(
    _ tensors: [SafetensorsTensor], names: PyTorchNames = .init(), cell: Cell? = nil
  ) -> String {
    do {
      _ = try read(tensors, names: names, cell: cell)
      return "accepted"
    } catch {
      return (error as? ExchangeError)?.message ?? "\(error)"
    }
  }

  @Test(
    "Parts are found whatever they are called", arguments: [(4, Cell.lstm), (3, .gru), (1, .rnnTanh)], [1, 3])
  func partsAreFoundWhateverTheyAreCalled(kind: (gates: Int, cell: Cell), layers: Int) throws {
    let weights = try read(
      module(
        embedding: "model.emb", recurrent: "model.core", output: "model.head", gates: kind.gates,
        layers: layers))
    #expect(
      weights.configuration
        == LanguageModelConfiguration(
          cell: kind.cell, vocabularySize: 7, embeddingSize: 3, hiddenSize: 4, layerCount: layers))
    #expect(
      weights.names == PyTorchNames(embedding: "model.emb", recurrent: "model.core", output: "model.head"))
    let model = try weights.model()
    for (ours, theirs) in [
      ("embedding.weight", "model.emb.weight"), ("rnn.bias_hh_l0", "model.core.bias_hh_l0"),
      ("output.bias", "model.head.bias"),
    ] {
      let entry = try #require(model.parameters.entry(named: ours))
      #expect(
        Array(model.parameters.values.elements[entry.range]) == (try weights.file.floats(named: theirs)))
    }
  }

  @Test(
    "What is exported is imported",
    arguments: ONNXTests.configurations.filter {
      !$0.isResidual && !$0.normalizesLayers && $0.cell != .gruResetBefore
    })
  func whatIsExportedIsImported(configuration: LanguageModelConfiguration) throws {
    let model = Network(configuration: configuration, seed: 1)
    try model.export(as: .pytorch, to: path, interface: .languageModel, metadata: ["k": "v"])
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["format": "pt", "k": "v", "gruppetto.cell": configuration.shape.cell.rawValue])
    let weights = try PyTorchWeights(file: file)
    #expect(weights.configuration == configuration)
    #expect(try weights.model().parameters.values.array == model.parameters.values.array)
  }

  @Test("Tied weights stand twice for PyTorch and once for us")
  func tiedWeightsStandTwiceForPyTorchAndOnceForUs() throws {
    let configuration = LanguageModelConfiguration(
      vocabularySize: 5, embeddingSize: 4, hiddenSize: 4, layerCount: 1, tiesEmbedding: true)
    let model = Network(configuration: configuration, seed: 1)
    try model.export(as: .pytorch, to: path, interface: .languageModel)
    let file = try SafetensorsFile(path: path)
    #expect(try file.floats(named: "output.weight") == file.floats(named: "embedding.weight"))
    #expect(try PyTorchWeights(file: file).configuration.tiesEmbedding)
    // And a file in which PyTorch left one of the two out.
    for missing in ["output.weight", "embedding.weight"] {
      let tensors = try file.entries.filter { $0.name != missing }.map { try file.tensor(named: $0.name) }
      let weights = try read(tensors)
      #expect(weights.configuration == configuration)
      #expect(
        try weights.model().parameters.values.array.prefix(20) == model.parameters.values.array.prefix(20))
    }
  }

  @Test("Biases may be missing") func biasesMayBeMissing() throws {
    let weights = try read(module().filter { !$0.name.contains("bias") })
    let model = try weights.model()
    let entry = try #require(model.parameters.entry(named: "rnn.bias_ih_l0"))
    #expect(model.parameters.values.elements[entry.range].allSatisfy { $0 == 0 })
  }

  @Test("A simple network may have the rectifier") func aSimpleNetworkMayHaveTheRectifier() throws {
    #expect(try read(module(gates: 1), cell: .rnnReLU).configuration.cell == .rnnReLU)
    #expect(message(module(gates: 3), cell: .lstm).hasSuffix("are of the cell gru, not lstm"))
  }

  @Test("Matrices of one shape are distinguished") func matricesOfOneShapeAreDistinguished() throws {
    // Embedding and output of one shape: the one with a bias is the output; without biases, names tell.
    func square(_ embedding: String, _ output: String, bias: Bool) -> [SafetensorsTensor] {
      [
        tensor("\(embedding).weight", [7, 4]), tensor("rnn.weight_ih_l0", [12, 4]),
        tensor("rnn.weight_hh_l0", [12, 4]), tensor("\(output).weight", [7, 4]),
      ] + (bias ? [tensor("\(output).bias", [7])] : [])
    }
    #expect(try read(square("b", "a", bias: true)).names.embedding == "b")
    #expect(try read(square("token_embedding", "head", bias: false)).names.output == "head")
    #expect(message(square("b", "a", bias: false)).contains("(b, a); choose one with --embedding"))
    let names = PyTorchNames(embedding: "a")
    #expect(try read(square("b", "a", bias: false), names: names).names.output == "b")
    #expect(try read(square("b", "a", bias: false), names: PyTorchNames(output: "a")).names.embedding == "b")
  }

  @Test("What does not fit is refused by name") func whatDoesNotFitIsRefusedByName() throws {
    #expect(message([tensor("a.weight", [3, 3])]).contains("has no recurrent layer"))
    #expect(
      message(module(), names: PyTorchNames(recurrent: "gru")).contains(
        "has no recurrent layer called gru; there is lstm"))
    #expect(
      message(module() + module(recurrent: "gru2", gates: 3).dropFirst().prefix(4)).contains(
        "more than one recurrent layer (lstm, gru2); choose one with --recurrent"))
    #expect(message(module() + [tensor("lstm.weight_ih_l0_reverse", [16, 3])]).contains("backward"))
    #expect(message(module() + [tensor("lstm.weight_hr_l0", [2, 4])]).contains("project"))
    #expect(message(module() + [tensor("norm.weight", [4])]).contains("norm.weight is not part"))
    #expect(message(module(gates: 2)).contains("8 rows for 4 units"))
    #expect(message(module().filter { !$0.name.hasPrefix("encoder") }).contains("no embedding"))
    #expect(message(module().filter { !$0.name.hasPrefix("decoder") }).contains("no output"))
    var wrong = module(layers: 2)
    wrong[6] = tensor(wrong[6].name, [16, 5])
    #expect(message(wrong).contains("weight_hh_l1 has the shape [16, 5], where the model needs [16, 4]"))
  }

  @Test("A list of embeddings is the ids' and the context's", arguments: [false, true])
  func aListOfEmbeddingsIsTheIDsAndTheContexts(isTied: Bool) throws {
    let configuration = LanguageModelConfiguration(
      vocabularySize: 9, contextSizes: [4, 9, 2], embeddingSize: 5, hiddenSize: 5, layerCount: 2,
      tiesEmbedding: isTied)
    #expect(
      configuration.pytorchEmbedding
        == "torch.nn.ModuleList(torch.nn.Embedding(n, 5) for n in [9, 4, 9, 2])")
    let model = Network(configuration: configuration, seed: 4)
    try model.export(as: .pytorch, to: path, interface: .languageModel)
    let file = try SafetensorsFile(path: path)
    for names in [PyTorchNames(), PyTorchNames(embedding: "embedding", output: "output")] {
      let weights = try PyTorchWeights(file: file, names: names)
      #expect(weights.configuration == configuration)
      #expect(weights.names == PyTorchNames(embedding: "embedding", recurrent: "rnn", output: "output"))
      #expect(try weights.model().parameters.values.array == model.parameters.values.array)
    }
  }

  @Test("What PyTorch cannot express is refused") func whatPyTorchCannotExpressIsRefused() throws {
    for configuration in [
      LanguageModelConfiguration(
        cell: .gruResetBefore, vocabularySize: 3, embeddingSize: 2, hiddenSize: 2, layerCount: 1),
      LanguageModelConfiguration(
        vocabularySize: 3, embeddingSize: 2, hiddenSize: 2, layerCount: 1, isResidual: true),
      LanguageModelConfiguration(
        vocabularySize: 3, embeddingSize: 2, hiddenSize: 2, layerCount: 1, normalizesLayers: true),
    ] {
      let model = Network(configuration: configuration, seed: 1)
      #expect { try model.export(as: .pytorch, to: path, interface: .languageModel) } throws: { error in
        (error as? ExchangeError)?.message.contains("PyTorch cannot express") == true
          && (error as? ExchangeError)?.message.hasSuffix("export it to ONNX") == true
      }
      #expect(!fileExists(path))
    }
  }

  @Test("Formats follow from endings") func formatsFollowFromEndings() {
    #expect(ExchangeFormat(endingOf: "a/b.onnx") == .onnx)
    #expect(ExchangeFormat(endingOf: "a.safetensors") == .pytorch)
    #expect(ExchangeFormat(endingOf: "a.pt") == nil)
  }

  /// Where `Scripts/check-exchange` wants its files: the networks in both formats, and what ours make of 1,000 ids.
  static let scriptFolder = ProcessInfo.processInfo.environment["GRUPPETTO_EXCHANGE_FOLDER"]

  @Test(
    "Files for the script are written",
    .enabled(if: scriptFolder != nil, "files for Scripts/check-exchange, which asks for them"))
  func filesForTheScriptAreWritten() throws {
    let folder = try #require(Self.scriptFolder)
    for cell in Cell.allCases {
      for (layers, extras) in [(1, false), (2, false), (3, false), (2, true)] {
        let configuration = LanguageModelConfiguration(
          cell: cell, vocabularySize: 50, embeddingSize: extras ? 32 : 24, hiddenSize: 32, layerCount: layers,
          isResidual: extras, normalizesLayers: extras, tiesEmbedding: extras)
        let model = Network(configuration: configuration, seed: UInt64(layers))
        let name = "\(folder)/\(cell.rawValue)-\(layers)\(extras ? "-residual-normalized-tied" : "")"
        try model.export(as: .onnx, to: name + ".onnx", interface: .languageModel)
        if !extras, cell != .gruResetBefore {
          try model.export(as: .pytorch, to: name + ".safetensors", interface: .languageModel)
        }
        var random = RandomStream(seed: 1, name: name)
        let ids = (0..<1000).map { _ in Int64(random.integer(below: 50)) }
        let sampler = LanguageModelSampler(model: model)
        let logits = ids.flatMap { Array(sampler.advance(Int32($0))) }
        try Safetensors.write(
          [
            SafetensorsTensor(name: "ids", shape: [1000], integers: ids),
            SafetensorsTensor(name: "logits", shape: [1000, 50], values: logits),
          ], to: name + ".expected")
      }
    }
  }
}
