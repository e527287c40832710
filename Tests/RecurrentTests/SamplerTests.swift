internal import Arithmetic
internal import Testing

@testable import Recurrent

@Suite struct SamplerTests {
  static let ids: [Int32] = [1, 5, 2, 16, 7, 7, 0, 3, 11, 4]

  /// Every cell plain, and with all that may stand around it.
  static let configurations: [LanguageModelConfiguration] = Cell.allCases.flatMap { cell in
    [
      LanguageModelConfiguration(
        cell: cell, vocabularySize: 17, embeddingSize: 5, hiddenSize: 23, layerCount: 2),
      LanguageModelConfiguration(
        cell: cell, vocabularySize: 17, embeddingSize: 20, hiddenSize: 20, layerCount: 3, isResidual: true,
        normalizesLayers: true, tiesEmbedding: true),
      LanguageModelConfiguration(
        cell: cell, vocabularySize: 17, contextSizes: [3, 12], embeddingSize: 5, hiddenSize: 23, layerCount: 2
      ),
      LanguageModelConfiguration(
        cell: cell, vocabularySize: 17, contextSizes: [5, 1, 4], embeddingSize: 20, hiddenSize: 20,
        layerCount: 2, isResidual: true, tiesEmbedding: true),
    ]
  }

  /// What a model is told beside the id at a place, sometimes nothing.
  static func context(_ configuration: LanguageModelConfiguration, at place: Int) -> [Int32] {
    configuration.contextSizes.enumerated().map { Int32((place * 5 + $0) % ($1 + 1)) - 1 }
  }

  /// The logits after each of the ids, one after another.
  func logits(_ sampler: LanguageModelSampler) -> [Float] {
    Self.ids.enumerated().flatMap { place, id in
      Array(sampler.advance(id, context: Self.context(sampler.configuration, at: place)))
    }
  }

  @Test(
    "The bytes that a sampler's weights take are known before", arguments: configurations,
    WeightFormat.allCases)
  func theBytesOfASamplersWeightsAreKnown(configuration: LanguageModelConfiguration, format: WeightFormat) {
    var configuration = configuration
    configuration.embeddingSize *= 8
    configuration.hiddenSize *= 8
    for vocabularySize in [17, SamplerWeights.tableLimit / configuration.hiddenSize] {
      configuration.vocabularySize = vocabularySize
      let weights = SamplerWeights(model: Network(configuration: configuration, seed: 1), format: format)
      let found =
        weights.matrixByteCount + 4
        * ((weights.table?.count ?? 0) + (weights.embedding?.count ?? 0) + vocabularySize)
      let told = SamplerWeights.byteCount(for: configuration, format: format)
      #expect(abs(Double(told) / Double(found) - 1) < 0.05, "\(told) for \(found)")
    }
  }

  @Test(
    "What the first layer makes of each id has the same bits for any number of threads",
    arguments: configurations)
  func theTableHasTheSameBitsForAnyNumberOfThreads(configuration: LanguageModelConfiguration) throws {
    var configuration = configuration
    configuration.embeddingSize *= 5
    configuration.hiddenSize *= 5
    // More rows than columns, and fewer.
    for vocabularySize in [17, 701] {
      configuration.vocabularySize = vocabularySize
      let model = Network(configuration: configuration, seed: 2)
      func table(_ threadCount: Int?) throws -> [Float] {
        let weights = SamplerWeights(
          model: model, format: .float32, tableLimit: SamplerWeights.tableLimit, threadCount: threadCount)
        let table = try #require(weights.table)
        return Array(UnsafeBufferPointer(start: table.baseAddress, count: table.count))
      }
      let alone = try table(1)
      #expect(alone.contains { $0 != 0 })
      for threadCount in [nil, 2, 3, 5, 8] {
        #expect(try table(threadCount).map(\.bitPattern) == alone.map(\.bitPattern))
      }
    }
  }

  @Test("A sampler gives the losses of the pass", arguments: configurations, [0, SamplerWeights.tableLimit])
  func aSamplerGivesTheLossesOfThePass(configuration: LanguageModelConfiguration, tableLimit: Int) {
    let model = Network(configuration: configuration, seed: 3), steps = Self.ids.count - 1
    let pass = LanguageModelPass(
      network: model, batchSize: 1, truncationLength: steps, team: ThreadTeam(threadCount: 1))
    let loss = pass.evaluate(
      inputs: Array(Self.ids.dropLast()),
      contexts: (0..<steps).flatMap { Self.context(configuration, at: $0) },
      targets: Array(Self.ids.dropFirst()),
      resets: [Bool](repeating: false, count: steps))
    let sampler = LanguageModelSampler(
      weights: SamplerWeights(model: model, format: .float32, tableLimit: tableLimit))
    var sum = 0.0
    for (place, (id, next)) in zip(Self.ids, Self.ids.dropFirst()).enumerated() {
      let logits = Array(sampler.advance(id, context: Self.context(configuration, at: place)))
      sum += Double(
        Kernels.current.softmax(count: logits.count, logits: logits, probabilities: nil) - logits[Int(next)])
    }
    #expect(abs(sum - loss.sum) < 1e-5 * loss.sum)
    #expect(relativeDistance(sampler.state, pass.carriedState) < 1e-5)
  }

