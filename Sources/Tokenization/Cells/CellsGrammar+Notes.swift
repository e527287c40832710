internal import Music

// MARK: - Spelled cells

extension CellsGrammar {
  /// The pitches that there are tokens for in the part's cell.
  func pitches(isDrum: Bool) -> ClosedRange<Int> {
    isDrum ? 0...127 : layout.writtenPitches(in: progress.key)
  }

  /// The longest that a note can be that begins at `onset`, so that it ends before the last bar does.
  private func longestDuration(at onset: Int) -> Int {
    min(layout.configuration.maximumDuration, stepsLeft - onset)
  }

  /// What a further note can begin or go on with.
  func allowNote(_ mask: inout [Bool]) {
    let isDrum = progress.isDrum
    let (onset, next) = (progress.lastOnset, progress.nextOnset)
    let canBegin = next < progress.barLength
    let canAdd = progress.cellCount > 0 && progress.stated < 0
    let value = isDrum && layout.velocity.isEmpty ? 0 : progress.value
    if value >= 0 {
      if canBegin, isDrum || value <= longestDuration(at: next) {
        allowPitches(isDrum ? layout.drum : layout.pitch, &mask, above: nil)
      }
      if canAdd, isDrum || value <= longestDuration(at: onset) {
        allowPitches(isDrum ? layout.andDrum : layout.and, &mask, above: progress.lastPitch)
      }
    }
    guard progress.state != .value else { return }
    allowValues(&mask, canBegin: canBegin, canAdd: canAdd)
    guard progress.state != .position else { return }
    allow(layout.position, &mask, from: onset, upTo: progress.barLength - 1)
    if (1..<progress.barLength).contains(next) {
      mask[Int(layout.id(layout.position, next, from: 1))] = false
    }
  }

  private func allowPitches(_ ids: Range<Int32>, _ mask: inout [Bool], above lowest: Int?) {
    let isDrum = progress.isDrum
    let pitches = pitches(isDrum: isDrum)
    let first = isDrum ? 0 : layout.configuration.pitchRange.lowerBound
    let from = max(pitches.lowerBound, lowest.map { $0 + 1 } ?? 0)
    allow(ids, &mask, from: from - first, upTo: pitches.upperBound + 1 - first)
  }

  /// Another duration, or loudness of a drum, where a note can follow it.
  private func allowValues(_ mask: inout [Bool], canBegin: Bool, canAdd: Bool) {
    let isDrum = progress.isDrum
    let ids = isDrum ? layout.velocity : layout.duration
    let first = isDrum ? 0 : 1
    let top = pitches(isDrum: isDrum).upperBound
    let longestNext = isDrum ? Int.max : longestDuration(at: progress.nextOnset)
    let longestHere = isDrum ? Int.max : longestDuration(at: progress.lastOnset)
    for index in 0..<ids.count where first + index != progress.value {
      let value = first + index
      let canFollow =
        (canBegin && value <= longestNext) || (canAdd && value <= longestHere && progress.lastPitch < top)
      if canFollow { mask[Int(ids.lowerBound) + index] = true }
    }
  }
}

// MARK: - Known rhythms

extension CellsGrammar {
  /// How many notes of the chord follow note `index` of a cell.
  private func notesAbove(_ index: Int, of cell: Cell) -> Int {
    let onset = progress.memory.note(index, of: cell).onset
    var next = index + 1
    while next < Int(cell.count), progress.memory.note(next, of: cell).onset == onset { next += 1 }
    return next - index - 1
  }

  /// The pitches that the next note of a known rhythm can have, so that the chord has room for its notes.
  func allowPitchInRhythm(_ mask: inout [Bool]) {
    let (source, index) = (progress.source, progress.cellCount)
    let isDrum = progress.isDrum
    let pitches = pitches(isDrum: isDrum)
    let first = isDrum ? 0 : layout.configuration.pitchRange.lowerBound
    let begins = Int(progress.memory.note(index, of: source).onset) != progress.lastOnset
    let ids =
      isDrum
      ? (begins ? layout.drum : layout.andDrum) : (begins ? layout.pitch : layout.and)
    let above = notesAbove(index, of: source)
    let lowest = begins ? pitches.lowerBound : max(pitches.lowerBound, progress.lastPitch + 1)
    allow(ids, &mask, from: lowest - first, upTo: pitches.upperBound - above + 1 - first)
  }
}
