public import Music

/// Numbers that are computed from a score, with their names and what is to be said of them: what a linear discriminator sees.
public struct FeatureSpace: Sendable {
  /// What one number is.
  public struct Feature: Sendable, Hashable, Codable {
    /// Its name in files: lower case, words joined by underscores.
    public var name: String
    /// What it counts: `share`, `count`, `bits`, …
    public var unit: String
    /// What a high value means, as the rest of a sentence that begins with “the piece”.
    public var summary: String
    /// What is to be said of music whose values are too high: `repeats melody bars too often`.
    public var tooHigh: String
    /// What is to be said of music whose values are too low.
    public var tooLow: String

    /// A feature.
    public init(name: String, unit: String, summary: String, tooHigh: String, tooLow: String) {
      self.name = name
      self.unit = unit
      self.summary = summary
      self.tooHigh = tooHigh
      self.tooLow = tooLow
    }
  }

  /// The features, in the order of the values.
  public let features: [Feature]
  /// The values of a score, one for each feature; NaN where one has no meaning.
  public let values: @Sendable (Score) -> [Double]

  /// A space of these features.
  public init(features: [Feature], values: @escaping @Sendable (Score) -> [Double]) {
    self.features = features
    self.values = values
  }
}
