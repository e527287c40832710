import Arithmetic
import Composing
import Foundation
import Testing
import Tokenization

@Suite struct SamplingFilterTests {
  /// A distribution over the logits; `nil` is an id that is not allowed.
  func distribution(_ logits: [Float?]) -> TokenDistribution {
    var distribution = TokenDistribution(vocabularySize: logits.count)
    let values = logits.map { $0 ?? 0 }
    distribution.load(values.span, allowed: logits.map { $0 != nil })
    return distribution
  }

  /// Logits with ties, of every size up to 40, some ids not allowed.
  static let cases: [[Float?]] = {
    var random = RandomStream(seed: 3, name: "cases")
    return (1...40).map { size in
      var logits: [Float?] = []
      for _ in 0..<size {
        let steps = random.integer(below: 13)
        logits.append(random.uniformDouble() < 0.2 ? nil : Float(steps) / 2 - 3)
      }
      if logits.allSatisfy({ $0 == nil }) { logits[0] = 1 }
      return logits
    }
  }()

  /// The ids from the likeliest down; of equals the lower first.
  func ranking(_ logits: [Float?]) -> [Int] {
    logits.indices.filter { logits[$0] != nil }.sorted {
      let (a, b) = (logits[$0] ?? 0, logits[$1] ?? 0)
      return a == b ? $0 < $1 : a > b
    }
  }

