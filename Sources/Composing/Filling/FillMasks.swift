package import Arithmetic
package import Tokenization

/// The cells that training hides, as people ask for them: passages, whole parts, single bars here and there.
package enum FillMasks {
  /// How probable each kind of mask is, in a piece of several parts.
  private static let passageShare: Float = 0.35
  private static let partShare: Float = 0.45
  /// How long a passage can be, in bars.
  private static let passageLengths = 1...8
  /// There is a passage for each so many bars, at least one.
  private static let barsPerPassage = 24

  /// A mask for a piece of so many bars and parts, drawn at random. At least one cell is hidden.
  package static func draw(barCount: Int, partCount: Int, random: inout RandomStream) -> CellMask {
    var mask = CellMask(barCount: barCount, partCount: partCount)
    guard barCount > 0, partCount > 0 else { return mask }
    let kind = random.uniformFloat()
    if kind < passageShare {
      hidePassages(of: &mask, &random)
    } else if kind < passageShare + partShare, partCount > 1 {
      hideParts(of: &mask, &random)
    } else {
      hideCells(of: &mask, &random)
    }
    return mask
  }

  /// Hides passages of 1 to 8 bars, half of them in all parts, the others in some.
  private static func hidePassages(of mask: inout CellMask, _ random: inout RandomStream) {
    for _ in 0..<1 + mask.barCount / barsPerPassage {
      let length = min(
        mask.barCount, passageLengths.lowerBound + random.integer(below: passageLengths.count))
      let start = random.integer(below: mask.barCount - length + 1)
      let isTutti = mask.partCount == 1 || random.uniformFloat() < 0.5
      let parts = isTutti ? Array(0..<mask.partCount) : someParts(of: mask.partCount, &random)
      mask.hide(bars: start..<start + length, parts: parts)
    }
  }

  /// Hides some parts throughout, as for harmonizing a melody or for a melody over given chords.
  private static func hideParts(of mask: inout CellMask, _ random: inout RandomStream) {
    mask.hide(bars: 0..<mask.barCount, parts: someParts(of: mask.partCount, &random))
  }

  /// Hides each cell with a probability that is drawn once for the piece.
  private static func hideCells(of mask: inout CellMask, _ random: inout RandomStream) {
    let share = 0.1 + 0.5 * random.uniformFloat()
    for bar in 0..<mask.barCount {
      for part in 0..<mask.partCount where random.uniformFloat() < share { mask[bar, part] = true }
    }
    if mask.hiddenCount == 0 {
      mask[random.integer(below: mask.barCount), random.integer(below: mask.partCount)] = true
    }
  }

  /// At least one part, and not all of them where there are several.
  private static func someParts(of count: Int, _ random: inout RandomStream) -> [Int] {
    guard count > 1 else { return [0] }
    var order = Array(0..<count)
    random.shuffle(&order)
    return Array(order.prefix(1 + random.integer(below: count - 1)))
  }
}
