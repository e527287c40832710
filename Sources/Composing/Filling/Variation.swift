internal import Arithmetic
internal import Foundation
public import Music
internal import Tokenization

/// How a piece is varied: which share of its cells (bars of parts) is written anew, and which first.
public struct Variation: Sendable, Hashable {
  /// Which cells go first.
  public enum Order: String, Sendable, Hashable, CaseIterable {
    /// Those that surprise the model most, for each of their notes: the piece becomes more usual.
    case mostSurprising = "most-surprising"
    /// Those that surprise it least: what is usual becomes something else.
    case leastSurprising = "least-surprising"
    /// Any of them.
    case random
  }

  /// The share of the cells that have notes, above 0 and at most 1.
  public var share: Double
  /// Which go first.
  public var order: Order

  /// The usual share.
  public static let usualShare = 0.3

  /// A variation.
  public init(share: Double = usualShare, order: Order = .mostSurprising) {
    self.share = share
    self.order = order
  }
}

extension PieceFilling {
  /// A piece to be varied.
  /// - Parameters:
  ///   - variation: How much of it, and what first.
  ///   - score: The piece.
  ///   - parts: The parts that may change; all of them where there is none.
  ///   - composer: What is to write it, and is surprised.
  ///   - seed: What a random order is drawn by.
  /// - Throws: `FillError`.
  public init(
    _ variation: Variation, of score: Score, parts: [FillRequest.Part] = [], composer: Composer, seed: UInt64
  ) throws {
    guard variation.share > 0, variation.share <= 1 else { throw FillError.invalidShare(variation.share) }
    let tokenizer = try composer.model.cells
    let tracks = try FillRequest(parts: parts).tracks(of: score)
    var failure: (any Error)?
    let filling = try PieceFilling(score, model: composer.model, avoidsOriginal: true) {
      reading, _ throws(FillError) in
      var mask = CellMask(barCount: reading.barCount, partCount: reading.parts.count)
      let surprisals: [Double]
      do { surprisals = try composer.surprisals(ofIDs: reading.ids) } catch {
        failure = error
        return mask
      }
      var ranked = tokenizer.surprisalsOfCells(reading.ids, surprisals).filter { cell in
        reading.parts[cell.part].sources.allSatisfy { tracks.contains($0.track) }
      }
      switch variation.order {
      case .mostSurprising: ranked.sort { ($1.surprisal, $0.bar, $0.part) < ($0.surprisal, $1.bar, $1.part) }
      case .leastSurprising: ranked.sort { ($0.surprisal, $0.bar, $0.part) < ($1.surprisal, $1.bar, $1.part) }
      case .random:
        var random = RandomStream(seed: seed, name: "variation")
        random.shuffle(&ranked)
      }
      let count = max(1, Int((variation.share * Double(ranked.count)).rounded()))
      for cell in ranked.prefix(count) { mask[cell.bar, cell.part] = true }
      return mask
    }
    if let failure { throw failure }
    self = filling
  }

  /// How many of the hidden cells have come out otherwise than they were, and how many there are.
  public func changedCells(by composition: Composition) -> (changed: Int, of: Int) {
    guard let other = try? CellsTokenizer(configuration: cells.configuration) else { return (0, 0) }
    let (before, after) = (other.contentsOfCells(reading.ids), other.contentsOfCells(composition.ids))
    var (changed, count) = (0, 0)
    for bar in 0..<cells.mask.barCount {
      for part in 0..<cells.mask.partCount where cells.mask[bar, part] {
        let index = bar * cells.mask.partCount + part
        count += 1
        if index >= after.count || before[index] != after[index] { changed += 1 }
      }
    }
    return (changed, count)
  }
}
