/// What a feature is in human and in composed pieces.
public struct FeatureComparison: Sendable, Hashable, Codable {
  /// How the values of some pieces lie; pieces in which the feature has no meaning are left out.
  public struct Spread: Sendable, Hashable, Codable {
    /// How many values there are.
    public var count: Int
    /// Their mean.
    public var mean: Double
    /// What 5 % of them do not reach.
    public var low: Double
    /// What half of them do not reach.
    public var median: Double
    /// What 95 % of them do not reach.
    public var high: Double

    /// The spread of some values; nil where none is a finite number.
    public init?(_ values: [Double]) {
      let sorted = values.filter(\.isFinite).sorted()
      guard let low = CrossValidatedArea.quantile(sorted, 0.05),
        let median = CrossValidatedArea.quantile(sorted, 0.5),
        let high = CrossValidatedArea.quantile(sorted, 0.95)
      else { return nil }
      count = sorted.count
      mean = sorted.reduce(0, +) / Double(sorted.count)
      (self.low, self.median, self.high) = (low, median, high)
    }
  }

  /// The feature.
  public var feature: FeatureSpace.Feature
  /// Its values in human pieces.
  public var human: Spread
  /// Its values in composed pieces.
  public var composed: Spread
  /// How much of the area under both distributions' densities they share, 0...1; nil where that cannot be said.
  public var overlappingArea: Double?
  /// The Kullback–Leibler divergence of the composed pieces' distribution from that of the human pieces, in nats.
  public var divergence: Double?
  /// The overlapping area of two random halves of the human pieces: what can be reached.
  public var humanOverlappingArea: Double?
  /// The divergence of one half of the human pieces from the other.
  public var humanDivergence: Double?

  /// A comparison.
  public init(
    feature: FeatureSpace.Feature, human: Spread, composed: Spread, overlappingArea: Double? = nil,
    divergence: Double? = nil, humanOverlappingArea: Double? = nil, humanDivergence: Double? = nil
  ) {
    self.feature = feature
    self.human = human
    self.composed = composed
    self.overlappingArea = overlappingArea
    self.divergence = divergence
    self.humanOverlappingArea = humanOverlappingArea
    self.humanDivergence = humanDivergence
  }
}
