/// Pieces as ids, read where they are: ranges of one stretch of memory, which may be a file that is mapped.
///
/// Nothing is copied for a piece, so that a collection takes sixteen bytes a piece besides its ids, whatever their number.
public struct PieceIDs: Sendable {
  private let owner: any AnyObject & Sendable
  private nonisolated(unsafe) let ids: UnsafeBufferPointer<Int32>
  private let ranges: [Range<Int>]
  /// How many ids the pieces have in all.
  public let tokenCount: Int
  /// How many ids are predicted: all but the first of each piece.
  public let predictionCount: Int

  /// Pieces in memory that is owned elsewhere.
  ///
  /// - Parameters:
  ///   - ids: The ids of all pieces, and of others that are left out.
  ///   - ranges: Where in `ids` each piece stands.
  ///   - owner: What keeps `ids` in memory, unchanged, as long as it lives.
  package init(_ ids: UnsafeBufferPointer<Int32>, ranges: [Range<Int>], owner: any AnyObject & Sendable) {
    for range in ranges {
      precondition(
        range.lowerBound >= 0 && range.upperBound <= ids.count,
        "a piece at \(range) lies outside \(ids.count) ids")
    }
    self.ids = ids
    self.ranges = ranges
    self.owner = owner
    tokenCount = ranges.reduce(0) { $0 + $1.count }
    predictionCount = ranges.reduce(0) { $0 + max($1.count - 1, 0) }
  }

  /// A copy of pieces that are arrays.
  public init(_ pieces: [[Int32]]) {
    let copy = Copy(pieces)
    var end = 0
    let ranges = pieces.map { piece in
      defer { end += piece.count }
      return end..<end + piece.count
    }
    self.init(UnsafeBufferPointer(copy.ids), ranges: ranges, owner: copy)
  }

  /// How many pieces there are.
  public var count: Int { ranges.count }

  /// How many ids a piece has.
  public func tokenCount(ofPiece piece: Int) -> Int { ranges[piece].count }

  /// Whole pieces, spread evenly over all, that together have `predictionCount` ids to be predicted, or a few more with the
  /// last of them; all pieces where they have fewer. The same are chosen each time, and a smaller choice is part of a
  /// larger one.
  public func sample(predictionCount wanted: Int) -> PieceIDs {
    sample(predictionCount: wanted, pieceCount: 0)
  }

  /// The same, of at least that many pieces where there are as many.
  func sample(predictionCount wanted: Int, pieceCount: Int) -> PieceIDs {
    guard wanted < predictionCount else { return self }
    // The order of the van der Corput sequence: numbers with their bits reversed fall into the widest gap left.
    let bits = Int.bitWidth - max(0, count - 1).leadingZeroBitCount
    var chosen: [Int] = [], predictions = 0
    for number in 0..<1 << bits where predictions < wanted || chosen.count < pieceCount {
      let piece = bits == 0 ? 0 : Int(UInt(number).bitReversed >> UInt(UInt.bitWidth - bits))
      guard piece < count, ranges[piece].count > 1 else { continue }
      chosen.append(piece)
      predictions += ranges[piece].count - 1
    }
    return PieceIDs(ids, ranges: chosen.sorted().map { ranges[$0] }, owner: owner)
  }

  /// The ids of a piece; valid while the pieces are.
  @inline(__always)
  package subscript(piece: Int) -> UnsafeBufferPointer<Int32> {
    UnsafeBufferPointer(rebasing: ids[ranges[piece]])
  }

  /// Ids of our own.
  private final class Copy: Sendable {
    nonisolated(unsafe) let ids: UnsafeMutableBufferPointer<Int32>

    init(_ pieces: [[Int32]]) {
      ids = .allocate(capacity: pieces.reduce(0) { $0 + $1.count })
      _ = ids.initialize(fromContentsOf: pieces.joined())
    }

    deinit { ids.deallocate() }
  }
}

extension UInt {
  /// The bits in the opposite order.
  fileprivate var bitReversed: UInt {
    (0..<UInt.bitWidth).reduce(0) { $0 << 1 | (self >> UInt($1)) & 1 }
  }
}
