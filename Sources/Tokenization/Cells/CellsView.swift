package import Music

/// What is known of a piece in cells after some ids, for whoever sets limits to its music. It is a value: a copy continues by itself.
package struct CellsView: Sendable {
  /// What was taken last, as far as it decides what an id means.
  package enum Situation: Sendable, Hashable {
    /// The header: before the key, before the length, before the first part or after another one, after the role of a part.
    case key, length, parts, program
    /// A bar has begun; its time signature may follow.
    case barLine
    /// A bar's heading is complete, or a cell.
    case betweenCells
    /// The loudness of the next cell was said, so that it has notes.
    case level
    /// A cell is spelled: nothing yet, a position, a duration or a drum's loudness, a note.
    case notes, position, value, note
    /// A cell whose rhythm is known waits for its next pitch.
    case rhythm
    /// Before the header, and after the end.
    case outside
  }

  /// What an id is.
  package enum Kind: Sendable, Hashable {
    case end, bar, rest, notes, same, rhythm, position, duration, pitch, and, velocity, key, length, role
    case program, timeSignature, other
  }

  /// A note of a cell: its step in the bar, its duration in steps (of a drum 1) and its pitch as it sounds.
  package struct Note: Sendable, Hashable {
    package var onset: Int
    package var duration: Int
    package var pitch: Int

    package init(onset: Int, duration: Int, pitch: Int) {
      self.onset = onset
      self.duration = duration
      self.pitch = pitch
    }
  }

  private var progress: CellProgress

  /// The beginning of a piece.
  /// - Returns: Nil for another tokenizer.
  package init?(_ tokenizer: any Tokenizer) {
    guard let cells = tokenizer as? CellsTokenizer else { return nil }
    progress = CellProgress(cells.layout)
  }

  /// Takes the next id.
  package mutating func advance(_ id: Int32) { progress.advance(id) }
}

// MARK: - The vocabulary

extension CellsView {
  private var layout: CellsLayout { progress.layout }

  /// The kinds of all ids.
  package func kinds() -> [Kind] {
    layout.kinds.map { kind in
      switch kind {
      case .eos: .end
      case .bar: .bar
      case .rest: .rest
      case .notes: .notes
      case .same: .same
      case .rhythm: .rhythm
      case .position: .position
      case .duration: .duration
      case .pitch, .drum: .pitch
      case .and, .andDrum: .and
      case .velocity: .velocity
      case .key: .key
      case .length: .length
      case .role: .role
      case .program: .program
      case .timeSignature: .timeSignature
      default: .other
      }
    }
  }

  /// What an id says of its kind: the lag, the step, the duration, the written pitch, the number of bars, the program, or the index in
  /// its list.
  package func value(of id: Int32) -> Int { Int(layout.values[Int(id)]) }
  /// The ids of the pitches that begin an onset, and of those that join one; those of drums are others.
  package func pitchIDs(isDrum: Bool) -> (first: Range<Int32>, joining: Range<Int32>, lowest: Int) {
    isDrum
      ? (layout.drum, layout.andDrum, 0)
      : (layout.pitch, layout.and, layout.configuration.pitchRange.lowerBound)
  }
  /// The ids of durations from one step on, of positions from step 1 on, and of time signatures.
  package var durationIDs: Range<Int32> { layout.duration }
  package var positionIDs: Range<Int32> { layout.position }
  package var timeSignatureIDs: Range<Int32> { layout.timeSignature }
  /// The ids of references, from one bar back on, and the one with which a cell is spelled.
  package var sameIDs: Range<Int32> { layout.same }
  package var rhythmIDs: Range<Int32> { layout.rhythm }
  package var notesID: Int32 { CellsLayout.notes }
  /// The id of a key; the tonic is a pitch class.
  package func keyID(tonic: Int, isMinor: Bool) -> Int32 {
    layout.id(layout.key, WrittenKey(tonic: tonic, isMinor: isMinor).index)
  }
  package var keyIDs: Range<Int32> { layout.key }
  /// The role of an index of the ids of roles, and how many parts may have it.
  package func role(_ index: Int) -> (role: PartRole, most: Int) {
    let role = PartRole.byOrder[index]
    return (role, role.mostParts)
  }
  /// The place of a role in the order of parts.
  package static func order(of role: PartRole) -> Int { role.order }
  /// The time signatures, and the lengths of their bars in steps.
  package var timeSignatures: [TimeSignature] { layout.meters.timeSignatures }
  package var barLengths: [Int] { layout.meters.barLengths }
  /// The index of the time signature that every piece has; nil where pieces state theirs.
  package var fixedTimeSignature: Int? {
    layout.timeSignature.isEmpty ? layout.firstTimeSignature : nil
  }
  /// Steps in a quarter note, and the longest duration in steps.
  package var stepsPerQuarter: Int { layout.configuration.stepsPerQuarter }
  package var longestDuration: Int { layout.configuration.maximumDuration }
  /// The parts of every piece; nil where each piece has its own.
  package var fixedParts: [CellsConfiguration.Part]? { layout.configuration.parts }
  /// The tempo of every piece in microseconds a quarter note; nil where each piece has its own.
  package var fixedTempo: Int? { layout.configuration.tempo }
  /// The pitches that there are tokens for.
  package var pitchRange: ClosedRange<Int> { layout.configuration.pitchRange }
}

