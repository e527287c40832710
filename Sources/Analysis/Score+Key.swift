public import Music

/// The key of a piece: its first note and its mode.
public struct PieceKey: Sendable, Hashable {
  /// The key's first note as a pitch class, 0 (C) ... 11 (B).
  public let tonic: Int
  /// Whether the mode is minor.
  public let isMinor: Bool

  /// A key.
  public init(tonic: Int, isMinor: Bool) {
    self.tonic = tonic
    self.isMinor = isMinor
  }
}

extension Score {
  /// The key that the score states at its beginning; where it states none there, the one that `KeyDetection` finds. Nil for a score
  /// that states none and has no pitched note.
  public var key: PieceKey? {
    if let stated = keys.last(where: { $0.tick <= 0 }) {
      let major = (7 * stated.fifths).modulo(12)
      return PieceKey(tonic: stated.isMinor ? (major + 9) % 12 : major, isMinor: stated.isMinor)
    }
    return KeyDetection(self).map { PieceKey(tonic: $0.tonic, isMinor: $0.isMinor) }
  }
}
