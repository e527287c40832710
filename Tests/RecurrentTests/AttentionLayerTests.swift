internal import Arithmetic
internal import Testing

@testable import Recurrent

/// An attention over three sequences of different lengths, and what its weights are.
private struct Case: CustomTestStringConvertible, Sendable {
  var configuration: AttentionConfiguration
  var querySize = 5
  var memorySize: Int

  var testDescription: String { "\(configuration.score.rawValue), scaled: \(configuration.isScaled)" }

  static let all = [
    Case(configuration: .init(score: .dot), memorySize: 5),
    Case(configuration: .init(score: .dot, isScaled: true), memorySize: 5),
    Case(configuration: .init(score: .general), memorySize: 7),
    Case(configuration: .init(score: .general, isScaled: true), memorySize: 7),
    Case(configuration: .init(score: .additive, alignmentSize: 9), memorySize: 7),
  ]
}

/// Everything that one attention works on. Queries and contexts stand side by side in rows of K + H, as the encoder–decoder
/// keeps them.
private final class Bench {
  let layer: AttentionLayer
  let layout = AttentionLayout(queryCounts: [3, 1, 4], memoryCounts: [2, 6, 3])
  let store: ParameterStore
  let memory: AlignedBuffer<Float>
  let combined: AlignedBuffer<Float>
  let contextGradient: AlignedBuffer<Float>
  let combinedGradient: AlignedBuffer<Float>
  let memoryGradient: AlignedBuffer<Float>
  let gradients: AlignedBuffer<Float>
  let team: ThreadTeam
  private let test: Case

  init(_ test: Case, threadCount: Int) {
    self.test = test
    team = ThreadTeam(threadCount: threadCount)
    layer = AttentionLayer(
      configuration: test.configuration, querySize: test.querySize, memorySize: test.memorySize,
      capacity: .init(
        sequences: layout.sequenceCount, queries: layout.queryCount, memory: layout.memoryCount,
        weights: layout.weightOffsets[layout.sequenceCount], isTrained: true))
    store = ParameterStore(
      shapes: test.configuration.parameterShapes(querySize: test.querySize, memorySize: test.memorySize))
    store.values.update(from: randomValues(store.count, 1))
    let width = test.memorySize + test.querySize
    memory = AlignedBuffer(randomValues(layout.memoryCount * test.memorySize, 2))
    combined = AlignedBuffer(randomValues(layout.queryCount * width, 3))
    contextGradient = AlignedBuffer(randomValues(layout.queryCount * width, 4))
    combinedGradient = AlignedBuffer(count: combined.count)
    memoryGradient = AlignedBuffer(count: memory.count)
    gradients = AlignedBuffer(count: store.count)
  }

  var width: Int { test.memorySize + test.querySize }

  private func tensors(_ buffer: AlignedBuffer<Float>) -> AttentionLayer.Tensors {
    func place(_ name: String) -> UnsafeMutablePointer<Float>? {
      store.entry(named: name).map { buffer.baseAddress + $0.range.lowerBound }
    }
    return .init(
      query: place("attention.query.weight"), key: place("attention.key.weight"),
      energy: place("attention.energy.weight"))
  }

  private func rows(_ buffer: AlignedBuffer<Float>) -> MatrixView {
    MatrixView(buffer.baseAddress, rows: layout.queryCount, columns: width)
  }

  private var queries: MatrixView { rows(combined).columns(test.memorySize..<width) }

  func forward() -> Double {
    layer.pack(tensors(store.values))
    layer.projectKeys(memory: memory.baseAddress, rows: layout.memoryCount, team: team)
    layer.attend(
      queries: queries, memory: memory.baseAddress, layout: layout, tensors: tensors(store.values),
      context: combined.baseAddress, contextStride: width, team: team)
    var sum = 0.0
    for row in 0..<layout.queryCount {
      for column in 0..<test.memorySize {
        sum += Double(combined[row * width + column]) * Double(contextGradient[row * width + column])
      }
    }
    return sum
  }

  func backward() {
    layer.backward(
      queries: queries, memory: memory.baseAddress,
      contextGradient: rows(contextGradient).columns(0..<test.memorySize), layout: layout,
      tensors: tensors(store.values), queryGradient: combinedGradient.baseAddress + test.memorySize,
      queryStride: width, memoryGradient: memoryGradient.baseAddress, gradients: tensors(gradients),
      team: team)
  }
}

@Suite struct AttentionLayerTests {
  @Test("Gradients are those of central differences", arguments: Case.all)
  private func gradientsAreThoseOfCentralDifferences(test: Case) {
    let bench = Bench(test, threadCount: 2)
    _ = bench.forward()
    bench.backward()
    let memory = centralDifferences(bench.memory.baseAddress, Array(0..<bench.memory.count), bench.forward)
    #expect(relativeDistance(bench.memoryGradient.elements, memory) < 2e-3)
    let places = (0..<bench.combined.count).filter { $0 % bench.width >= test.memorySize }
    let queries = centralDifferences(bench.combined.baseAddress, places, bench.forward)
    #expect(relativeDistance(places.map { bench.combinedGradient[$0] }, queries) < 2e-3)
    for entry in bench.store.entries {
      let numeric = centralDifferences(bench.store.values.baseAddress, Array(entry.range), bench.forward)
      #expect(relativeDistance(bench.gradients.elements[entry.range], numeric) < 2e-3, "\(entry.name)")
    }
  }

  @Test("The result is bit for bit the same for any number of threads", arguments: Case.all)
  private func theResultIsBitForBitTheSameForAnyNumberOfThreads(test: Case) {
    let results = [1, 2, 4].map { threadCount in
      let bench = Bench(test, threadCount: threadCount)
      _ = bench.forward()
      bench.backward()
      return [
        bench.layer.weights, bench.combined, bench.memoryGradient, bench.combinedGradient, bench.gradients,
      ]
      .map(\.array)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test("Weights of a query add up to one", arguments: Case.all)
  private func weightsOfAQueryAddUpToOne(test: Case) {
    let bench = Bench(test, threadCount: 1)
    _ = bench.forward()
    for sequence in 0..<bench.layout.sequenceCount {
      let columns = bench.layout.memory(of: sequence).count
      for row in 0..<bench.layout.queries(of: sequence).count {
        let first = bench.layout.weightOffsets[sequence] + row * columns
        let weights = bench.layer.weights.elements[first..<first + columns]
        #expect(abs(weights.reduce(0, +) - 1) < 1e-6 && weights.allSatisfy { $0 > 0 })
      }
    }
  }
}

private func randomValues(_ count: Int, _ seed: UInt64) -> [Float] {
  var random = RandomStream(seed: seed, name: "values")
  return (0..<count).map { _ in 2 * random.uniformFloat() - 1 }
}
