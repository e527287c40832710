internal import Arithmetic
internal import Testing

@testable import Recurrent

/// What is said of a pass beforehand, and what its buffers take.
@Suite struct MemoryRequirementTests {
  private static let configurations: [Network.Configuration] = Cell.allCases.flatMap { cell in
    [
      Network.Configuration(
        input: .ids(300, embeddingSize: 48),
        stack: StackConfiguration(cell: cell, hiddenSize: 72, layerCount: 1), head: .softmax(classCount: 300)),
      .init(
        input: .ids(90, embeddingSize: 128),
        stack: StackConfiguration(
          cell: cell, hiddenSize: 128, layerCount: 3, weightDropout: 0.1, isResidual: true,
          normalizesLayers: true),
        head: .softmax(classCount: 90), tiesEmbedding: true),
      .init(
        input: .init(vocabularySizes: [40, 9], embeddingSize: 20, frameSize: 30, normalization: .sequence),
        stack: StackConfiguration(cell: cell, hiddenSize: 50, layerCount: 2, isBidirectional: true),
        head: .softmax(classCount: 12, pooling: .attention)),
      .init(
        input: .frames(80, normalization: .none),
        stack: StackConfiguration(cell: cell, hiddenSize: 33, layerCount: 2), head: .gaussian(size: 60)),
      .init(
        input: .frames(20, normalization: .none),
        stack: StackConfiguration(cell: cell, hiddenSize: 40, layerCount: 2, isBidirectional: true),
        head: .ctc(classCount: 30)),
      .init(
        input: .ids(2000, embeddingSize: 16),
        stack: StackConfiguration(cell: cell, hiddenSize: 24, layerCount: 1),
        head: .bernoulli(size: 88)),
    ]
  }

  @Test("The memory estimate is what buffers take, to 5 %", arguments: configurations)
  func whatIsForetoldIsWhatBuffersTake(configuration: Network.Configuration) {
    let team = ThreadTeam(threadCount: 1)
    for (rows, streams) in [(64, 64), (1000, 20), (5000, 8)] {
      let (pass, taken) = BufferMeter.measure {
        NetworkPass(
          network: Network(configuration: configuration, seed: 1), rowCapacity: rows, streamCapacity: streams,
          team: team)
      }
      let foretold = NetworkPass.memoryRequirement(
        for: pass.network.configuration, rowCapacity: rows, streamCapacity: streams)
      #expect(abs(Double(foretold) / Double(taken) - 1) < 0.05, "\(foretold) for \(taken) at \(rows) rows")
    }
  }

  @Test("Slices of a large vocabulary are estimated") func slicesOfALargeVocabularyAreEstimated() {
    let configuration = LanguageModelConfiguration(
      vocabularySize: 30_000, embeddingSize: 16, hiddenSize: 16, layerCount: 1)
    let (pass, taken) = BufferMeter.measure {
      LanguageModelPass(
        network: Network(configuration: configuration, seed: 1), batchSize: 32, truncationLength: 128,
        team: ThreadTeam(threadCount: 1))
    }
    let foretold = LanguageModelPass.memoryRequirement(
      for: configuration, batchSize: pass.batchSize, truncationLength: pass.truncationLength)
    #expect(abs(Double(foretold) / Double(taken) - 1) < 0.05, "\(foretold) for \(taken)")
    #expect(taken < 60 << 20)
  }

  @Test("The largest architecture can be asked about") func theLargestArchitectureCanBeAskedAbout() {
    let (units, ids) = (ArchitectureLimit.units.upperBound, ArchitectureLimit.ids.upperBound)
    let configuration = LanguageModelConfiguration(
      cell: .lstm, vocabularySize: ids, embeddingSize: units, hiddenSize: units,
      layerCount: ArchitectureLimit.layers.upperBound, isResidual: true, normalizesLayers: true)
    let bytes = LanguageModelPass.memoryRequirement(
      for: configuration, batchSize: 4096, truncationLength: 65536)
    #expect(bytes == 1 << 61)
  }
}
