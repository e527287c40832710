import Foundation
import Groundwork
import Music
import TestSupport
import Testing
import Tokenization

@testable import Composing

/// Temperatures by kinds of tokens, typical sampling, the odds of copies.
@Suite struct SteeringTests {
  /// A beginning, an end, a bar line, three positions, four pitches, two loudnesses, two copies.
  static func roles() throws -> TokenRoles {
    let music: [TokenRole] =
      [.barLine] + Array(repeating: .position, count: 3) + Array(repeating: .pitch, count: 4)
      + [.loudness, .loudness, .repetition, .repetition]
    return try TokenRoles([.beginning, .end] + music)
  }
  static let logits: [Float] = [-9, -8, 0.5, 1, -1, 0.25, 2, 0, -3, 1.5, 0.75, -0.5, 1.25, -2]
  static let groups: [Range<Int>] = [3..<6, 6..<10, 10..<12, 12..<14]

  /// A distribution over the logits; `nil` is an id that is not allowed.
  private func distribution(_ logits: [Float?] = SteeringTests.logits) -> TokenDistribution {
    var distribution = TokenDistribution(vocabularySize: logits.count)
    let values = logits.map { $0 ?? 0 }
    distribution.load(values.span, allowed: logits.map { $0 != nil })
    return distribution
  }

