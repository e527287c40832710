internal import Arithmetic
internal import Groundwork
internal import TestSupport
internal import Testing

@testable import Recurrent

@Suite struct EncoderDecoderTests {
  /// Both bridges, every score, several cells, both kinds of dropout and residual sums. (Next to layer normalization the loss
  /// bends too much for differences; the stack's own tests have it.)
  static let configurations: [EncoderDecoderConfiguration] = [
    .init(
      sourceVocabularySize: 6, targetVocabularySize: 5, embeddingSize: 3,
      encoder: .init(cell: .gru, hiddenSize: 4, layerCount: 2),
      decoder: .init(cell: .gru, hiddenSize: 4, layerCount: 2),
      attention: .init(score: .dot, isScaled: true), endID: 4),
    .init(
      sourceVocabularySize: 6, targetVocabularySize: 5, embeddingSize: 3,
      encoder: .init(cell: .lstm, hiddenSize: 3, layerCount: 1, isBidirectional: true, dropout: 0.2),
      decoder: .init(cell: .gru, hiddenSize: 5, layerCount: 2, dropout: 0.2),
      attention: .init(score: .additive, alignmentSize: 4), beginID: 3, endID: 4),
    .init(
      sourceVocabularySize: 6, targetVocabularySize: 5, embeddingSize: 5,
      encoder: .init(cell: .rnnTanh, hiddenSize: 4, layerCount: 1, isBidirectional: true),
      decoder: .init(
        cell: .lstm, hiddenSize: 5, layerCount: 2, dropout: 0.3, dropoutKind: .locked, isResidual: true),
      attention: .init(score: .general), endID: 4),
  ]

  static let batch = SequencePairBatch(
    sources: [[1, 2, 5], [0], [3, 3, 4, 0, 2], [5, 1]], targets: [[0, 2], [1, 1, 3, 0], [], [2]])

  private func pass(_ model: EncoderDecoder, threadCount: Int = 1) -> EncoderDecoderPass {
    EncoderDecoderPass(
      model: model, capacity: .init(pairs: 5, sourceLength: 6, targetLength: 5),
      team: ThreadTeam(threadCount: threadCount))
  }

  /// With dropout too: the same place in the random stream drops the same numbers. What reaches the weights of the attention
  /// is so small a part of the loss that differences of two values are too coarse; these are of fourth order, between values
  /// that lie further apart, of a network with weights twice as large.
  @Test("Gradients are those of central differences", arguments: configurations)
  func gradientsAreThoseOfCentralDifferences(configuration: EncoderDecoderConfiguration) {
    let model = EncoderDecoder(configuration: configuration, seed: 3)
    let pass = pass(model), weights = model.parameters.values.baseAddress
    for entry in model.parameters.entries where !entry.name.contains("embedding") {
      for index in entry.range { weights[index] *= 2 }
    }
    let loss = {
      var random = RandomStream(seed: 4, name: "dropout")
      pass.parametersDidChange()
      return pass.train(Self.batch, dropout: &random).mean
    }
    _ = loss()
    let gradients = pass.gradients.array
    for entry in model.parameters.entries {
      let near = centralDifferences(weights, Array(entry.range), step: 3e-2, loss)
      let far = centralDifferences(weights, Array(entry.range), step: 6e-2, loss)
      let numeric = zip(near, far).map { (4 * $0 - $1) / 3 }
      #expect(relativeDistance(gradients[entry.range], numeric) < 2e-3, "\(entry.name)")
    }
  }

  @Test("Gradients are added where they accumulate") func gradientsAreAddedWhereTheyAccumulate() {
    let pass = pass(EncoderDecoder(configuration: Self.configurations[0], seed: 3))
    var random = RandomStream(seed: 4, name: "dropout")
    _ = pass.train(Self.batch, dropout: &random)
    let once = pass.gradients.array
    _ = pass.train(Self.batch, accumulating: true, dropout: &random)
    #expect(relativeDistance(pass.gradients.elements, once.map { 2 * $0 }) < 1e-6)
    _ = pass.train(Self.batch, dropout: &random)
    #expect(pass.gradients.array == once)
  }

  @Test("The result is bit for bit the same for any number of threads", arguments: configurations)
  func theResultIsBitForBitTheSameForAnyNumberOfThreads(configuration: EncoderDecoderConfiguration) {
    let results = [1, 2, 4].map { threadCount in
      let model = EncoderDecoder(configuration: configuration, seed: 3)
      let pass = pass(model, threadCount: threadCount)
      var random = RandomStream(seed: 4, name: "dropout")
      let loss = pass.train(Self.batch, dropout: &random)
      return (loss, pass.gradients.array)
    }
    #expect(results.allSatisfy { $0.0 == results[0].0 && $0.1 == results[0].1 })
  }

  @Test("Pairs do not touch each other", arguments: configurations)
  func pairsDoNotTouchEachOther(configuration: EncoderDecoderConfiguration) {
    let pass = pass(EncoderDecoder(configuration: configuration, seed: 3))
    let together = pass.evaluate(Self.batch)
    let alone = zip(Self.batch.sources, Self.batch.targets).reduce(into: LossSum()) {
      $0 += pass.evaluate(SequencePairBatch(sources: [$1.0], targets: [$1.1]))
    }
    #expect(together.count == 11 && alone.count == 11)
    #expect(abs(together.sum - alone.sum) < 1e-6 * together.sum)
  }

  @Test("A model survives its file", arguments: configurations)
  func aModelSurvivesItsFile(configuration: EncoderDecoderConfiguration) throws {
    let folder = try TemporaryFolder()
    let model = EncoderDecoder(configuration: configuration, seed: 3)
    let path = folder.file("model.safetensors")
    try model.write(to: path)
    let copy = try EncoderDecoder(path: path)
    #expect(copy.configuration == configuration)
    #expect(copy.parameters.values.array == model.parameters.values.array)
  }

  @Test("A file of another kind is refused") func aFileOfAnotherKindIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model.safetensors")
    let model = EncoderDecoder(configuration: Self.configurations[0], seed: 3)
    try Safetensors.write(model.tensors(), to: path)
    #expect(throws: SafetensorsError.self) { try EncoderDecoder(path: path) }
    try Safetensors.write(model.tensors(), metadata: ["encoder-decoder": "{}"], to: path)
    #expect(throws: SafetensorsError.self) { try EncoderDecoder(path: path) }
    try model.write(to: path)
    let bytes = try readFile(path)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains("isBidirectional"))
    try Safetensors.write(
      Array(model.tensors().dropLast()), metadata: try SafetensorsFile(path: path).metadata, to: path)
    #expect(throws: SafetensorsError.missingTensor(file: path, tensor: "output.bias")) {
      try EncoderDecoder(path: path)
    }
  }

  @Test("An architecture that cannot be says why") func anArchitectureThatCannotBeSaysWhy() {
    var configuration = Self.configurations[0]
    #expect(configuration.fault == nil && configuration.bridge == .copy)
    configuration.decoder.isBidirectional = true
    #expect(configuration.fault?.contains("bidirectional") == true)
    configuration = Self.configurations[0]
    configuration.encoder.hiddenSize = 5
    #expect(configuration.fault?.contains("dot product") == true)
    configuration.attention.score = .general
    #expect(configuration.fault?.contains("bridge") == true)
    configuration = Self.configurations[0]
    configuration.endID = 5
    #expect(configuration.fault?.contains("vocabulary of 5") == true)
  }
}
