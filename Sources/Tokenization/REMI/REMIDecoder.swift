internal import Music

/// Reads ids back onto the grid, one at a time, and refuses ids that are not allowed at their place.
struct REMIDecoder: TokenDecoder {
  /// What was read last, which decides what may come.
  private enum State {
    case start, bar, timeSignature, position, tempo, program, pitch, velocity, note, end
  }

  private let layout: REMILayout
  private var grid = GridScore()
  private var state = State.start
  /// How many ids were read.
  private var idCount = 0
  private var barStart = 0
  private var barEnd = 0
  private var step = -1
  private var program = 0
  private var pitch = 0
  private var velocity = 0
  /// The index of the first id of the bar, and of the note in progress.
  private var firstIDOfBar = 0
  private var firstIDOfNote = 0

  init(_ layout: REMILayout) {
    self.layout = layout
  }

  var ticksPerQuarter: Int { GridScore.ticks(layout).perQuarter }

  mutating func reserveCapacity(idCount: Int) {
    grid.notes.reserveCapacity(idCount / 4)
    grid.bars.reserveCapacity(idCount / 16)
    grid.tempos.reserveCapacity(idCount / 8)
  }

  mutating func take(_ id: Int32, into music: inout DecodedMusic) throws(TokenizationError) {
    let (notes, tempos) = (grid.notes.count, grid.tempos.count)
    let bar = id == REMILayout.bar || id == REMILayout.end ? openBar : nil
    try read(id)
    if let bar { music.bars.append(bar) }
    guard grid.notes.count > notes || grid.tempos.count > tempos else { return }
    let ticks = GridScore.ticks(layout).perStep
    if grid.notes.count > notes {
      let note = grid.notes[notes]
      music.notes.append(
        DecodedNote(
          note: Note(
            onset: note.step * ticks, duration: note.duration * ticks, pitch: note.pitch,
            velocity: layout.velocities.values[note.velocity]),
          program: note.program == REMILayout.drums ? nil : note.program, ids: firstIDOfNote..<idCount))
    }
    if grid.tempos.count > tempos {
      let tempo = grid.tempos[tempos]
      music.tempos.append(
        TempoChange(
          tick: tempo.step * ticks, microsecondsPerQuarter: layout.tempos.microsecondsPerQuarter[tempo.tempo])
      )
    }
  }

  /// The bar that ends before the next id, which begins a bar or ends the piece; nil if there is none.
  private var openBar: DecodedBar? {
    guard let bar = grid.bars.last, state != .end else { return nil }
    let ticks = GridScore.ticks(layout).perStep
    return DecodedBar(
      number: grid.bars.count - 1, start: bar.start * ticks, end: barEnd * ticks,
      timeSignature: layout.timeSignatures[bar.timeSignature], ids: firstIDOfBar..<idCount)
  }

  func finished() throws(TokenizationError) -> DecodedScore {
    let grid = try checkedGrid()
    guard !grid.notes.isAscending else { return grid.placedScore(layout) }
    let order = grid.notes.indices.sorted { (grid.notes[$0], $0) < (grid.notes[$1], $1) }
    var sorted = grid
    sorted.notes = order.map { grid.notes[$0] }
    var result = sorted.placedScore(layout)
    let places = result.places
    for (place, index) in zip(places, order) { result.places[index] = place }
    return result
  }

  /// The score on the grid, its notes in order.
  func gridScore() throws(TokenizationError) -> GridScore {
    var grid = try checkedGrid()
    if !grid.notes.isAscending { grid.notes.sort() }
    return grid
  }

  /// What was read, if it can be cut here.
  private func checkedGrid() throws(TokenizationError) -> GridScore {
    switch state {
    case .timeSignature, .tempo, .note, .end: break
    default: throw .truncated(expected: expectation)
    }
    guard !grid.notes.isEmpty else { throw .noNotes }
    return grid
  }

  /// Reads the next id.
  @inline(__always)
  mutating func read(_ id: Int32) throws(TokenizationError) {
    guard id >= 0, Int(id) < layout.count else {
      throw .unknownID(id: id, index: idCount, vocabularySize: layout.count)
    }
    guard take(id, isFirst: idCount == 0) else {
      throw .unexpectedToken(layout.tokens()[Int(id)], index: idCount, expected: expectation)
    }
    idCount += 1
    // No bar is longer than 4,095 steps, so that none of that many begins where a note's step no longer fits its word.
    if state == .timeSignature, grid.bars.count > BarLimit.highest {
      throw .tooLong(bars: grid.bars.count, limit: BarLimit.highest)
    }
  }

