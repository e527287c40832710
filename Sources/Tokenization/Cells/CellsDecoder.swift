internal import Music

/// Reads ids back into cells, one at a time, and refuses ids that are not allowed at their place.
struct CellsDecoder: TokenDecoder {
  private var progress: CellProgress
  private var bars: [GridBar] = []
  private var tempos: [CellScore.BarTempo] = []
  /// How many ids were read.
  private var idCount = 0
  /// The index of the first id of the bar, and of the note in progress, −1 where none is.
  private var firstIDOfBar = 0
  private var firstIDOfNote = -1

  init(_ layout: CellsLayout) { progress = CellProgress(layout) }

  private var layout: CellsLayout { progress.layout }

  var ticksPerQuarter: Int { layout.ticks.perQuarter }

  mutating func reserveCapacity(idCount: Int) {
    progress.memory.notes.reserveCapacity(idCount)
    progress.memory.cells.reserveCapacity(idCount / 2)
    bars.reserveCapacity(idCount / 4)
  }

  mutating func take(_ id: Int32, into music: inout DecodedMusic) throws(TokenizationError) {
    guard id >= 0, Int(id) < layout.count else {
      throw .unknownID(id: id, index: idCount, vocabularySize: layout.count)
    }
    guard progress.canTake(id) else {
      throw .unexpectedToken(layout.name(of: id), index: idCount, expected: progress.expectation)
    }
    let kind = layout.kinds[Int(id)]
    if kind == .bar || kind == .eos, let bar = openBar { music.bars.append(bar) }
    let (notes, cells) = (progress.memory.notes.count, progress.memory.cells.count)
    progress.advance(id)
    switch kind {
    case .bar: try beginBar(&music)
    case .timeSignature: bars[bars.count - 1].timeSignature = progress.timeSignature
    case .tempo: takeTempo(&music)
    case .same:
      // A spelled cell before it may have ended only now, so that the cell is the last.
      let cell = progress.memory.cells[progress.memory.cells.count - 1]
      let part = progress.part - 1
      for index in 0..<Int(cell.count) {
        append(progress.memory.note(index, of: cell), part: part, ids: idCount..<idCount + 1, &music)
      }
    case .position, .duration, .pitch, .and, .drum, .andDrum: takeNotePart(notes, cells, &music)
    case .velocity where progress.state == .value: takeNotePart(notes, cells, &music)
    default: break
    }
    idCount += 1
  }

  private mutating func beginBar(_ music: inout DecodedMusic) throws(TokenizationError) {
    guard progress.barCount <= BarLimit.highest else {
      throw .tooLong(bars: progress.barCount, limit: BarLimit.highest)
    }
    bars.append(GridBar(start: progress.barStart, timeSignature: progress.timeSignature))
    firstIDOfBar = idCount
    guard progress.barCount == 1, let tempo = layout.configuration.tempo else { return }
    music.tempos.append(TempoChange(tick: 0, microsecondsPerQuarter: tempo))
  }

  private mutating func takeTempo(_ music: inout DecodedMusic) {
    guard tempos.last?.tempo != progress.tempo else { return }
    tempos.append(CellScore.BarTempo(bar: max(0, progress.barCount - 1), tempo: progress.tempo))
    music.tempos.append(
      TempoChange(
        tick: progress.barStart * layout.ticks.perStep,
        microsecondsPerQuarter: layout.tempos.microsecondsPerQuarter[progress.tempo]))
  }

  /// Notes the beginning of a note, or appends the one that is complete.
  private mutating func takeNotePart(_ notes: Int, _ cells: Int, _ music: inout DecodedMusic) {
    if firstIDOfNote < 0 { firstIDOfNote = idCount }
    guard progress.memory.notes.count > notes else { return }
    // The last pitch of a rhythm completes its cell, after which it is the next part's turn.
    let part = progress.part - (progress.memory.cells.count - cells)
    append(progress.memory.notes[notes], part: part, ids: firstIDOfNote..<idCount + 1, &music)
    firstIDOfNote = -1
  }

