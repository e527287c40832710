internal import Music

/// Where a sequence of cells has come to: what decoder, grammar and context all have to know. Ids that are
/// not allowed do not make it fail, but what it then knows means nothing.
struct CellProgress: Sendable {
  /// What was taken last, which decides what may come.
  enum State: UInt8 {
    /// The header: nothing, the beginning, the key, the length, the tempo, a role that awaits its program, a part.
    case start, beginning, key, length, tempo, role, part
    /// The header, after something that the piece says of itself.
    case attribute
    /// The heading of a bar.
    case bar, timeSignature, barTempo
    /// A cell is complete, and the next has not begun.
    case ready
    /// A cell has its loudness, and nothing else.
    case level
    /// A cell that is spelled: its beginning, a position, a duration or a drum's loudness, a note.
    case notes, position, value, note
    /// A cell whose rhythm is known waits for its next pitch.
    case rhythm
    case end
  }

  let layout: CellsLayout
  var state = State.start
  var memory = CellMemory()

  // The header.
  var key = WrittenKey(index: 0)
  /// How many bars the piece has said to have; 0 where it left that open.
  var length = 0
  var parts: [CellsConfiguration.Part] = []
  /// What it has said of itself, in order: the place of each value, from 1, or 0 where it is left open.
  var attributes: [Int32] = []

  // The bar.
  var barCount = 0
  var barStart = 0
  var barEnd = 0
  var timeSignature: Int
  /// The index of the tempo; −1 before it is stated.
  var tempo = -1
  /// Whether every bar so far is a 1/4 bar; a piece of nothing else would be read as 4/4.
  var hasOnlyQuarterBars = true

  // The cell.
  /// The part whose cell is being said, or is next; the number of parts where the bar is complete.
  var part = 0
  /// Where the cell's notes begin.
  var cellFirst = 0
  /// How many notes and onsets it has.
  var cellCount = 0
  var cellOnsets = 0
  /// The onset of its last note; −1 before the first.
  var lastOnset = -1
  var lastPitch = -1
  /// Where the next note begins unless a position says otherwise.
  var cursor = 0
  /// The onset that a position has said; −1 where none has.
  var stated = -1
  /// The duration, or the loudness of a drum, that holds; −1 before the first.
  var value = -1
  /// The cell whose rhythm it has, and how many bars that is back.
  var source = Cell()
  var sourceLag = 0

  // Since the beginning.
  /// For each part, its loudness; −1 before its first note.
  var levels: [Int16] = []
  /// For each part, how far back it referred last; 0 if it never did.
  var lastLags: [Int16] = []
  /// For each part, whether it has played.
  var hasSounded: [Bool] = []
  /// How many parts have.
  var soundedCount = 0
  /// Where the note that lasts longest ends.
  var furthestEnd = 0
  var noteCount = 0

  init(_ layout: CellsLayout) {
    self.layout = layout
    timeSignature = layout.firstTimeSignature
    for part in layout.configuration.parts ?? [] { append(part) }
  }

  private mutating func append(_ part: CellsConfiguration.Part) {
    parts.append(part)
    levels.append(layout.velocity.isEmpty ? 0 : -1)
    lastLags.append(0)
    hasSounded.append(false)
    memory.partCount += 1
  }

  /// Whether the part of the cell has drums.
  var isDrum: Bool { part < parts.count && parts[part].role == .drums }
  var barLength: Int { barEnd - barStart }
  /// Whether the heading of the piece says all but its parts.
  var awaitsParts: Bool {
    if state == .part { return true }
    guard attributes.count == layout.attributes.count else { return false }
    return layout.attributes.isEmpty ? hasTempo : state == .attribute
  }
  /// The ids of what the piece says next of itself; nil where that is nothing.
  var nextAttribute: Range<Int32>? {
    guard attributes.count < layout.attributes.count, hasTempo || state == .attribute else { return nil }
    return layout.attributes[attributes.count].ids
  }
  /// Whether the heading of the piece has just come to the end of what every piece says.
  private var hasTempo: Bool {
    barCount == 0 && (state == .tempo || (state == .length && layout.tempo.isEmpty))
  }
  /// The onset of a note that would be next.
  var nextOnset: Int {
    if state == .rhythm { return Int(memory.note(cellCount, of: source).onset) }
    return stated >= 0 ? stated : cursor
  }
}

extension CellProgress {
  /// Takes the next id.
  mutating func advance(_ id: Int32) {
    let value = Int(layout.values[Int(id)])
    switch layout.kinds[Int(id)] {
    case .pad: break
    case .bos: state = .beginning
    case .eos:
      closeCell()
      state = .end
    case .key, .length, .role, .program, .attribute: takeHeader(layout.kinds[Int(id)], value)
    case .tempo:
      guard barCount == 0 || state == .bar || state == .timeSignature else { return }
      tempo = value
      state = barCount == 0 ? .tempo : .barTempo
    case .bar: beginBar()
    case .timeSignature:
      guard state == .bar else { return }
      timeSignature = value
      barEnd = barStart + layout.meters.barLengths[value]
      state = .timeSignature
    case .rest:
      guard beginCell() else { return }
      complete(Cell())
    case .same:
      guard beginCell() else { return }
      copyCell(lag: value)
    case .rhythm:
      guard beginCell() else { return }
      beginRhythm(lag: value)
    case .notes:
      guard beginCell() else { return }
      state = .notes
    case .velocity: takeLevel(value)
    case .position:
      guard isSpelling else { return }
      stated = value
      state = .position
    case .duration:
      guard isSpelling else { return }
      self.value = value
      state = .value
    case .pitch, .drum: takePitch(value, isNewOnset: true)
    case .and, .andDrum: takePitch(value, isNewOnset: false)
    }
  }

