internal import Music

extension Score {
  /// The music from a bar's beginning on, at tick 0: the notes that begin there, with the tempo, metre and key that hold.
  func suffix(fromBar index: Int) -> Score {
    let bars = self.bars
    guard index < bars.count else { return Score(ticksPerQuarter: ticksPerQuarter) }
    return suffix(fromTick: bars[index].start)
  }

  /// The music from a tick on, at tick 0.
  func suffix(fromTick start: Int) -> Score {
    var score = self
    score.pickup = 0
    score.length = length - start
    score.tempos = Self.shifted(tempos, by: start, tick: \.tick)
    score.metres = Self.shifted(metres, by: start, tick: \.tick)
    score.keys = Self.shifted(keys, by: start, tick: \.tick)
    score.markers = markers.filter { $0.tick >= start }.map { .init(tick: $0.tick - start, text: $0.text) }
    score.otherEvents = []
    score.tracks = tracks.map { track in
      var track = track
      track.notes = track.notes.filter { $0.onset >= start }
      for note in track.notes.indices { track.notes[note].onset -= start }
      track.programChanges = Self.shifted(track.programChanges, by: start, tick: \.tick)
      if let first = track.programChanges.first, first.tick == 0 {
        track.program = first.program
        track.programChanges.removeFirst()
      }
      track.controlChanges = []
      track.pitchBends = []
      track.pressures = []
      track.otherEvents = []
      return track
    }
    score.tracks.removeAll { $0.notes.isEmpty }
    return score
  }

  /// The changes from `start` on, moved to begin there, after the last one before, which still holds.
  private static func shifted<Change>(
    _ changes: [Change], by start: Int, tick: WritableKeyPath<Change, Int>
  ) -> [Change] {
    let holding = changes.last { $0[keyPath: tick] <= start }
    let later = changes.filter { $0[keyPath: tick] > start }
    return ([holding].compactMap { $0 } + later).map { change in
      var change = change
      change[keyPath: tick] = max(0, change[keyPath: tick] - start)
      return change
    }
  }
}
