internal import Analysis

/// What a feature is in composed pieces, beside the band that parts of the human pieces give among each other.
public struct FeatureComparison: Sendable, Hashable, Codable {
  /// A range of values: the 95 % in the middle of what random parts of the human pieces have, each as many as there are composed
  /// pieces.
  public struct Band: Sendable, Hashable, Codable {
    /// Where it begins.
    public var low: Double
    /// Where it ends.
    public var high: Double

    init(_ range: ClosedRange<Double>) { (low, high) = (range.lowerBound, range.upperBound) }
  }

  /// What the values of one side are like.
  public struct Sample: Sendable, Hashable, Codable {
    /// The share of the pieces in which the feature has a meaning.
    public var definedShare: Double
    /// The mean over these.
    public var mean: Double
    /// Their median.
    public var median: Double
    /// Their standard deviation.
    public var deviation: Double

    /// Nil where the feature has a meaning in none.
    init?(_ sample: DescriptorComparison.Sample) {
      guard sample.count > 0, sample.mean.isFinite, sample.deviation.isFinite else { return nil }
      (definedShare, mean, median) = (sample.definedShare, sample.mean, sample.median)
      deviation = sample.deviation
    }
  }

  /// The feature.
  public var feature: FeatureSpace.Feature
  /// Its values in human pieces; nil where it has a meaning in none.
  public var human: Sample?
  /// Its values in composed pieces; nil where it has a meaning in none.
  public var composed: Sample?
  /// The means of human parts.
  public var meanBand: Band?
  /// The area under the densities of both sides, 0...1 (Yang and Lerch 2020); nil where a side has too few values.
  public var overlappingArea: Double?
  /// The overlapping areas of human parts with the rest.
  public var overlappingAreaBand: Band?
  /// The divergence of Kullback and Leibler of the composed pieces from the human ones, in nats.
  public var divergence: Double?
  /// The divergences of human parts from the rest.
  public var divergenceBand: Band?
  /// What is to be said of it; nil where the composed pieces lie within the bands.
  public var words: String?

  init(_ row: DescriptorComparison.Row) {
    feature = .init(row.descriptor)
    human = Sample(row.human)
    composed = Sample(row.other)
    meanBand = row.meanBand.flatMap(Self.band)
    overlappingArea = Self.finite(row.distance.overlappingArea)
    overlappingAreaBand = row.overlappingAreaBand.flatMap(Self.band)
    divergence = Self.finite(row.distance.divergence)
    divergenceBand = row.divergenceBand.flatMap(Self.band)
    words = row.words
  }

  private static func band(_ range: ClosedRange<Double>) -> Band? {
    range.lowerBound.isFinite && range.upperBound.isFinite ? Band(range) : nil
  }

  private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
}
