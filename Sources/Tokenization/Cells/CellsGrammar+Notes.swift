internal import Music

// MARK: - Spelled cells

extension CellsGrammar {
  /// The pitches that there are tokens for in the part's cell.
  func pitches(isDrum: Bool) -> ClosedRange<Int> {
    isDrum ? 0...127 : layout.writtenPitches(in: progress.key)
  }

  mutating func beginSpelledCell() {
    sameRhythm = 0
    for lag in 1...layout.configuration.longestLag {
      guard let cell = progress.memory.cell(lag) else { break }
      if !cell.isEmpty { sameRhythm |= 1 << UInt64(lag - 1) }
    }
    sameNotes = sameRhythm
  }

  /// Whether a spelled cell is neither equal to an earlier one nor has its rhythm.
  var mayEndCell: Bool {
    let set = progress.cellOnsets > 1 ? sameRhythm : sameNotes
    return cells(set) { Int($0.count) == progress.cellCount } == 0
  }

  /// The longest that a note can be that begins at `onset`, so that it ends before the last bar does.
  private func longestDuration(at onset: Int) -> Int {
    min(layout.configuration.maximumDuration, stepsLeft - onset)
  }

  /// How many higher pitches a chord needs after a note of this onset and duration (for drums, loudness), so that the cell is like no
  /// earlier one.
  private func growth(onset: Int, value: Int) -> Int {
    guard sameRhythm != 0 else { return 0 }
    var (count, growth) = (progress.cellCount, 0)
    var alike = sameRhythm
    while true {
      alike = cells(alike) { cell in
        guard Int(cell.count) > count else { return false }
        let note = progress.memory.note(count, of: cell)
        return Int(note.onset) == onset && Int(note.value) == value
      }
      count += 1
      guard cells(alike, where: { Int($0.count) == count }) != 0 else { return growth }
      growth += 1
    }
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
        allowPitches(isDrum ? layout.drum : layout.pitch, &mask, above: nil, onset: next, value: value)
      }
      if canAdd, isDrum || value <= longestDuration(at: onset) {
        allowPitches(
          isDrum ? layout.andDrum : layout.and, &mask, above: progress.lastPitch, onset: onset, value: value)
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

  private func allowPitches(
    _ ids: Range<Int32>, _ mask: inout [Bool], above lowest: Int?, onset: Int, value: Int
  ) {
    let isDrum = progress.isDrum
    let pitches = pitches(isDrum: isDrum)
    let first = isDrum ? 0 : layout.configuration.pitchRange.lowerBound
    let from = max(pitches.lowerBound, lowest.map { $0 + 1 } ?? 0)
    let to = pitches.upperBound - growth(onset: onset, value: value)
    allow(ids, &mask, from: from - first, upTo: to + 1 - first)
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
      // The lowest pitch of a new onset has enough pitches above it.
      if canBegin && value <= longestNext {
        mask[Int(ids.lowerBound) + index] = true
      } else if canAdd, value <= longestHere, progress.lastPitch < top {
        let growth = growth(onset: progress.lastOnset, value: value)
        mask[Int(ids.lowerBound) + index] = progress.lastPitch + 1 + growth <= top
      }
    }
  }
}

// MARK: - Known rhythms

extension CellsGrammar {
  mutating func beginKnownRhythm() {
    sameNotes = 0
    sameRhythm = 0
    let source = progress.source
    for lag in 1...layout.configuration.longestLag {
      guard let cell = progress.memory.cell(lag) else { break }
      guard cell.onsets > 1, cell.rhythm == source.rhythm else { continue }
      // Of equal cells one is enough.
      let isKnown = (1..<lag).contains { progress.memory.cell($0)?.isEqual(to: cell) == true }
      if !isKnown { sameNotes |= 1 << UInt64(lag - 1) }
    }
  }

  /// How many notes of the chord follow note `index` of a cell.
  private func notesAbove(_ index: Int, of cell: Cell) -> Int {
    let onset = progress.memory.note(index, of: cell).onset
    var next = index + 1
    while next < Int(cell.count), progress.memory.note(next, of: cell).onset == onset { next += 1 }
    return next - index - 1
  }

  /// In how many ways the notes of a cell from `index` on can get pitches; more than 64 are not told apart.
  /// - Parameter pitch: The pitch that the first of them has to be above, if it is not the lowest of its chord.
  func ways(_ cell: Cell, from index: Int, above pitch: Int?, in pitches: ClosedRange<Int>) -> UInt64 {
    var index = index
    var ways: UInt64 = 1
    var room = pitch.map { pitches.upperBound - $0 } ?? pitches.count
    while index < Int(cell.count) {
      let size = 1 + notesAbove(index, of: cell)
      ways = min(65, ways * Self.combinations(of: room, taken: size))
      if ways == 0 { return 0 }
      index += size
      room = pitches.count
    }
    return ways
  }

  /// The binomial coefficient; 65 where it is more than 64.
  private static func combinations(of count: Int, taken size: Int) -> UInt64 {
    guard size <= count else { return 0 }
    var result: UInt64 = 1
    for step in 0..<UInt64(min(size, count - size)) {
      result = result * (UInt64(count) - step) / (step + 1)
      if result > 64 { return 65 }
    }
    return result
  }

  /// The pitches that the next note of a known rhythm can have, so that the cell will be equal to none before it.
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
    var rest = sameNotes
    while rest != 0 {
      guard let cell = progress.memory.cell(rest.trailingZeroBitCount + 1) else { break }
      let pitch = progress.memory.note(index, of: cell).pitch
      let alike = cells(rest) { progress.memory.note(index, of: $0).pitch == pitch }
      rest &= ~alike
      let chordGoesOn = above > 0
      let ways = ways(source, from: index + 1, above: chordGoesOn ? Int(pitch) : nil, in: pitches)
      guard ways <= UInt64(alike.nonzeroBitCount), ids.count > Int(pitch) - first else { continue }
      mask[Int(ids.lowerBound) + Int(pitch) - first] = false
    }
  }
}
