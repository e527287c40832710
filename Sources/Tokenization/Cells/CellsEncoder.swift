internal import Music

/// Writes a score as cells, each in the one way that is canonical.
struct CellsEncoder {
  private let layout: CellsLayout
  private let score: CellScore
  private var memory = CellMemory()
  /// For each cell of the memory, what tells its notes from those of others, and its rhythm.
  private var contents: [UInt64] = []
  private var rhythms: [UInt64] = []
  private var lastLags: [Int]
  private var levels: [Int]
  private var ids: [Int32] = []

  init(_ score: CellScore, _ layout: CellsLayout) {
    self.score = score
    self.layout = layout
    memory.partCount = score.parts.count
    lastLags = Array(repeating: 0, count: score.parts.count)
    levels = Array(repeating: layout.velocity.isEmpty ? 0 : -1, count: score.parts.count)
  }

  /// The ids of the score.
  static func ids(of score: CellScore, _ layout: CellsLayout) -> [Int32] {
    var encoder = CellsEncoder(score, layout)
    encoder.write()
    return encoder.ids
  }

  private mutating func write() {
    let noteCount = score.noteCount
    ids.reserveCapacity(64 + noteCount + 2 * score.bars.count * score.parts.count)
    memory.notes.reserveCapacity(noteCount)
    writeHeader()
    var next = Array(repeating: 0, count: score.parts.count)
    var tempo = 0
    var timeSignature = layout.timeSignature.isEmpty ? layout.firstTimeSignature : -1
    for (index, bar) in score.bars.enumerated() {
      ids.append(CellsLayout.bar)
      if bar.timeSignature != timeSignature {
        timeSignature = bar.timeSignature
        ids.append(layout.id(layout.timeSignature, timeSignature))
      }
      if tempo + 1 < score.tempos.count, score.tempos[tempo + 1].bar == index {
        tempo += 1
        ids.append(layout.id(layout.tempo, score.tempos[tempo].tempo))
      }
      for part in score.parts.indices {
        next[part] = writeCell(part, from: next[part], bar, length: layout.meters.barLengths[timeSignature])
      }
    }
    ids.append(CellsLayout.end)
  }

  private mutating func writeHeader() {
    ids.append(CellsLayout.beginning)
    ids.append(layout.id(layout.key, score.key.index))
    let isLong = score.bars.count > layout.configuration.longestLength
    ids.append(layout.id(layout.length, isLong ? 0 : score.bars.count))
    if !layout.tempo.isEmpty { ids.append(layout.id(layout.tempo, score.tempos[0].tempo)) }
    for attribute in layout.attributes {
      let index = score.value(of: attribute.kind).flatMap { PieceAttribute.index(of: $0, attribute.kind) }
      ids.append(layout.id(attribute.ids, index.map { $0 + 1 } ?? 0))
    }
    guard !layout.role.isEmpty else { return }
    for part in score.parts {
      ids.append(layout.id(layout.role, part.role.order))
      if part.role != .drums { ids.append(layout.id(layout.program, part.program)) }
    }
  }

  /// Writes the cell of a part from its note `first` on, and returns where the part goes on.
  private mutating func writeCell(_ part: Int, from first: Int, _ bar: GridBar, length: Int) -> Int {
    let isDrum = score.parts[part].role == .drums
    let offset = isDrum ? 0 : score.key.offset
    let end = bar.start + length
    let start = memory.notes.count
    var next = first
    var content: UInt64 = 0
    var rhythm: UInt64 = 0
    let notes = score.parts[part].notes
    while next < notes.count {
      let note = notes[next]
      guard note.step < end else { break }
      let written = CellNote(
        onset: UInt16(note.step - bar.start), value: UInt16(isDrum ? note.level : note.duration),
        pitch: UInt8(note.pitch - offset))
      memory.notes.append(written)
      let time = UInt64(written.onset) << 16 | UInt64(written.value)
      rhythm = (rhythm ^ time &+ 1) &* 0x9E37_79B9_7F4A_7C15
      rhythm ^= rhythm >> 29
      content = (content ^ (time << 8 | UInt64(written.pitch)) &+ 1) &* 0x9E37_79B9_7F4A_7C15
      content ^= content >> 29
      next += 1
    }
    guard next > first else {
      ids.append(CellsLayout.rest)
      keep(Cell(), content: 0, rhythm: 0)
      return next
    }
    if !isDrum, !layout.velocity.isEmpty {
      let level = score.parts[part].notes[first].level
      if levels[part] != level { ids.append(layout.id(layout.velocity, level)) }
      levels[part] = level
    }
    write(notesFrom: start, part: part, isDrum: isDrum, content: content, rhythm: rhythm)
    return next
  }

