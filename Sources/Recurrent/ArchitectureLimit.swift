/// The most that the numbers of an architecture may be: far more than anyone trains, and so little that no size, no shape
/// and no number of weights that follows from them leaves 64 bits. The values in a file are checked against them before anything
/// is computed from it.
enum ArchitectureLimit {
  /// How many ids a vocabulary has, or how many classes or numbers a head predicts; ids have 32 bits.
  static let ids = 1...Int(Int32.max)
  /// How many numbers a vector has: an embedded id, a frame, what a layer gives in one direction.
  static let units = 1...1 << 22
  /// How many layers a stack has.
  static let layers = 1...1 << 10
  /// How many vocabularies a step has ids of.
  static let vocabularyCount = 1 << 8

  /// Whether numbers may be dropped with this probability. One that rounds to 1 would leave nothing to learn from.
  static func isDropout(_ probability: Double) -> Bool { probability >= 0 && Float(probability) < 1 }
}
