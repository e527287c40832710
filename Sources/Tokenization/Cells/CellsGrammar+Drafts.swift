internal import Music

// MARK: - Rewriting

extension CellsGrammar {
  /// The reference that stands for a cell that was said note by note; nil where the encoder would say it so, too.
  /// - Parameters:
  ///   - index: The place of the cell in the memory.
  ///   - lastLag: How far back its part referred before it; 0 if it never did.
  func reference(forCell index: Int, lastLag: Int) -> [Int32]? {
    let memory = progress.memory
    let cell = memory.cells[index]
    guard cell.count > 0 else { return nil }
    let notes = memory.notes[Int(cell.first)..<Int(cell.first + cell.count)]
    if let lag = lag(of: index, lastLag, where: { notes.elementsEqual(self.notes(of: $0)) }) {
      return [layout.id(layout.same, lag, from: 1)]
    }
    guard cell.onsets > 1, cell.form == .notes,
      let lag = lag(of: index, lastLag, where: { $0.onsets > 1 && hasRhythm(notes, of: $0) })
    else { return nil }
    var ids = [layout.id(layout.rhythm, lag, from: 1)]
    layout.writePitches(notes, isDrum: isDrum(cellAt: index), into: &ids)
    return ids
  }

  private func notes(of cell: Cell) -> ArraySlice<CellNote> {
    progress.memory.notes[Int(cell.first)..<Int(cell.first + cell.count)]
  }

  private func hasRhythm(_ notes: ArraySlice<CellNote>, of cell: Cell) -> Bool {
    notes.elementsEqual(self.notes(of: cell)) { $0.hasRhythm(of: $1) }
  }

  private func isDrum(cellAt index: Int) -> Bool {
    progress.parts[index % progress.parts.count].role == .drums
  }

  /// How many bars before a cell the one is that it would refer to: as far as its part referred last if that one is alike, else the
  /// nearest.
  private func lag(of index: Int, _ last: Int, where isAlike: (Cell) -> Bool) -> Int? {
    func holds(_ lag: Int) -> Bool {
      let other = index - lag * progress.parts.count
      guard other >= 0 else { return false }
      let cell = progress.memory.cells[other]
      return cell.count == progress.memory.cells[index].count && isAlike(cell)
    }
    if last > 0, holds(last) { return last }
    return (1...layout.configuration.longestLag).first(where: holds)
  }
}