  private mutating func keep(_ cell: Cell, content: UInt64, rhythm: UInt64) {
    memory.cells.append(cell)
    contents.append(content)
    rhythms.append(rhythm)
  }

  /// Writes the cell of the memory's notes from `start` on: as a reference where there is an equal one, else with an earlier rhythm,
  /// else note by note.
  private mutating func write(
    notesFrom start: Int, part: Int, isDrum: Bool, content: UInt64, rhythm: UInt64
  ) {
    let count = memory.notes.count - start
    if let lag = lag(part, contents, content, isEqual: { has($0, notesFrom: start, count) { $0 == $1 } }),
      let cell = memory.cell(lag)
    {
      ids.append(layout.id(layout.same, lag, from: 1))
      lastLags[part] = lag
      memory.notes.removeLast(count)
      keep(cell, content: content, rhythm: rhythm)
      return
    }
    let summary = CellMemory.summary(memory.notes[start...], isDrum: isDrum)
    var cell = Cell(
      first: Int32(start), count: Int32(count), rhythm: Int32(start), onsets: Int32(summary.onsets),
      lastOnset: Int32(summary.last), reach: Int32(summary.reach))
    if summary.onsets > 1,
      let lag = lag(
        part, rhythms, rhythm, isEqual: { has($0, notesFrom: start, count) { $0.hasRhythm(of: $1) } }),
      let source = memory.cell(lag)
    {
      ids.append(layout.id(layout.rhythm, lag, from: 1))
      lastLags[part] = lag
      cell.rhythm = source.rhythm
      layout.writePitches(memory.notes[start...], isDrum: isDrum, into: &ids)
    } else {
      ids.append(CellsLayout.notes)
      layout.spell(memory.notes[start...], isDrum: isDrum, into: &ids)
    }
    keep(cell, content: content, rhythm: rhythm)
  }

  /// How many bars back the cell is that is equal to the next one of `part`: as far as the part referred last, if that one is, else
  /// the nearest; nil where none is.
  private func lag(
    _ part: Int, _ hashes: [UInt64], _ hash: UInt64, isEqual: (Cell) -> Bool
  ) -> Int? {
    let partCount = memory.partCount
    func isMatch(_ lag: Int) -> Bool {
      let index = memory.cells.count - lag * partCount
      return index >= 0 && hashes[index] == hash && isEqual(memory.cells[index])
    }
    if lastLags[part] > 0, isMatch(lastLags[part]) { return lastLags[part] }
    var index = memory.cells.count - partCount
    for lag in 1...layout.configuration.longestLag {
      guard index >= 0 else { return nil }
      if hashes[index] == hash, isEqual(memory.cells[index]) { return lag }
      index -= partCount
    }
    return nil
  }

  /// Whether a cell has the notes from `start` on.
  private func has(
    _ cell: Cell, notesFrom start: Int, _ count: Int, _ isEqual: (CellNote, CellNote) -> Bool
  ) -> Bool {
    Int(cell.count) == count
      && (0..<count).allSatisfy { isEqual(memory.notes[start + $0], memory.note($0, of: cell)) }
  }
}
