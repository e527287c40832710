internal import Arithmetic
internal import Testing

@testable import Recurrent

/// The search by itself, on distributions that depend on the whole beginning.
@Suite struct BeamSearchTests {
  private let vocabularySize = 4
  private let endID: Int32 = 2

  /// Logits after a beginning: random numbers named by its ids.
  private func logits(after ids: [Int32], seed: UInt64) -> [Float] {
    var random = RandomStream(seed: seed, name: ids.map(String.init).joined(separator: " "))
    return (0..<vocabularySize).map { _ in 4 * random.uniformFloat() }
  }

  private func run(
    width: Int, maximumLength: Int, normalization: LengthNormalization, seed: UInt64
  )
    -> BeamSearch
  {
    var search = BeamSearch(
      width: width, vocabularySize: vocabularySize, endID: endID, maximumLength: maximumLength,
      normalization: normalization)
    var beginnings: [[Int32]] = [[]]
    while !search.isFinished {
      if search.stepCount > 0 {
        let before = beginnings
        beginnings = (0..<search.liveCount).map { before[search.entry($0).parent] + [search.entry($0).id] }
      }
      search.advance(logits: beginnings.flatMap { logits(after: $0, seed: seed) })
    }
    return search
  }

  /// All sequences of at most `length` ids that end, with their log-probabilities.
  private func allSequences(length: Int, seed: UInt64) -> [(ids: [Int32], logProbability: Double)] {
    var result: [(ids: [Int32], logProbability: Double)] = []
    var beginnings: [(ids: [Int32], logProbability: Double)] = [([], 0)]
    for _ in 0...length {
      var next: [(ids: [Int32], logProbability: Double)] = []
      for (ids, before) in beginnings {
        let row = logits(after: ids, seed: seed).map(Double.init)
        let total = logarithm(row.reduce(0) { $0 + exponential($1) })
        for id in 0..<Int32(vocabularySize) {
          let logProbability = before + row[Int(id)] - total
          if id == endID {
            result.append((ids, logProbability))
          } else {
            next.append((ids + [id], logProbability))
          }
        }
      }
      beginnings = next
    }
    return result
  }

  @Test("A full beam is exhaustive", arguments: [LengthNormalization.none, .power(1), .wu(0.8)], [1, 2, 3])
  func aFullBeamIsExhaustive(normalization: LengthNormalization, seed: UInt64) {
    let length = 3
    let all = allSequences(length: length, seed: seed)
      .map { ($0.ids, normalization.score(logProbability: $0.logProbability, count: $0.ids.count + 1)) }
      .sorted { $0.1 > $1.1 }
    let results = run(width: 200, maximumLength: length, normalization: normalization, seed: seed).results()
    #expect(results.count == 1 + 3 + 9 + 27 && results.count == all.count)
    for (result, expected) in zip(results, all) {
      #expect(result.ids == expected.0 && abs(result.score - expected.1) < 1e-6 && result.isComplete)
      #expect(result.parents.count == result.ids.count + 1)
    }
  }

  @Test("A beam of one is greedy", arguments: [4, 5, 6, 7] as [UInt64])
  func aBeamOfOneIsGreedy(seed: UInt64) {
    let result = run(width: 1, maximumLength: 6, normalization: .none, seed: seed).results()[0]
    var ids: [Int32] = []
    while ids.count < 6 {
      let row = logits(after: ids, seed: seed)
      let best = Int32(row.firstIndex(of: row.max() ?? 0) ?? 0)
      if best == endID { break }
      ids.append(best)
    }
    #expect(result.ids == ids)
  }

  @Test("A wider beam finds nothing less") func aWiderBeamFindsNothingLess() {
    for seed in UInt64(10)..<30 {
      let scores = [1, 2, 4, 200].map {
        run(width: $0, maximumLength: 4, normalization: .none, seed: seed).results()[0]
      }
      #expect(
        scores[3].isComplete && scores.filter(\.isComplete).allSatisfy { $0.score <= scores[3].score + 1e-9 })
    }
  }

  @Test("At the limit unfinished sequences are given") func atTheLimitUnfinishedSequencesAreGiven() {
    var search = BeamSearch(
      width: 2, vocabularySize: 3, endID: 2, maximumLength: 2, normalization: .none)
    var steps = 0
    while !search.isFinished {
      search.advance(logits: [Float]([2, 1, -30, 2, 1, -30]))
      steps += 1
    }
    let results = search.results()
    #expect(steps == 3 && results.map(\.ids) == [[0, 0], [0, 1]] && results.allSatisfy { !$0.isComplete })
    #expect(results[0].parents.count == 2)
  }

  @Test("Normalizations follow their formulas") func normalizationsFollowTheirFormulas() {
    #expect(LengthNormalization.none.score(logProbability: -3, count: 4) == -3)
    #expect(LengthNormalization.power(1).score(logProbability: -3, count: 4) == -0.75)
    #expect(abs(LengthNormalization.wu(0.5).score(logProbability: -3, count: 19) + 1.5) < 1e-12)
  }
}

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

private func exponential(_ x: Double) -> Double { exp(x) }
private func logarithm(_ x: Double) -> Double { log(x) }
