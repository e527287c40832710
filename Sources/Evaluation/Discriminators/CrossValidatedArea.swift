internal import Arithmetic

/// How well a discriminator tells two classes apart that it was not trained on, with the interval in which that lies.
public struct CrossValidatedArea: Sendable, Hashable, Codable {
  /// The area under the curve, 0...1: the share of pairs of one example of each class, both of the same fold, that the
  /// discriminator puts in the right order. Scores of two folds come from two discriminators and are never compared, which
  /// would bias the area (Forman and Scholz 2010). 0.5 is chance.
  public var area: Double
  /// The lower end of the interval in which the area lies with 95 % confidence, by a bootstrap over pieces.
  public var lowerBound: Double
  /// The upper end of it.
  public var upperBound: Double

  /// An area.
  public init(area: Double, lowerBound: Double, upperBound: Double) {
    self.area = area
    self.lowerBound = lowerBound
    self.upperBound = upperBound
  }

  /// How often pieces are drawn for the interval.
  private static let resamplings = 1_000

  /// The area of scores, with the 2.5th and 97.5th percentile of the areas of pieces that are drawn from these with
  /// replacement, each class by itself (Efron and Tibshirani 1993). Excerpts of one piece are drawn together, for they are
  /// alike.
  /// - Parameters:
  ///   - runs: For each partition into folds, the score that each example got in its fold.
  ///   - labels: The class of each example; true is to get the higher scores.
  ///   - groups: The piece of each example.
  ///   - seed: Decides which pieces are drawn.
  /// - Returns: nil where no fold has examples of both classes.
  init?(
    runs: [(folds: GroupedFolds, scores: [Double])], labels: [Bool], groups: [Int], seed: UInt64
  ) {
    let names = Set(groups).sorted()
    let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    let groups = groups.map { places[$0] ?? 0 }
    let orders = runs.flatMap { run in
      (0..<run.folds.count).map { fold in
        RankedExamples(run.folds.test(in: fold), scores: run.scores, labels: labels, groups: groups)
      }
    }
    func area(_ weights: [Int]) -> Double? {
      let (right, pairs) = orders.reduce(into: (0.0, 0.0)) { sum, order in
        let part = order.pairs(weights)
        sum = (sum.0 + part.right, sum.1 + part.all)
      }
      return pairs > 0 ? right / pairs : nil
    }
    guard let whole = area(Array(repeating: 1, count: names.count)) else { return nil }
    var classOfGroup = [Bool](repeating: false, count: names.count)
    for (group, label) in zip(groups, labels) { classOfGroup[group] = label }
    let classes = [false, true].map { label in classOfGroup.indices.filter { classOfGroup[$0] == label } }
    var random = RandomStream(seed: seed, name: "bootstrap")
    var areas: [Double] = []
    for _ in 0..<Self.resamplings {
      var weights = [Int](repeating: 0, count: names.count)
      for members in classes {
        for _ in members { weights[members[random.integer(below: members.count)]] += 1 }
      }
      if let area = area(weights) { areas.append(area) }
    }
    areas.sort()
    self.init(
      area: whole, lowerBound: areas.isEmpty ? whole : quantile(areas, 0.025),
      upperBound: areas.isEmpty ? whole : quantile(areas, 0.975))
  }
}

/// The examples of a fold in the order of their scores.
private struct RankedExamples {
  /// Rising; those of one score are a run.
  private let examples: [(group: Int, label: Bool, isFirstOfRun: Bool)]

  init(_ indices: [Int], scores: [Double], labels: [Bool], groups: [Int]) {
    let sorted = indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    examples = sorted.enumerated().map { place, index in
      (groups[index], labels[index], place == 0 || scores[sorted[place - 1]] != scores[index])
    }
  }

  /// How many pairs of the two classes there are, an example counting as often as its piece was drawn, and how many of them are
  /// in the right order, ties counting half.
  func pairs(_ weights: [Int]) -> (right: Double, all: Double) {
    var right = 0.0, below = 0, tied = 0, tiedPositives = 0, positives = 0
    func closed() -> Double { Double(tiedPositives) * (Double(below) + Double(tied) / 2) }
    for example in examples {
      if example.isFirstOfRun {
        right += closed()
        below += tied
        positives += tiedPositives
        (tied, tiedPositives) = (0, 0)
      }
      if example.label { tiedPositives += weights[example.group] } else { tied += weights[example.group] }
    }
    right += closed()
    return (right, Double(positives + tiedPositives) * Double(below + tied))
  }
}
