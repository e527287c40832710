/// What a network is told about the place of the next id, beside the id that came last: where in the bar it is, whose part it
/// belongs to, what stood at this place some bars ago.
///
/// The features are concluded from the ids so far and from nothing else, so that composing knows what training knew. Each
/// feature is an index of a vocabulary of its own (`Tokenizer.contextFeatures`), which the network has embeddings for; they
/// are added to that of the id. It is a value: a copy continues by itself.
public protocol TokenContext: Sendable {
  /// Takes the next id of the piece.
  mutating func advance(_ id: Int32)
  /// Writes what there is to know about the place after the ids so far: one index for each feature, −1 where a feature says
  /// nothing. `features` has one element for each; nothing is allocated.
  func write(into features: inout [Int32])
}

/// A kind of thing that a `TokenContext` tells.
public struct ContextFeature: Sendable, Hashable, Codable {
  /// What it is called, such as `position`.
  public var name: String
  /// How many values it has, at least 1: indices are 0 ..< count.
  public var count: Int

  /// A feature.
  public init(name: String, count: Int) {
    self.name = name
    self.count = count
  }
}
