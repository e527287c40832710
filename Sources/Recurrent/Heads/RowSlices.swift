/// Output rows that are worked on slice by slice where all of them would take too much memory, as with labels by the ten
/// thousand: a slice is made, used and overwritten. Which rows it has follows from their number alone, so that sums do not
/// depend on threads.
struct RowSlices {
  /// The most outputs that are held for all rows at once, 128 MB of them. Where there are more, a slice has a quarter of that.
  static let outputLimit = 1 << 25
  private static let slicesPerLimit = 4

  /// How many rows a slice has at most.
  let rowCapacity: Int

  /// Slices of up to `rowCapacity` rows of `width` outputs.
  init(rowCapacity: Int, width: Int, outputLimit: Int = Self.outputLimit) {
    let (outputs, overflows) = rowCapacity.multipliedReportingOverflow(by: width)
    self.rowCapacity =
      !overflows && outputs <= outputLimit
      ? rowCapacity : min(rowCapacity, max(1, outputLimit / Self.slicesPerLimit / width))
  }

  /// Calls `body` for one slice after the other of `count` rows.
  func forEach(of count: Int, _ body: (_ rows: Range<Int>) -> Void) {
    var first = 0
    while first < count {
      let end = min(count, first + rowCapacity)
      body(first..<end)
      first = end
    }
  }
}
