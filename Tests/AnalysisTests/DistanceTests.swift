import Analysis
import Music
import TestSupport
import Testing

@Suite("Distances of collections") struct DistanceTests {
  /// Values of a normal distribution: the sum of twelve uniform numbers less six.
  private func normal(_ count: Int, mean: Double, seed: UInt64) -> [Double] {
    var random = RepeatableGenerator(seed: seed)
    return (0..<count).map { _ in
      (0..<12).reduce(mean - 6) { sum, _ in sum + Double.random(in: 0...1, using: &random) }
    }
  }

  @Test("Equal samples overlap wholly, far ones not at all") func extremes() {
    let values = normal(500, mean: 0, seed: 1)
    let same = DistributionDistance(reference: values, other: values)
    #expect(Optional(same.overlappingArea).isAbout(1))
    #expect(Optional(same.divergence).isAbout(0))
    let far = DistributionDistance(reference: values, other: values.map { $0 + 100 })
    #expect(far.overlappingArea < 0.02)
    #expect(far.divergence > 3 && far.divergence.isFinite)
    #expect(DistributionDistance(reference: [1], other: values).overlappingArea.isNaN)
    #expect(DistributionDistance(reference: [2, 2, 2], other: [2, 2]).overlappingArea > 0.99)
    #expect(DistributionDistance(reference: [2, 2, 2, .nan], other: [3, 3]).overlappingArea < 0.02)
  }

  @Test("Normal distributions a deviation apart have the area and divergence of theory") func normals() {
    let distance = DistributionDistance(
      reference: normal(4_000, mean: 0, seed: 1), other: normal(4_000, mean: 1, seed: 2))
    // Smoothing widens both to a deviation of 1.016; 2 Φ(−0.5 ∕ 1.016) = 0.623, and 0.5 ∕ 1.016² = 0.48 nats.
    #expect(Optional(distance.overlappingArea).isAbout(0.623, within: 0.02))
    #expect(Optional(distance.divergence).isAbout(0.47, within: 0.04))
  }

  @Test("Human halves lie inside the band, other music outside, in words") func comparison() {
    let set = DescriptorSet { ["melody_repeats_8", "seconds"].contains($0.name) }
    let first = normal(200, mean: 5, seed: 1)
    let second = normal(200, mean: 0, seed: 2)
    let human = zip(first, second).map { [$0, $1] }
    let alike = zip(normal(100, mean: 5, seed: 3), normal(100, mean: 0, seed: 4)).map { [$0, $1] }
    let other = zip(normal(100, mean: 3, seed: 5), normal(100, mean: 0, seed: 6)).map { [$0, $1] }
    let same = DescriptorComparison(human: human, other: alike, set: set)
    #expect(same.outside.isEmpty)
    let comparison = DescriptorComparison(human: human, other: other, set: set)
    #expect(comparison.outside.map(\.descriptor.name) == ["melody_repeats_8"])
    let row = comparison.rows[0]
    #expect(row.isTooLow && !row.isTooHigh && row.hasOtherShape)
    #expect(row.words == "repeats melody bars too little after 8 bars")
    #expect(Optional(row.difference).isAbout(-2, within: 0.3))
    #expect(row.human.count == 200 && row.other.count == 100 && row.other.definedShare == 1)
    #expect(comparison.rows[1].words == nil)
    #expect(comparison.meanOverlappingArea < comparison.meanHumanOverlappingArea)
  }

  @Test("The same seed splits in the same way") func seeds() {
    let set = DescriptorSet { $0.name == "seconds" }
    let human = normal(60, mean: 0, seed: 1).map { [$0] }
    let bands = [1, 1, 2].map { seed in
      DescriptorComparison(human: human, other: human, set: set, seed: seed).rows[0].overlappingAreaBand
    }
    #expect(bands[0] == bands[1])
    #expect(bands[0] != bands[2])
  }

  @Test("Descriptors that are not defined on one side have no distance and are not outside") func undefined()
  {
    let set = DescriptorSet { $0.name == "parallel_fifths" }
    let comparison = DescriptorComparison(
      human: [[.nan], [.nan], [0.1]], other: [[0.2], [0.1], [.nan], [.nan]], set: set)
    #expect(comparison.rows[0].distance.overlappingArea.isNaN)
    #expect(comparison.rows[0].other.definedShare == 0.5)
    #expect(comparison.outside.isEmpty)
    #expect(DescriptorComparison(human: [], other: [], set: set).rows.count == 1)
  }

  @Test("Values that are always the same are inside where the other side has them too") func constants() {
    let set = DescriptorSet { $0.name == "tempo" }
    let human = [[Double]](repeating: [1.0 / 3], count: 100)
    #expect(DescriptorComparison(human: human, other: Array(human.prefix(37)), set: set).outside.isEmpty)
    let other = [[Double]](repeating: [0.4], count: 37)
    #expect(DescriptorComparison(human: human, other: other, set: set).outside.first?.words == "too fast")
  }

  @Test("Distances between collections are those of their pieces") func interSet() {
    let human: [[Double]] = [[0, 0], [3, 4]]
    let distance = InterSetDistance(human: human, other: [[0, 0], [0, 0], [.nan, 0]])
    #expect(distance.humanIntraSet == 5)
    #expect(distance.otherIntraSet == 0)
    #expect(distance.interSet == 2.5)
    let vectors = normal(400, mean: 0, seed: 1).map { [$0] }
    let same = InterSetDistance(human: vectors, other: normal(400, mean: 0, seed: 2).map { [$0] }, limit: 100)
    #expect(same.human.overlappingArea > 0.9)
    let far = InterSetDistance(human: vectors, other: normal(400, mean: 9, seed: 2).map { [$0] }, limit: 100)
    #expect(far.human.overlappingArea < 0.1)
  }
}