  private mutating func takeHeader(_ kind: CellsLayout.Kind, _ value: Int) {
    guard barCount == 0 else { return }
    switch kind {
    case .key:
      key = WrittenKey(index: value)
      state = .key
    case .length:
      length = value
      state = .length
    case .attribute:
      attributes.append(Int32(value))
      state = .attribute
    case .role:
      let role = PartRole.byOrder[value]
      append(CellsConfiguration.Part(role: role, program: 0))
      state = role == .drums ? .part : .role
    default:
      if !parts.isEmpty { parts[parts.count - 1].program = value }
      state = .part
    }
  }

  // MARK: Bars

  private mutating func beginBar() {
    closeCell()
    // A bar that breaks off is filled, so that the rows of the memory stay whole.
    while part < parts.count, barCount > 0 { complete(Cell()) }
    if barCount > 0 { hasOnlyQuarterBars = hasOnlyQuarterBars && timeSignature == layout.quarterBar }
    barStart = barEnd
    barEnd = barStart + layout.meters.barLengths[timeSignature]
    barCount += 1
    part = 0
    prepareCell()
    state = .bar
  }

  // MARK: Cells

  /// Whether the notes of a cell are being said one by one.
  private var isSpelling: Bool {
    switch state {
    case .notes, .position, .value, .note: true
    default: false
    }
  }

  /// Ends a spelled cell, whose end no token states; the next part's turn begins.
  private mutating func closeCell() {
    guard isSpelling || state == .rhythm else { return }
    let summary = CellMemory.summary(memory.notes[cellFirst...], isDrum: isDrum)
    complete(
      Cell(
        first: Int32(cellFirst), count: Int32(cellCount), rhythm: Int32(cellFirst),
        onsets: Int32(summary.onsets), lastOnset: Int32(summary.last), reach: Int32(summary.reach),
        form: state == .rhythm ? .rhythm(sourceLag) : .notes))
  }

  /// Ends the cell before and says whether there is a part for another.
  private mutating func beginCell() -> Bool {
    closeCell()
    return barCount > 0 && part < parts.count
  }

  private mutating func prepareCell() {
    cellFirst = memory.notes.count
    cellCount = 0
    cellOnsets = 0
    lastOnset = -1
    lastPitch = -1
    cursor = 0
    stated = -1
    value = -1
  }

  /// Puts a cell into the memory; it is the next part's turn.
  private mutating func complete(_ cell: Cell) {
    var cell = cell
    cell.level = max(0, levels[part])
    if cell.count > 0, !hasSounded[part] {
      hasSounded[part] = true
      soundedCount += 1
    }
    memory.cells.append(cell)
    part += 1
    prepareCell()
    state = .ready
  }

  private mutating func copyCell(lag: Int) {
    var cell = memory.cell(lag) ?? Cell()
    cell.form = cell.isEmpty ? .rest : .same(lag)
    noteCount += Int(cell.count)
    if cell.count > 0 { furthestEnd = max(furthestEnd, barStart + Int(cell.reach)) }
    lastLags[part] = Int16(lag)
    complete(cell)
  }

  private mutating func beginRhythm(lag: Int) {
    guard let cell = memory.cell(lag), !cell.isEmpty else {
      complete(Cell())
      return
    }
    source = cell
    sourceLag = lag
    lastLags[part] = Int16(lag)
    state = .rhythm
  }

  private mutating func takeLevel(_ level: Int) {
    if isSpelling, isDrum {
      value = level
      state = .value
      return
    }
    guard beginCell() else { return }
    levels[part] = Int16(level)
    state = .level
  }

  private mutating func takePitch(_ pitch: Int, isNewOnset: Bool) {
    guard part < parts.count else { return }
    if state == .rhythm {
      takePitchInRhythm(pitch)
    } else if isSpelling {
      takeSpelled(pitch, isNewOnset: isNewOnset || cellCount == 0)
    }
  }

  private mutating func takeSpelled(_ pitch: Int, isNewOnset: Bool) {
    let isDrum = isDrum
    let onset = isNewOnset ? nextOnset : lastOnset
    if isDrum {
      if value < 0 { value = 0 }
      if isNewOnset { cursor = layout.drumCursor(onset: onset, previous: cellOnsets > 0 ? lastOnset : nil) }
      furthestEnd = max(furthestEnd, barStart + onset + 1)
    } else {
      value = max(1, value)
      cursor = onset + value
      furthestEnd = max(furthestEnd, barStart + cursor)
    }
    if isNewOnset { cellOnsets += 1 }
    append(
      CellNote(
        onset: UInt16(truncatingIfNeeded: onset), value: UInt16(truncatingIfNeeded: value),
        pitch: UInt8(truncatingIfNeeded: pitch)))
    stated = -1
    state = .note
  }

  private mutating func takePitchInRhythm(_ pitch: Int) {
    var note = memory.note(cellCount, of: source)
    note.pitch = UInt8(truncatingIfNeeded: pitch)
    append(note)
    let isDrum = isDrum
    furthestEnd = max(furthestEnd, barStart + Int(note.onset) + (isDrum ? 1 : Int(note.value)))
    guard cellCount == Int(source.count) else { return }
    var cell = source
    cell.first = Int32(cellFirst)
    cell.form = .rhythm(sourceLag)
    complete(cell)
  }

  private mutating func append(_ note: CellNote) {
    memory.notes.append(note)
    cellCount += 1
    noteCount += 1
    lastOnset = Int(note.onset)
    lastPitch = Int(note.pitch)
  }
}