  func softmax(_ logits: [Float?]) -> [Double] {
    let weights = logits.map { $0.map { exp(Double($0)) } ?? 0 }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  func kept(_ distribution: TokenDistribution) -> Set<Int> {
    Set(distribution.logits.indices.filter { distribution.logits[$0] > -.infinity })
  }

  @Test("An id can stand for another that is out") func anIdCanStandForAnotherThatIsOut() {
    var credited = distribution([0, 1, nil])
    credited.credit(0, with: 2)
    let weights = [1 + exp(2.0), exp(1.0), 0]
    for (probability, weight) in zip(credited.probabilities, weights) {
      #expect(abs(probability - weight / weights.reduce(0, +)) < 1e-6)
    }
    credited.credit(2, with: 5)
    #expect(credited.probabilities[2] == 0, "an id that is out stays out")
  }

  @Test("An id that is out gives its probability to several in proportion")
  func anIDThatIsOutGivesItsProbabilityToSeveralInProportion() {
    let logits: [Float?] = [0, 1, nil, -2, nil]
    var credited = distribution(logits)
    credited.credit(among: [0, 2, 3], with: 1.5)
    let (own, other) = (exp(0.0) + exp(-2.0), exp(1.5))
    let weights = [exp(0.0) * (1 + other / own), exp(1.0), 0, exp(-2.0) * (1 + other / own), 0]
    for (probability, weight) in zip(credited.probabilities, weights) {
      #expect(abs(probability - weight / weights.reduce(0, +)) < 1e-6)
    }
    var single = distribution(logits), alone = single
    single.credit(1, with: 3)
    alone.credit(among: [1], with: 3)
    #expect(single.logits == alone.logits)
    alone.credit(among: [2, 4], with: 3)
    #expect(single.logits == alone.logits, "ids that are out stay out")
    alone.credit(among: [0, 3], with: 1000)
    #expect(alone.logits.allSatisfy { $0 < .infinity })
  }

  @Test("A removed id is not drawn and the others keep their proportions")
  func aRemovedIDIsNotDrawn() {
    var distribution = distribution([0, 1, 2])
    var random = RandomStream(seed: 1, name: "sampling")
    _ = distribution.draw(random: &random)
    distribution.remove(2)
    #expect((0..<50).allSatisfy { _ in distribution.draw(random: &random) != 2 })
    #expect(abs(distribution.probabilities[1] / distribution.probabilities[0] - exp(1)) < 1e-6)
    distribution.remove(0)
    distribution.remove(1)
    #expect(distribution.draw(random: &random) == nil)
  }

  @Test("Top k keeps the most probable") func topKKeepsTheMostProbable() throws {
    for logits in Self.cases {
      for count in 1...logits.count + 1 {
        var distribution = distribution(logits)
        try TopK(count).apply(to: &distribution)
        #expect(kept(distribution) == Set(ranking(logits).prefix(count)), "top \(count) of \(logits)")
      }
    }
  }

  @Test("Top p keeps the fewest that reach the mass") func topPKeepsTheFewestThatReachTheMass() throws {
    for logits in Self.cases {
      let probabilities = softmax(logits)
      // Masses between the sums, where rounding cannot decide.
      for mass in [0.013, 0.277, 0.5123, 0.90719, 0.9871, 1] {
        var expected: Set<Int> = []
        var sum = 0.0
        for id in ranking(logits) {
          expected.insert(id)
          sum += probabilities[id]
          if sum >= mass { break }
        }
        if mass == 1 { expected = Set(ranking(logits)) }
        var distribution = distribution(logits)
        try TopP(mass).apply(to: &distribution)
        #expect(kept(distribution) == expected, "mass \(mass) of \(logits)")
      }
    }
  }

  @Test("Min p keeps what is likely next to the most probable")
  func minPKeepsWhatIsLikelyNextToTheMostProbable()
    throws
  {
    for logits in Self.cases {
      let probabilities = softmax(logits)
      let highest = probabilities.max() ?? 0
      for share in [0, 0.0123, 0.1, 0.55, 0.99] {
        var distribution = distribution(logits)
        try MinP(share).apply(to: &distribution)
        let expected = logits.indices.filter { logits[$0] != nil && probabilities[$0] >= share * highest }
        #expect(kept(distribution) == Set(expected), "\(share) of \(logits)")
      }
    }
  }

  @Test("Copies of bars have a floor of their own") func copiesHaveAFloorOfTheirOwn() throws {
    let logits: [Float?] = [0, -2, -4, -2, -4, -8, nil]
    var distribution = distribution(logits)
    try MinP(0.2, of: [3, 4, 5, 6], 0.01).apply(to: &distribution)
    #expect(kept(distribution) == [0, 3, 4])
    let before = softmax([0, -2, -4])
    for (found, expected) in zip([0, 3, 4], before) {
      #expect(abs(distribution.probabilities[found] - expected) < 1e-6, "what stays keeps its ratios")
    }
  }

  @Test("Temperature beyond float is refused", arguments: [1e60, 1e-60, .nan, .infinity, 0, -1])
  func temperatureBeyondFloatIsRefused(temperature: Double) {
    #expect(throws: ComposingError.self) { try Temperature(temperature) }
  }

  @Test("Temperature divides the logits") func temperatureDividesTheLogits() throws {
    for logits in Self.cases {
      var distribution = distribution(logits)
      try Temperature(1.7).apply(to: &distribution)
      let expected = softmax(logits.map { $0.map { $0 / 1.7 } })
      for (found, expected) in zip(distribution.probabilities, expected) {
        #expect(abs(found - expected) < 1e-6)
      }
    }
  }

  @Test("Invalid values are refused") func invalidValuesAreRefused() {
    for value in [0, -1, Double.nan, .infinity] {
      #expect(throws: ComposingError.self) { try Temperature(value) }
    }
    for value in [0, -3] { #expect(throws: ComposingError.self) { try TopK(value) } }
    for value in [0, -0.1, 1.01, Double.nan] { #expect(throws: ComposingError.self) { try TopP(value) } }
    for value in [-0.1, 1, Double.nan] { #expect(throws: ComposingError.self) { try MinP(value) } }
  }

  @Test("Draws follow the probabilities") func drawsFollowTheProbabilities() {
    let logits: [Float?] = [0, 1, nil, 2, -1]
    let probabilities = softmax(logits)
    var distribution = distribution(logits)
    var random = RandomStream(seed: 1, name: "sampling")
    var counts = [Int](repeating: 0, count: logits.count)
    let draws = 20_000
    for _ in 0..<draws {
      guard let id = distribution.draw(random: &random) else { continue }
      counts[Int(id)] += 1
    }
    for (count, probability) in zip(counts, probabilities) {
      // Four standard deviations of a binomial count.
      let deviation = (Double(draws) * probability * (1 - probability)).squareRoot()
      #expect(abs(Double(count) - Double(draws) * probability) <= 4 * deviation)
    }
    #expect(counts[2] == 0)
  }

  @Test("Logits that are no numbers draw nothing") func logitsThatAreNoNumbersDrawNothing() {
    var random = RandomStream(seed: 1, name: "sampling")
    for logits: [Float?] in [[.nan, .nan], [.nan, 1], [nil, nil], [.infinity, 1]] {
      var unfiltered = distribution(logits), filtered = unfiltered
      filtered.keepLikeliest(mass: 0.9)
      #expect(unfiltered.draw(random: &random) == nil && filtered.draw(random: &random) == nil)
    }
  }

  /// Ids 0 and 1 frame pieces, 2 is a bar line, 3 a position, the others are pitches.
  private static func roles(pitches: Int) throws -> TokenRoles {
    try TokenRoles([.beginning, .end, .barLine, .position] + Array(repeating: .pitch, count: pitches))
  }

  @Test("Within roles each role keeps its probability, whatever the filters")
  func withinRolesEachRoleKeepsItsProbability() throws {
    // Half of the probability is a bar line's, half is spread over fifty pitches.
    let logits: [Float?] = [nil, nil, Float(log(50.0)), nil] + (0..<50).map { _ in 0 }
    let filters: [any SamplingFilter] = [try Temperature(0.5), try TopK(5), try MinP(0.05)]
    var together = distribution(logits)
    for filter in filters { filter.apply(to: &together) }
    #expect(together.probabilities[2] == 1, "the bar line alone is left")
    var apart = distribution(logits)
    WithinRoles(filters, roles: try Self.roles(pitches: 50), floor: 0.05).apply(to: &apart)
    #expect(abs(apart.probabilities[2] - 0.5) < 1e-5)
    #expect(kept(apart) == [2, 4, 5, 6, 7, 8])
    #expect(abs(apart.probabilities[4] - 0.1) < 1e-5)
  }

  @Test("Within roles the ids of a role are as the filters leave them alone")
  func withinRolesTheIDsAreAsTheFiltersLeaveThem() throws {
    let filters: [any SamplingFilter] = [try Temperature(0.7), try TopP(0.8)]
    for logits in Self.cases where logits.count > 6 {
      var apart = distribution(logits)
      WithinRoles(filters, roles: try Self.roles(pitches: logits.count - 4)).apply(to: &apart)
      let pitches = logits.enumerated().map { $0.offset < 4 ? nil : $0.element }
      let before = softmax(logits)
      for id in 0..<4 { #expect(abs(apart.probabilities[id] - before[id]) < 1e-5) }
      guard pitches.contains(where: { $0 != nil }) else { continue }
      var alone = distribution(pitches)
      for filter in filters { filter.apply(to: &alone) }
      let mass = before.dropFirst(4).reduce(0, +)
      #expect(kept(alone) == kept(apart).filter { $0 >= 4 })
      for id in 4..<logits.count {
        #expect(abs(apart.probabilities[id] - mass * alone.probabilities[id]) < 1e-5)
      }
    }
  }

  @Test("Roles below the floor are left out, and a random network writes on by roles")
  func rolesBelowTheFloorAreLeftOut() throws {
    var floored = distribution([nil, nil, -9, nil, 0, 1])
    WithinRoles([], roles: try Self.roles(pitches: 2), floor: 0.05).apply(to: &floored)
    #expect(kept(floored) == [4, 5])
    let sampling = SamplingPreset(temperature: 0.8, topK: 3, topP: 0.9, minP: 0.05, byRole: true)
    let piece = try Composer(model: try ComposerTests.untrainedModel()).compose(
      CompositionOptions(seed: 3, sampling: sampling, bars: 3))
    #expect(piece.bars == 3 && piece.notes > 0)
  }
}
