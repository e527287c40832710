/// A sequence that a `Translator` found.
public struct Translation: Sendable, Hashable {
  /// Its ids, without the one that ends it.
  public var ids: [Int32]
  /// log p of the ids and, where it was reached, the end, in nats.
  public var logProbability: Double
  /// What the search compared it by: `logProbability` after length normalization.
  public var score: Double
  /// Whether it ends by itself, and not because the limit on the length was reached.
  public var isComplete: Bool
  /// Where the network looked when it wrote: a row for each id and, where it was reached, the end; a column for each id of
  /// the source; each row adds up to 1.
  public var alignment: [[Float]]
}

/// The settings of a search.
public struct BeamSearchOptions: Sendable, Hashable {
  /// How many beginnings are followed at once, and how many translations are looked for. With 1 the search is greedy.
  public var width: Int
  /// How many ids a translation may have, the end not included.
  public var maximumLength: Int
  /// What makes translations of different lengths comparable.
  public var normalization: LengthNormalization

  /// A search; `width` and `maximumLength` at least 1.
  public init(width: Int = 5, maximumLength: Int = 100, normalization: LengthNormalization = .wu(0.6)) {
    self.width = width
    self.maximumLength = maximumLength
    self.normalization = normalization
  }
}