// MARK: - The place

extension CellsView {
  /// Where the piece has come to.
  package var situation: Situation {
    switch progress.state {
    case .beginning: .key
    case .key: .length
    case .length, .tempo, .attribute, .part: .parts
    case .role: .program
    case .bar: .barLine
    case .timeSignature, .barTempo, .ready: .betweenCells
    case .level: .level
    case .notes: .notes
    case .position: .position
    case .value: .value
    case .note: .note
    case .rhythm: .rhythm
    case .start, .end: .outside
    }
  }

  /// The parts of the piece.
  package var parts: [CellsConfiguration.Part] { progress.parts }
  /// The number of bars that the piece has announced; 0 where it has not.
  package var announcedBars: Int { progress.length }
  /// How many bars have begun.
  package var barCount: Int { progress.barCount }
  /// The step at which the bar begins, and its length.
  package var barStart: Int { progress.barStart }
  package var barLength: Int { progress.barLength }
  /// The index of the time signature that holds.
  package var timeSignature: Int { progress.timeSignature }
  /// By how many semitones the piece sounds higher than it is written.
  package var offset: Int { progress.key.offset }
  /// The pitches that the key of the piece can have.
  package var soundingRange: ClosedRange<Int> {
    let written = layout.writtenPitches(in: progress.key)
    return written.lowerBound + offset...written.upperBound + offset
  }
  /// The part whose cell is being said or is next; the number of parts where the bar is complete.
  package var part: Int { progress.part }
  /// How many notes the cell has.
  package var cellCount: Int { progress.cellCount }
  /// The onset and the sounding pitch of its last note; −1 before the first.
  package var lastOnset: Int { progress.lastOnset }
  package var lastPitch: Int {
    progress.lastPitch < 0 ? -1 : progress.lastPitch + (progress.isDrum ? 0 : offset)
  }
  /// Where a further note begins unless a position says otherwise, and what a position has said; −1 where none has.
  package var cursor: Int { progress.cursor }
  package var statedOnset: Int { progress.stated }
  /// The duration that holds; −1 before the first.
  package var duration: Int { progress.value }

  /// The notes of the cell so far.
  package func cellNotes() -> [Note] {
    progress.memory.notes[progress.cellFirst..<progress.cellFirst + progress.cellCount].map {
      note($0, ofPart: progress.part)
    }
  }

  /// The notes of the cell whose rhythm is taken; empty in another situation.
  package func rhythmSource() -> [Note] {
    progress.state == .rhythm ? notes(of: progress.source, part: progress.part) : []
  }

  /// The notes of the cell of `part` in the bar `lag` bars before the current one; empty where there is none.
  package func notes(ofPart part: Int, barsBack lag: Int) -> [Note] {
    guard let cell = progress.memory.cell(bar: progress.barCount - 1 - lag, part: part) else { return [] }
    return notes(of: cell, part: part)
  }

  private func notes(of cell: Cell, part: Int) -> [Note] {
    (0..<Int(cell.count)).map { note(progress.memory.note($0, of: cell), ofPart: part) }
  }

  private func note(_ note: CellNote, ofPart part: Int) -> Note {
    let isDrum = progress.parts[part].role == .drums
    return Note(
      onset: Int(note.onset), duration: isDrum ? 1 : Int(note.value),
      pitch: Int(note.pitch) + (isDrum ? 0 : offset))
  }
}
