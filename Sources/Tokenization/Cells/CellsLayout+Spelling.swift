// MARK: - The notes of a cell as ids

extension CellsLayout {
  /// Appends the notes of a cell one by one: positions and durations (of drums, loudnesses) where they are said, and pitches.
  func spell(_ notes: ArraySlice<CellNote>, isDrum: Bool, into ids: inout [Int32]) {
    if isDrum { spellDrums(notes, into: &ids) } else { spellPitched(notes, into: &ids) }
  }

  /// Appends the pitches alone of a cell whose rhythm is said otherwise.
  func writePitches(_ notes: ArraySlice<CellNote>, isDrum: Bool, into ids: inout [Int32]) {
    var onset = -1
    for note in notes {
      ids.append(pitchID(note, isNewOnset: Int(note.onset) != onset, isDrum: isDrum))
      onset = Int(note.onset)
    }
  }

  private func spellPitched(_ notes: ArraySlice<CellNote>, into ids: inout [Int32]) {
    var (cursor, onset, duration) = (0, -1, -1)
    for note in notes {
      let begins = Int(note.onset) != onset
      onset = Int(note.onset)
      if begins, onset != cursor { ids.append(id(position, onset, from: 1)) }
      if Int(note.value) != duration {
        duration = Int(note.value)
        ids.append(id(self.duration, duration, from: 1))
      }
      ids.append(pitchID(note, isNewOnset: begins, isDrum: false))
      cursor = onset + duration
    }
  }

  private func spellDrums(_ notes: ArraySlice<CellNote>, into ids: inout [Int32]) {
    var (cursor, onset, level) = (0, -1, -1)
    for note in notes {
      let begins = Int(note.onset) != onset
      if begins {
        if Int(note.onset) != cursor { ids.append(id(position, Int(note.onset), from: 1)) }
        cursor = drumCursor(onset: Int(note.onset), previous: onset >= 0 ? onset : nil)
        onset = Int(note.onset)
      }
      if Int(note.value) != level {
        level = Int(note.value)
        if !velocity.isEmpty { ids.append(id(velocity, level)) }
      }
      ids.append(pitchID(note, isNewOnset: begins, isDrum: true))
    }
  }

  private func pitchID(_ note: CellNote, isNewOnset: Bool, isDrum: Bool) -> Int32 {
    let pitch = Int(note.pitch)
    let lowest = configuration.pitchRange.lowerBound
    return switch (isDrum, isNewOnset) {
    case (false, true): id(self.pitch, pitch, from: lowest)
    case (false, false): id(and, pitch, from: lowest)
    case (true, true): id(drum, pitch)
    case (true, false): id(andDrum, pitch)
    }
  }
}