  /// Reads one id; false if it is not allowed here.
  private mutating func take(_ id: Int32, isFirst: Bool) -> Bool {
    switch layout.kinds[Int(id)] {
    case .pad: return state == .end
    case .bos: return isFirst
    case .eos, .bar, .timeSignature, .position, .tempo: return takeTime(id)
    case .program, .pitch, .drumPitch, .velocity, .duration: return takeNote(id)
    }
  }

  /// Reads an id of time or tempo; false if it is not allowed here.
  private mutating func takeTime(_ id: Int32) -> Bool {
    switch layout.kinds[Int(id)] {
    case .eos:
      guard mayLeavePosition, !grid.bars.isEmpty else { return false }
      state = .end
    case .bar:
      guard mayLeavePosition || state == .start else { return false }
      barStart = barEnd
      step = -1
      firstIDOfBar = idCount
      state = .bar
    case .timeSignature:
      guard state == .bar else { return false }
      let index = Int(id - layout.timeSignature.lowerBound)
      grid.bars.append(GridBar(start: barStart, timeSignature: index))
      barEnd = barStart + layout.barLengths[index]
      state = .timeSignature
    case .position:
      let next = barStart + Int(id - layout.position.lowerBound)
      guard mayLeavePosition, next > step, next >= barStart, next < barEnd else { return false }
      // The first position states the tempo, so it has to be the first of the piece.
      guard !grid.tempos.isEmpty || next == 0 else { return false }
      step = next
      state = .position
    case .tempo:
      guard state == .position else { return false }
      let index = Int(id - layout.tempo.lowerBound)
      if grid.tempos.last?.tempo != index { grid.tempos.append(GridTempo(step: step, tempo: index)) }
      state = .tempo
    default: return false
    }
    return true
  }

  /// Reads a part of a note; false if it is not allowed here.
  private mutating func takeNote(_ id: Int32) -> Bool {
    switch layout.kinds[Int(id)] {
    case .program:
      guard mayBeginNote else { return false }
      program = Int(id - layout.program.lowerBound)
      firstIDOfNote = idCount
      state = .program
    case .pitch:
      if layout.usesPrograms {
        guard state == .program, program != REMILayout.drums else { return false }
      } else {
        guard mayBeginNote, case .single(let only) = layout.configuration.instruments else { return false }
        program = only
        firstIDOfNote = idCount
      }
      pitch = layout.lowestPitch + Int(id - layout.pitch.lowerBound)
      state = .pitch
    case .drumPitch:
      if layout.usesPrograms {
        guard state == .program, program == REMILayout.drums else { return false }
      } else {
        guard mayBeginNote else { return false }
        program = REMILayout.drums
        firstIDOfNote = idCount
      }
      pitch = Int(id - layout.drumPitch.lowerBound)
      state = .pitch
    case .velocity:
      guard state == .pitch else { return false }
      velocity = Int(id - layout.velocity.lowerBound)
      state = .velocity
    case .duration:
      guard state == .velocity else { return false }
      grid.notes.append(
        GridNote(
          step: step, program: program, pitch: pitch,
          duration: layout.durations.values[Int(id - layout.duration.lowerBound)],
          velocity: velocity))
      state = .note
    default: return false
    }
    return true
  }

  /// Whether all that was begun at this position is complete.
  private var mayLeavePosition: Bool { state == .timeSignature || state == .tempo || state == .note }

  /// Whether a note may begin: at a position, once the first of the piece has a tempo.
  private var mayBeginNote: Bool {
    state == .tempo || state == .note || (state == .position && !grid.tempos.isEmpty)
  }

  /// The tokens that are allowed next, in words.
  private var expectation: String {
    switch state {
    case .start: "Bar_None"
    case .bar: "a TimeSig"
    case .timeSignature:
      grid.tempos.isEmpty ? "Position_0" : "a Position within the bar, Bar_None or EOS_None"
    case .position: grid.tempos.isEmpty ? "a Tempo" : "a Tempo or a note"
    case .tempo, .note: "a note, a later Position within the bar, Bar_None or EOS_None"
    case .program: program == REMILayout.drums ? "a PitchDrum" : "a Pitch"
    case .pitch: "a Velocity"
    case .velocity: "a Duration"
    case .end: "nothing but PAD_None"
    }
  }
}

extension Array where Element: Comparable {
  /// Whether there is nothing to sort.
  fileprivate var isAscending: Bool {
    for index in indices.dropFirst() where self[index] < self[index - 1] { return false }
    return true
  }
}
