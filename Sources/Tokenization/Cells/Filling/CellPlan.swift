internal import Music

/// A whole piece of which some cells are to be written anew: what is known of it before the first of them is written.
///
/// What hidden cells have in the piece that it was made of stays in `memory`, and nobody who fills them in may look at it.
final class CellPlan: Sendable {
  /// A bar as its heading says it.
  struct Bar: Sendable {
    var timeSignature: Int
    var tempo: Int
  }

  let layout: CellsLayout
  /// The ids before the first bar.
  let header: [Int32]
  let bars: [Bar]
  let parts: [CellsConfiguration.Part]
  /// The cells of the piece, hidden or not.
  let memory: CellMemory
  let mask: CellMask
  /// Whether a hidden cell is not to come out as it is in the piece, where that would be a reference to another bar.
  let avoidsOriginal: Bool
  /// The step at which the last bar begins, and that at which it ends.
  let lastBarStart: Int
  let end: Int
  /// The step at which the last known note ends.
  let knownEnd: Int
  /// The last hidden cell; −1 where none is.
  let lastHidden: Int
  /// For each part its last cell that is hidden and its last that is known and has notes, by bar; −1 where there is none.
  let lastHiddenBars: [Int]
  let lastSoundingBars: [Int]

  /// A plan for the piece with these ids.
  /// - Parameters:
  ///   - ids: The ids of a whole piece.
  ///   - layout: What they mean.
  ///   - avoidsOriginal: Whether hidden cells are not to become what they are in the piece again.
  ///   - mask: Which cells are hidden, of a number of bars and of parts.
  init(
    ids: some Sequence<Int32>, layout: CellsLayout, avoidsOriginal: Bool = false,
    mask: (_ barCount: Int, _ partCount: Int) -> CellMask
  ) {
    self.layout = layout
    self.avoidsOriginal = avoidsOriginal
    var progress = CellProgress(layout)
    var header: [Int32] = []
    var bars: [Bar] = []
    var starts: [Int] = []
    for id in ids {
      progress.advance(id)
      switch layout.kinds[Int(id)] {
      case .bar:
        bars.append(Bar(timeSignature: progress.timeSignature, tempo: progress.tempo))
        starts.append(progress.barStart)
      case .timeSignature where !bars.isEmpty: bars[bars.count - 1].timeSignature = progress.timeSignature
      case .tempo where !bars.isEmpty: bars[bars.count - 1].tempo = progress.tempo
      default: break
      }
      if bars.isEmpty { header.append(id) }
    }
    self.header = header
    let partCount = progress.parts.count
    // A piece that breaks off has the bars that are complete.
    bars.removeLast(
      bars.count - (partCount > 0 ? min(bars.count, progress.memory.cells.count / partCount) : 0))
    self.bars = bars
    parts = progress.parts
    let memory = progress.memory
    self.memory = memory
    let mask = mask(bars.count, partCount)
    precondition(
      mask.barCount == bars.count && mask.partCount == partCount,
      "a mask of \(mask.barCount) × \(mask.partCount) cells for a piece of \(bars.count) × \(partCount)")
    self.mask = mask
    lastBarStart = starts.prefix(bars.count).last ?? 0
    end = lastBarStart + (bars.last.map { layout.meters.barLengths[$0.timeSignature] } ?? 0)
    lastHidden = mask.isHidden.lastIndex(of: true) ?? -1
    var knownEnd = 0
    var (hidden, sounding) = (Array(repeating: -1, count: partCount), Array(repeating: -1, count: partCount))
    for bar in bars.indices {
      for part in 0..<partCount {
        if mask[bar, part] {
          hidden[part] = bar
        } else if let cell = memory.cell(bar: bar, part: part), !cell.isEmpty {
          sounding[part] = bar
          knownEnd = max(knownEnd, starts[bar] + Int(cell.reach))
        }
      }
    }
    self.knownEnd = knownEnd
    lastHiddenBars = hidden
    lastSoundingBars = sounding
  }

  var partCount: Int { mask.partCount }

  /// Whether a cell is one that is hidden.
  func isHidden(bar: Int, part: Int) -> Bool {
    (0..<mask.barCount).contains(bar) && (0..<partCount).contains(part) && mask[bar, part]
  }

  /// A cell that is known; nil for one that is hidden or outside the piece.
  @inline(__always)
  func known(bar: Int, part: Int) -> Cell? {
    guard bar >= 0, bar < mask.barCount, part < partCount, !mask[bar, part] else { return nil }
    return memory.cells[bar * partCount + part]
  }
}