  private func softmax(_ logits: some Sequence<Double>) -> [Double] {
    let weights = logits.map(exp), sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  private func filtered(_ preset: SamplingPreset) throws -> [Double] {
    var distribution = distribution()
    for filter in try preset.filters(for: try Self.roles()) { filter.apply(to: &distribution) }
    return distribution.probabilities
  }

  @Test("A temperature of a kind changes which of its kind comes, and how likely its kind is not")
  func aTemperatureOfAKindChangesOnlyItsKind() throws {
    for general in [1.0, 0.7, 1.6] {
      for byRole in [false, true] {
        let plain = try filtered(SamplingPreset(temperature: general, byRole: byRole))
        for (number, kind) in SteeredKind.allCases.enumerated() {
          var preset = SamplingPreset(temperature: general, byRole: byRole)
          preset.kindTemperatures[kind] = 0.4
          let steered = try filtered(preset)
          let group = Self.groups[[1, 0, 2, 3][number]]
          let own = softmax(group.map { Double(Self.logits[$0]) / 0.4 })
          let mass = plain[group].reduce(0, +)
          for id in Self.logits.indices where !group.contains(id) {
            #expect(abs(steered[id] - plain[id]) < 1e-5, "\(kind) \(general) \(byRole)")
          }
          for (id, share) in zip(group, own) {
            #expect(abs(steered[id] - mass * share) < 1e-5, "\(kind) \(general) \(byRole)")
          }
        }
      }
    }
  }

  @Test("The odds of copies are multiplied, within roles too") func theOddsOfCopiesAreMultiplied() throws {
    for byRole in [false, true] {
      let plain = try filtered(SamplingPreset(byRole: byRole))
      for factor in [0.25, 1, 6] {
        var preset = SamplingPreset(byRole: byRole)
        preset.repetition = factor
        let steered = try filtered(preset)
        let (before, after) = (plain[12] + plain[13], steered[12] + steered[13])
        #expect(abs(after / (1 - after) - factor * before / (1 - before)) < 1e-4)
        #expect(abs(steered[12] / steered[13] - plain[12] / plain[13]) < 1e-2)
        #expect(abs(steered[6] / steered[7] - plain[6] / plain[7]) < 1e-2)
      }
    }
  }

  @Test("Typical tokens are those whose information is nearest to the entropy")
  func typicalTokensAreNearestToTheEntropy() throws {
    for logits in SamplingFilterTests.cases {
      for mass in [0.2, 0.5, 0.8, 0.95, 1] {
        var distribution = distribution(logits)
        let before = distribution.probabilities
        try Typical(mass).apply(to: &distribution)
        let kept = distribution.probabilities.indices.filter { distribution.probabilities[$0] > 0 }
        guard mass < 1 else {
          #expect(kept.count == logits.count { $0 != nil })
          continue
        }
        let entropy = before.reduce(0) { $0 - ($1 > 0 ? $1 * log($1) : 0) }
        func distance(_ id: Int) -> Double { abs(-log(before[id]) - entropy) }
        let farthest = kept.map(distance).max() ?? 0
        #expect(kept.reduce(0) { $0 + before[$1] } > mass - 1e-4)
        for id in before.indices where before[id] > 0 && !kept.contains(id) {
          #expect(distance(id) > farthest - 1e-4)
        }
        // Without the least typical it would be too little.
        let last = kept.filter { distance($0) > farthest - 1e-4 }
        let rest = kept.reduce(0) { $0 + before[$1] } - (last.map { before[$0] }.min() ?? 0)
        #expect(rest < mass + 1e-4)
      }
    }
  }

  @Test("Of a sure and a flat distribution typical sampling keeps the expected")
  func typicalSamplingKeepsTheExpected() throws {
    // Of 0.4 and sixty of 0.01 the entropy is 3.1 nats, which 0.4 (0.9 nats) is farther from than 0.01 (4.6).
    let logits = [Float(log(0.4))] + Array(repeating: Float(log(0.01)), count: 60)
    var distribution = distribution(logits)
    try Typical(0.3).apply(to: &distribution)
    let kept = distribution.probabilities.indices.filter { distribution.probabilities[$0] > 0 }
    #expect((30...31).contains(kept.count) && !kept.contains(0))
  }

  @Test("What a part does in a bar has a floor of its own") func theFloorOfBars() throws {
    let tokenizer = try CellsTokenizer(configuration: CellsConfiguration())
    let roles = tokenizer.vocabulary.roles
    let names = tokenizer.vocabulary.tokens
    func id(_ name: String) throws -> Int { try #require(names.firstIndex(of: name), "\(name)") }
    let (rest, entry, copy) = (try id("Rest_None"), try id("Notes_None"), try id("Same_8"))
    let pitch = try #require(names.firstIndex { $0.hasPrefix("Pitch_") })
    var logits = [Float](repeating: -.infinity, count: names.count)
    for (id, probability) in [(rest, 0.93), (entry, 0.03), (copy, 0.02), (pitch, 0.02)] {
      logits[id] = Float(log(probability))
    }
    func kept(_ preset: SamplingPreset) throws -> [Int] {
      var distribution = distribution(logits)
      for filter in try preset.filters(for: roles) { filter.apply(to: &distribution) }
      return distribution.probabilities.indices.filter { distribution.probabilities[$0] > 0 }
    }
    var preset = SamplingPreset(minP: 0.05)
    #expect(try kept(preset) == [rest])
    preset.barMinP = 0.005
    #expect(try kept(preset) == [rest, entry, copy].sorted())
  }

  @Test("A preset keeps its settings in JSON, and one without them is as it was")
  func aPresetKeepsItsSettings() throws {
    let folder = try TemporaryFolder()
    let text = #"""
      {"temperature": 1, "topK": 0, "topP": 1, "minP": 0.05, "pitchTemperature": 0.9, "rhythmTemperature": 1.1,
       "dynamicsTemperature": 1.2, "repetitionTemperature": 1.5, "repetition": 0.7,
       "barMinP": 0.01, "typical": 0.95,
       "loops": {"strength": 2}}
      """#
    try replaceFile(at: folder.file("all.json"), with: text)
    let preset = try SamplingPreset(named: "all", folder: folder.path)
    #expect(preset.kindTemperatures == [.pitch: 0.9, .rhythm: 1.1, .dynamics: 1.2, .repetition: 1.5])
    #expect(
      preset.repetition == 0.7 && preset.barMinP == 0.01 && preset.typical == 0.95
        && preset.loops?.strength == 2)
    #expect(try JSONDecoder().decode(SamplingPreset.self, from: JSONEncoder().encode(preset)) == preset)
    let plain = String(decoding: try JSONEncoder().encode(SamplingPreset()), as: UTF8.self)
    #expect(!plain.contains("typical") && !plain.contains("Temperature") && !plain.contains("loops"))
  }

  @Test("Settings out of range are named") func settingsOutOfRangeAreNamed() {
    let changes: [(String, (inout SamplingPreset) -> Void)] = [
      ("pitchTemperature", { $0.pitchTemperature = 0 }), ("rhythmTemperature", { $0.rhythmTemperature = -1 }),
      ("dynamicsTemperature", { $0.dynamicsTemperature = .infinity }),
      ("repetitionTemperature", { $0.repetitionTemperature = 1e9 }), ("repetition", { $0.repetition = 0 }),
      ("min-p", { $0.barMinP = 1 }), ("typical", { $0.typical = 1.5 }),
      ("loops", { $0.loops = LoopPenalty(strength: -1) }),
    ]
    for (name, change) in changes {
      var preset = SamplingPreset()
      change(&preset)
      do {
        try preset.validate()
        Issue.record("\(name) was accepted")
      } catch {
        #expect(error.setting?.name == name)
      }
    }
  }
}
