/// For how long a part of a piece may begin no note.
public struct RestLimit: Sendable, Hashable {
  /// The most bars in a row, once it has played.
  public var bars: Int
  /// The largest share of the piece's bars, 0...1, that these bars are, rounded up to whole bars; a rest of one bar is never too large a share. Of no
  /// effect where it is not known how many bars the piece has.
  public var share: Double
  /// The largest share of the piece's bars, 0...1, that may pass before the part's first note, rounded up to whole bars; of no effect where it is
  /// not known how many bars the piece has.
  public var entryShare: Double

  /// A limit; without shares one that does not depend on the length of the piece.
  public init(bars: Int, share: Double = 1, entryShare: Double = 1) {
    self.bars = bars
    self.share = share
    self.entryShare = entryShare
  }

  /// The most bars in a row in a piece.
  /// - Parameters:
  ///   - total: How many bars the piece has; nil where that is not known.
  ///   - hasSounded: Whether the part has played.
  func bars(of total: Int?, hasSounded: Bool) -> Int {
    let share = hasSounded ? share : entryShare
    let part = total.flatMap { share < 1 ? Int((share * Double($0)).rounded(.up)) : nil } ?? .max
    return hasSounded ? min(bars, max(1, part)) : part
  }
}
