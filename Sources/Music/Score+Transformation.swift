extension Score {
  /// The score `semitones` higher (or lower, where negative), by any number of them. Drums stay as they are, key
  /// signatures follow, and notes that would leave 0...127 are left out, as is the pressure on their keys.
  public func transposed(by semitones: Int) -> Score {
    var result = self
    for index in result.tracks.indices where !result.tracks[index].isDrum {
      result.tracks[index].notes = result.tracks[index].notes.compactMap { note in
        guard let pitch = Pitch(key: note.pitch)?.transposed(by: semitones) else { return nil }
        var moved = note
        moved.pitch = pitch.key
        return moved
      }
      result.tracks[index].pressures = result.tracks[index].pressures.compactMap { pressure in
        guard let key = pressure.pitch else { return pressure }
        guard let pitch = Pitch(key: key)?.transposed(by: semitones) else { return nil }
        var moved = pressure
        moved.pitch = pitch.key
        return moved
      }
    }
    for index in result.keys.indices {
      result.keys[index].fifths = Self.fifths(result.keys[index].fifths, transposedBy: semitones)
    }
    return result
  }

  /// The score without the tracks of which `isRemoved` is true. The length and all that is for the whole piece stay.
  public func withoutTracks(where isRemoved: (Track) throws -> Bool) rethrows -> Score {
    var result = self
    try result.tracks.removeAll(where: isRemoved)
    return result
  }

  /// The score with every onset and every end on the nearest multiple of `step` ticks; a note that would vanish lasts one
  /// step. Other events stay where they are.
  public func quantized(toMultiplesOf step: Int) -> Score {
    precondition(step > 0, "a grid of \(step) ticks is no grid")
    func nearest(_ tick: Int) -> Int { (tick + step / 2) / step * step }
    var result = self
    for index in result.tracks.indices {
      result.tracks[index].notes = result.tracks[index].notes.map { note in
        let onset = nearest(note.onset)
        return Note(
          onset: onset, duration: max(step, nearest(note.end) - onset), pitch: note.pitch,
          velocity: note.velocity)
      }.sorted()
    }
    result.length = max(result.length, result.lastNoteEnd)
    return result
  }

  /// A key signature moved by semitones, spelled with the fewest accidentals (six sharps rather than six flats).
  private static func fifths(_ fifths: Int, transposedBy semitones: Int) -> Int {
    guard semitones % 12 != 0 else { return fifths }
    let turned = (((fifths % 12 + semitones % 12 * 7) % 12) + 12) % 12
    return turned > 6 ? turned - 12 : turned
  }
}
