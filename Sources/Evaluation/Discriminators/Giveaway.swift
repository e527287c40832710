internal import Arithmetic

/// A feature by which a linear discriminator tells composed music from human.
public struct Giveaway: Sendable, Hashable, Codable {
  /// The feature.
  public var feature: FeatureSpace.Feature
  /// Its mean over the human excerpts that have it.
  public var human: Double
  /// Its mean over the composed excerpts that have it.
  public var composed: Double
  /// How well the feature alone tells them apart, as an area under the curve in the direction in which they differ, 0.5...1.
  public var area: Double
  /// Its part in the mean difference between the discriminator's scores of the two, 0...1.
  public var share: Double

  /// What is wrong with the composed music, in words: `repeats too little`.
  public var words: String { composed > human ? feature.tooHigh : feature.tooLow }

  /// The features that give composed excerpts away, the strongest first.
  ///
  /// A linear score differs between two means by the sum of weight times difference over all features: those parts are ranked, as
  /// far as they point where the sum does. Features that say nearly the same are one giveaway: the part of one that varies with a
  /// stronger one is added to it.
  /// - Parameters:
  ///   - features: What the columns are.
  ///   - human: The human examples, a row each.
  ///   - composed: The composed examples, a row each.
  ///   - limit: How many features are wanted at most.
  static func ranked(
    features: [FeatureSpace.Feature], human: [[Double]], composed: [[Double]], limit: Int
  ) -> [Giveaway] {
    guard !human.isEmpty, !composed.isEmpty else { return [] }
    let regression = LogisticRegression(
      rows: human + composed, labels: human.map { _ in false } + composed.map { _ in true })
    let means = [human, composed].map { rows in
      rows.map(regression.standardized).reduce(into: [Double](repeating: 0, count: features.count)) {
        sums, row in
        for index in row.indices { sums[index] += row[index] / Double(rows.count) }
      }
    }
    let parts = features.indices.map { regression.weights[$0] * (means[1][$0] - means[0][$0]) }
    let total = parts.reduce(0) { $0 + max(0, $1) }
    guard total > 0 else { return [] }
    let order = features.indices.filter { parts[$0] > 0 }.sorted { (parts[$1], $0) < (parts[$0], $1) }
    let columns = Columns((human + composed).map(regression.standardized), count: features.count)
    var chosen: [(feature: Int, part: Double)] = []
    for index in order {
      if let place = chosen.firstIndex(where: {
        abs(columns.correlation($0.feature, index)) > likeness
      }) {
        chosen[place].part += parts[index]
      } else {
        chosen.append((index, parts[index]))
      }
    }
    chosen.sort { ($1.part, $0.feature) < ($0.part, $1.feature) }
    return chosen.prefix(limit).compactMap { index, part in
      let values = [human, composed].map { $0.map { $0[index] }.filter(\.isFinite) }
      guard !values[0].isEmpty, !values[1].isEmpty else { return nil }
      let area = areaUnderCurve(positives: values[1], negatives: values[0])
      return Giveaway(
        feature: features[index], human: mean(values[0]), composed: mean(values[1]),
        area: max(area, 1 - area),
        share: part / total)
    }
  }

  /// Above this correlation two features say nearly the same.
  private static let likeness = 0.9

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}

/// Standardized features of many examples, by feature.
private struct Columns {
  private let values: [[Double]]

  init(_ rows: [[Double]], count: Int) {
    values = (0..<count).map { column in
      let values = rows.map { $0[column] }
      let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return length > 0 ? values.map { $0 / length } : values
    }
  }

  /// Pearson's correlation, missing values counting as means.
  func correlation(_ a: Int, _ b: Int) -> Double { zip(values[a], values[b]).reduce(0) { $0 + $1.0 * $1.1 } }
}