  @Test(
    "A stream gets the same bits alone as beside others", arguments: configurations, WeightFormat.allCases)
  func aStreamGetsTheSameBitsAloneAsBesideOthers(
    configuration: LanguageModelConfiguration, format: WeightFormat
  ) {
    let weights = SamplerWeights(model: Network(configuration: configuration, seed: 4), format: format)
    let streams = 11
    let many = LanguageModelSampler(weights: weights, streamCount: streams)
    let alone = (0..<streams).map { _ in LanguageModelSampler(weights: weights) }
    for step in 0..<6 {
      // Each step one stream fewer continues.
      let ids = (0..<streams - step).map { Self.ids[($0 * 3 + step) % Self.ids.count] }
      let contexts = ids.indices.map { Self.context(configuration, at: 3 * $0 + step) }
      let told = contexts.flatMap(\.self)
      ids.withUnsafeBufferPointer { ids in
        told.withUnsafeBufferPointer { many.advance(ids, contexts: $0) }
      }
      for (stream, id) in ids.enumerated() {
        #expect(
          Array(alone[stream].advance(id, context: contexts[stream])) == Array(many.logits(ofStream: stream)),
          "stream \(stream)")
        #expect(alone[stream].state == many.state(ofStream: stream))
      }
    }
    for stream in 0..<streams { #expect(alone[stream].state == many.state(ofStream: stream)) }
  }

  @Test("Streams are copied reset and given states") func streamsAreCopiedResetAndGivenStates() {
    let model = Network(configuration: Self.configurations[8], seed: 5)
    let sampler = LanguageModelSampler(weights: SamplerWeights(model: model), streamCount: 3)
    let expected = logits(LanguageModelSampler(model: model))
    sampler.setState([Float](repeating: 0.5, count: sampler.state.count), ofStream: 1)
    #expect(logits(sampler) == expected)
    sampler.copyStream(0, to: 2)
    #expect(sampler.state(ofStream: 2) == sampler.state && sampler.state != sampler.state(ofStream: 1))
    #expect(Array(sampler.logits(ofStream: 2)) == expected.suffix(17))
    #expect(sampler.state(ofStream: 1).allSatisfy { $0 == 0.5 }, "a stream without an id stays where it is")
    let state = sampler.state
    sampler.reset(stream: 0)
    #expect(sampler.state.allSatisfy { $0 == 0 } && sampler.state(ofStream: 2) == state)
    #expect(logits(sampler) == expected)
    sampler.reset()
    sampler.state = state
    let next = Array(sampler.advance(3))
    sampler.state = state
    #expect(Array(sampler.advance(3)) == next)
  }

  @Test("Narrower weights give nearly the same logits", arguments: configurations)
  func narrowerWeightsGiveNearlyTheSameLogits(configuration: LanguageModelConfiguration) {
    let model = Network(configuration: configuration, seed: 6)
    let exact = logits(LanguageModelSampler(model: model))
    let half = logits(LanguageModelSampler(model: model, format: .float16))
    let bytes = logits(LanguageModelSampler(model: model, format: .int8))
    #expect(relativeDistance(half, exact) < 1e-3)
    #expect((1e-5..<2e-2).contains(relativeDistance(bytes, exact)))
  }

  @Test("A step reads a byte a weight in int8") func aStepReadsAByteAWeightInInt8() {
    let configuration = LanguageModelConfiguration(
      vocabularySize: 384, embeddingSize: 16, hiddenSize: 192, layerCount: 2)
    let model = Network(configuration: configuration, seed: 7)
    let bytes = WeightFormat.allCases.map { SamplerWeights(model: model, format: $0).matrixByteCount }
    let weights = 3 * 192 * 192 * 3 + 384 * 192
    #expect(bytes[0] >= 4 * weights && Double(bytes[0]) < 4.2 * Double(weights))
    #expect(bytes[1] >= 2 * weights && Double(bytes[1]) < 2.1 * Double(weights))
    #expect(bytes[2] >= weights && Double(bytes[2]) < 1.1 * Double(weights))
  }
}
