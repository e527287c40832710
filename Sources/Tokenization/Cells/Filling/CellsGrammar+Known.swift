internal import Music

extension CellsGrammar {
  /// The ids of a known cell where it stands, as the encoder would write it after what is written by now.
  /// - Parameters:
  ///   - known: The cell.
  ///   - memory: What has its notes.
  ///   - part: Its part, whose cell is next.
  func ids(ofKnown known: Cell, in memory: CellMemory, part: Int) -> [Int32] {
    guard !known.isEmpty else { return [CellsLayout.rest] }
    let notes = memory.notes[Int(known.first)..<Int(known.first + known.count)]
    let isDrum = progress.parts[part].role == .drums
    var ids: [Int32] = []
    if !isDrum, !layout.velocity.isEmpty, progress.levels[part] != known.level {
      ids.append(layout.id(layout.velocity, Int(known.level)))
    }
    let last = Int(progress.lastLags[part])
    if let lag = lag(last, count: notes.count, where: { $0.elementsEqual(notes) }) {
      return ids + [layout.id(layout.same, lag, from: 1)]
    }
    let hasRhythm = known.onsets > 1
    if hasRhythm,
      let lag = lag(
        last, count: notes.count,
        where: { $0.elementsEqual(notes) { $0.hasRhythm(of: $1) } })
    {
      ids.append(layout.id(layout.rhythm, lag, from: 1))
      layout.writePitches(notes, isDrum: isDrum, into: &ids)
    } else {
      ids.append(CellsLayout.notes)
      layout.spell(notes, isDrum: isDrum, into: &ids)
    }
    return ids
  }

  /// How many bars before the next cell one of so many notes is of which something holds: as far as the part referred last if that one
  /// is such a cell, else the nearest.
  private func lag(_ last: Int, count: Int, where holds: (ArraySlice<CellNote>) -> Bool) -> Int? {
    func isMatch(_ lag: Int) -> Bool {
      guard let cell = progress.cell(before: lag), Int(cell.count) == count else { return false }
      return holds(progress.memory.notes[Int(cell.first)..<Int(cell.first + cell.count)])
    }
    if last > 0, isMatch(last) { return last }
    return (1...layout.configuration.longestLag).first(where: isMatch)
  }
}
