/// Which cells of a piece (each the bar of one part) are to be written anew: hidden ones are, the others are known.
public struct CellMask: Sendable, Hashable {
  /// How many bars the piece has.
  public let barCount: Int
  /// How many parts it has.
  public let partCount: Int
  /// Bar by bar, and part by part in each.
  private(set) var isHidden: [Bool]

  /// A mask that hides nothing.
  public init(barCount: Int, partCount: Int) {
    self.barCount = max(0, barCount)
    self.partCount = max(0, partCount)
    isHidden = Array(repeating: false, count: self.barCount * self.partCount)
  }

  /// Whether a cell is hidden.
  public subscript(bar: Int, part: Int) -> Bool {
    get { isHidden[bar * partCount + part] }
    set { isHidden[bar * partCount + part] = newValue }
  }

  /// Hides the cells of some bars of some parts.
  /// - Parameters:
  ///   - bars: The bars, from 0; those that the piece does not have are left out.
  ///   - parts: The parts, from 0.
  public mutating func hide(bars: Range<Int>, parts: some Sequence<Int>) {
    let bars = bars.clamped(to: 0..<barCount)
    for part in parts where (0..<partCount).contains(part) {
      for bar in bars { self[bar, part] = true }
    }
  }

  /// How many cells are hidden.
  public var hiddenCount: Int { isHidden.count { $0 } }
}
