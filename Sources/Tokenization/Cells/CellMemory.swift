/// A note of a cell as tokens say it.
struct CellNote: Hashable, Sendable {
  /// The step in the bar.
  var onset: UInt16
  /// The duration in steps; of a drum the index of its loudness.
  var value: UInt16
  /// The written pitch, or the drum.
  var pitch: UInt8

  /// Whether both begin and last alike.
  @inline(__always)
  func hasRhythm(of other: CellNote) -> Bool { onset == other.onset && value == other.value }
}

/// What a part plays in a bar.
struct Cell: Sendable {
  /// Where its notes are in the memory. A cell that refers to another has the notes of that one, so that within the reach of references
  /// two cells are equal where this is.
  var first: Int32 = 0
  var count: Int32 = 0
  /// The `first` of the cell that first had this rhythm, for cells of at least two onsets: equal where the rhythm is.
  var rhythm: Int32 = 0
  /// How many onsets there are.
  var onsets: Int32 = 0
  /// The step of the last onset, and the step at which the last note ends.
  var lastOnset: Int32 = 0
  var reach: Int32 = 0
  /// How it was said.
  var form = CellForm.rest
  /// How loud it is, in a pitched part.
  var level: Int16 = 0

  var isEmpty: Bool { count == 0 }

  /// Whether both have the same notes, or none.
  @inline(__always)
  func isEqual(to other: Cell) -> Bool { count == other.count && (count == 0 || first == other.first) }
}

/// How a cell is said, as a number: a rest, notes, as a bar before, or with the rhythm of a bar before.
struct CellForm: Hashable, Sendable {
  var code: UInt8

  static let rest = CellForm(code: 0)
  static let notes = CellForm(code: 1)
  static func same(_ lag: Int) -> CellForm { CellForm(code: UInt8(1 + lag)) }
  static func rhythm(_ lag: Int) -> CellForm { CellForm(code: UInt8(65 + lag)) }
  /// How many forms there are.
  static let count = 130
}

/// All that the parts of a piece have played: a row of cells for each bar.
struct CellMemory: Sendable {
  var notes: [CellNote] = []
  var cells: [Cell] = []
  var partCount = 0

  /// The cell `lag` bars before the next one of the row; nil where there is none.
  @inline(__always)
  func cell(_ lag: Int) -> Cell? {
    let index = cells.count - lag * partCount
    return index >= 0 && index < cells.count ? cells[index] : nil
  }

  /// The cell of a part in a bar; nil before the first bar.
  @inline(__always)
  func cell(bar: Int, part: Int) -> Cell? {
    let index = bar * partCount + part
    return bar >= 0 && index < cells.count ? cells[index] : nil
  }

  @inline(__always)
  func note(_ index: Int, of cell: Cell) -> CellNote { notes[Int(cell.first) + index] }

  /// What notes that follow those of all cells are in all: onsets, the last of them, how far they reach.
  static func summary(_ notes: ArraySlice<CellNote>, isDrum: Bool) -> (onsets: Int, last: Int, reach: Int) {
    var (onsets, last, reach) = (0, -1, 0)
    for note in notes {
      if Int(note.onset) != last { onsets += 1 }
      last = Int(note.onset)
      reach = max(reach, last + (isDrum ? 1 : Int(note.value)))
    }
    return (onsets, max(0, last), reach)
  }
}