  private func append(_ note: CellNote, part: Int, ids: Range<Int>, _ music: inout DecodedMusic) {
    let sounding = sounding(note, part: part, barStart: progress.barStart, level: progress.levels[part])
    let ticks = layout.ticks.perStep
    let isDrum = progress.parts[part].role == .drums
    let program = isDrum ? nil : progress.parts[part].program
    music.notes.append(
      DecodedNote(
        note: Note(
          onset: sounding.step * ticks, duration: sounding.duration * ticks, pitch: sounding.pitch,
          velocity: layout.velocities[sounding.level]),
        program: program, part: ordinal(ofPart: part), ids: ids))
  }

  /// How many parts before this one have its program.
  private func ordinal(ofPart part: Int) -> Int {
    let own = progress.parts[part], isDrum = own.role == .drums
    return progress.parts[..<part].count {
      $0.program == own.program && ($0.role == .drums) == isDrum
    }
  }

  private func sounding(
    _ note: CellNote, part: Int, barStart: Int, level: Int16
  ) -> CellScore.PartNote {
    let isDrum = progress.parts[part].role == .drums
    return CellScore.PartNote(
      step: barStart + Int(note.onset), pitch: Int(note.pitch) + (isDrum ? 0 : progress.key.offset),
      duration: isDrum ? 1 : Int(note.value), level: isDrum ? Int(note.value) : Int(max(0, level)))
  }

  /// The bar that ends before the next id; nil if there is none.
  private var openBar: DecodedBar? {
    guard let bar = bars.last, progress.state != .end else { return nil }
    let ticks = layout.ticks.perStep
    return DecodedBar(
      number: bars.count - 1, start: bar.start * ticks, end: progress.barEnd * ticks,
      timeSignature: layout.meters.timeSignatures[bar.timeSignature], ids: firstIDOfBar..<idCount)
  }

  func finished() throws(TokenizationError) -> DecodedScore {
    guard progress.isBetweenNotes else { throw .truncated(expected: progress.expectation) }
    guard progress.noteCount > 0 else { throw .noNotes }
    var score = CellScore(key: progress.key, bars: bars, tempos: tempos)
    score.parts = progress.parts.map { CellScore.Part(role: $0.role, program: $0.program) }
    var places: [NotePlace] = []
    places.reserveCapacity(progress.noteCount)
    func append(_ cell: Cell, bar: Int, part: Int) {
      for index in 0..<Int(cell.count) {
        places.append(NotePlace(track: part, index: score.parts[part].notes.count))
        score.parts[part].notes.append(
          sounding(
            progress.memory.note(index, of: cell), part: part, barStart: bars[bar].start, level: cell.level))
      }
    }
    let partCount = progress.parts.count
    for (index, cell) in progress.memory.cells.enumerated() {
      append(cell, bar: index / partCount, part: index % partCount)
    }
    if progress.state == .note {
      var cell = Cell()
      cell.first = Int32(progress.cellFirst)
      cell.count = Int32(progress.cellCount)
      cell.level = max(0, progress.levels[progress.part])
      append(cell, bar: bars.count - 1, part: progress.part)
    }
    if !layout.role.isEmpty { leaveOutSilentParts(of: &score, &places) }
    return DecodedScore(score: score.score(layout), places: places)
  }

  /// Parts that the piece names and that have not played are no tracks.
  private func leaveOutSilentParts(of score: inout CellScore, _ places: inout [NotePlace]) {
    guard progress.soundedCount < score.parts.count else { return }
    var trackCount = 0
    let tracks = score.parts.map { part in
      defer { trackCount += part.notes.isEmpty ? 0 : 1 }
      return trackCount
    }
    for index in places.indices { places[index].track = tracks[places[index].track] }
    score.parts.removeAll { $0.notes.isEmpty }
  }
}
