import Arithmetic
import Groundwork
import Music
import TestSupport
import Testing

@testable import Evaluation

@Suite("Discriminators") struct DiscriminatorTests {
  @Test("All excerpts of a piece are in one fold, and each fold has pieces of both classes")
  func allExcerptsOfAPieceAreInOneFold() {
    let groups = (0..<60).map { $0 / 3 }, labels = groups.map { $0 >= 8 }
    var random = RandomStream(seed: 1, name: "test")
    let folds = GroupedFolds(labels: labels, groups: groups, count: 4, random: &random)
    for piece in 0..<20 {
      #expect(Set(groups.indices.filter { groups[$0] == piece }.map { folds.folds[$0] }).count == 1)
    }
    for fold in 0..<4 {
      let test = folds.test(in: fold)
      #expect(test.count { labels[$0] } == 9 && test.count { !labels[$0] } == 6)
      #expect(Set(test).isDisjoint(with: folds.training(without: fold)))
      #expect(test.count + folds.training(without: fold).count == 60)
    }
  }

  @Test("An area is the share of ordered pairs, ties counting half, and its interval holds it")
  func anAreaIsTheShareOfOrderedPairs() throws {
    var generator = RepeatableGenerator(seed: 1)
    let labels = (0..<80).map { $0 < 40 }
    let scores = labels.map { Double(generator.next(10)) + ($0 ? 2 : 0) }
    var random = RandomStream(seed: 1, name: "test")
    let folds = GroupedFolds(labels: labels, groups: Array(0..<80), count: 1, random: &random)
    let area = try #require(
      CrossValidatedArea(runs: [(folds, scores)], labels: labels, groups: Array(0..<80), seed: 1))
    let expected = areaUnderCurve(positives: Array(scores[..<40]), negatives: Array(scores[40...]))
    #expect(abs(area.area - expected) < 1e-12)
    #expect(area.lowerBound < area.area && area.area < area.upperBound)
    // About four standard errors of Hanley and McNeil's formula, 0.056 here.
    #expect((0.15...0.28).contains(area.upperBound - area.lowerBound))
    let none = CrossValidatedArea(
      runs: [(folds, scores)], labels: labels.map { _ in true }, groups: Array(0..<80), seed: 1)
    #expect(none == nil)
  }

  @Test("Scores of different folds are not compared") func scoresOfDifferentFoldsAreNotCompared() throws {
    let labels = [false, true, false, true, false, true, false, true], groups = Array(0..<8)
    var random = RandomStream(seed: 1, name: "test")
    let folds = GroupedFolds(labels: labels, groups: groups, count: 2, random: &random)
    // In order within each fold; the folds are far apart.
    let scores = groups.map { 1_000 * Double(folds.folds[$0]) + (labels[$0] ? 1 : 0) }
    let area = try #require(
      CrossValidatedArea(runs: [(folds, scores)], labels: labels, groups: groups, seed: 1))
    #expect(area.area == 1 && area.lowerBound == 1)
  }

  @Test("Classes that are apart are told apart, and halves of one class are not")
  func classesThatAreApartAreToldApart() throws {
    let human = Examples.tunes(30, repeats: true, seed: 1)
    let composed = Examples.tunes(24, repeats: false, seed: 2)
    let pool = ExcerptPool(human: human, composed: composed, length: .bars(8))
    #expect(pool.humanCount == 30 && pool.composedCount == 24)
    let space = FeatureSpace(
      features: [
        .init(
          name: "returns", unit: "share", summary: "returns", tooHigh: "returns too often",
          tooLow: "returns too little"),
        .init(
          name: "size", unit: "count", summary: "is long", tooHigh: "is too long", tooLow: "is too short"),
      ]
    ) { score in
      let pitches = score.tracks[0].notes.map(\.pitch), half = pitches.count / 2
      return [
        Double((0..<half).count { pitches[$0] == pitches[$0 + half] }) / Double(half),
        Double(pitches[0]),
      ]
    }
    let work = Discrimination(seed: 1, threadCount: 2, cancellation: Cancellation(), progress: nil)
    let rows = try work.rows(of: pool, in: space)
    let result = try work.linear(pool, rows: rows, space: space)
    let area = try #require(result.area)
    #expect(area.area > 0.98 && area.upperBound <= 1)
    let halves = try #require(result.human)
    #expect((0.3...0.7).contains(halves.mean) && halves.halvings == 10)
    let giveaway = try #require(result.giveaways.first)
    #expect(giveaway.feature.name == "returns" && giveaway.words == "returns too little")
    #expect(giveaway.human == 1 && giveaway.composed < 0.5 && giveaway.share > 0.5)
    // One thread does the same.
    let alone = Discrimination(seed: 1, threadCount: 1, cancellation: Cancellation(), progress: nil)
    #expect(try alone.linear(pool, rows: rows, space: space) == result)
  }

  @Test("The network hears what its tokens say") func theNetworkHearsWhatItsTokensSay() throws {
    // Both classes have the same ids as often; in one each id comes twice.
    var generator = RepeatableGenerator(seed: 5)
    let pool = ExcerptPool(
      human: Examples.tunes(32, bars: 1...1, seed: 1), composed: Examples.tunes(32, bars: 1...1, seed: 2),
      length: .whole)
    let sequences = (0..<64).map { example -> [Int32] in
      let ids = (0..<12).map { _ in Int32(generator.next(6)) }
      return example < 32 ? ids.flatMap { [$0, $0] } : ids + (0..<12).map { _ in Int32(generator.next(6)) }
    }
    let work = Discrimination(seed: 1, threadCount: 2, cancellation: Cancellation(), progress: nil)
    let result = try work.network(pool, sequences: sequences, vocabularySize: 6)
    #expect(try #require(result.area).area > 0.9, "\(result)")
    #expect((0.2...0.8).contains(try #require(result.human).mean))
  }

  @Test("Too few pieces are not judged") func tooFewPiecesAreNotJudged() throws {
    let pool = ExcerptPool(
      human: Examples.tunes(3, seed: 1), composed: Examples.tunes(20, seed: 2), length: .whole)
    #expect(
      pool.contests(foldCount: 5, partitionCount: 1, halvings: 2, seed: 1).allSatisfy { $0 == nil })
    let space = FeatureSpace.descriptors(for: .whole)
    let work = Discrimination(seed: 1, threadCount: 1, cancellation: Cancellation(), progress: nil)
    let result = try work.linear(pool, rows: try work.rows(of: pool, in: space), space: space)
    #expect(result.area == nil && result.human == nil)
  }

  @Test("Excerpts are whole bars, and short pieces have none") func excerptsAreWholeBars() {
    let scores = Examples.tunes(1, bars: 19...19, seed: 1) + Examples.tunes(1, bars: 7...7, seed: 2)
    let excerpts = Excerpt.excerpts(of: scores, length: .bars(8), limit: 4)
    #expect(excerpts.map(\.piece) == [0, 0] && excerpts.allSatisfy { $0.score.noteCount == 32 })
    #expect(Excerpt.excerpts(of: scores, length: .bars(2), limit: 4).count == 7)
    #expect(Excerpt.excerpts(of: scores, length: .whole, limit: 1).map(\.piece) == [0, 1])
  }
}
