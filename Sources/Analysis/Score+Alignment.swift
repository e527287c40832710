public import Music

extension Score {
  /// The score with its beats and bars where an alignment found them.
  ///
  /// Notes and all other events move by the alignment's shift, section by section; what is said at tick 0 stays there, and what would
  /// come before it comes with it. Later changes of time signature go to the nearest beat. Where the piece begins later than it
  /// did, within its first bar, that bar becomes a pickup.
  public func aligned(by alignment: BeatAlignment) -> Score {
    guard alignment.isNeeded else { return self }
    func place(_ tick: Int) -> Int { tick <= 0 ? 0 : max(0, alignment.alignedTick(tick)) }
    func moved<Event: TickOrdered>(_ events: [Event]) -> [Event] {
      events.map { event in
        var event = event
        event.tick = place(event.tick)
        return event
      }
    }
    var result = self
    for index in tracks.indices {
      result.tracks[index].notes = tracks[index].notes.map { note in
        let onset = max(0, alignment.alignedTick(note.onset))
        var note = note
        note.duration = max(min(note.duration, 1), max(0, alignment.alignedTick(note.end)) - onset)
        note.onset = onset
        return note
      }.sorted()
      result.tracks[index].programChanges = moved(tracks[index].programChanges)
      result.tracks[index].controlChanges = moved(tracks[index].controlChanges)
      result.tracks[index].pitchBends = moved(tracks[index].pitchBends)
      result.tracks[index].pressures = moved(tracks[index].pressures)
      result.tracks[index].otherEvents = moved(tracks[index].otherEvents)
    }
    result.tempos = moved(tempos)
    result.keys = moved(keys)
    result.markers = moved(markers)
    result.otherEvents = moved(otherEvents)
    result.timeSignatures = moved(timeSignatures).map { change in
      let beat = max(1, 4 * ticksPerQuarter / max(4, change.timeSignature.denominator))
      return TimeSignatureChange(
        tick: (change.tick + beat / 2) / beat * beat, timeSignature: change.timeSignature)
    }
    result.length = max(place(length), result.lastNoteEnd)
    result.pickup = pickup(of: result, alignment)
    return result
  }

  /// How much of the first bar of the moved score is real.
  private func pickup(of moved: Score, _ alignment: BeatAlignment) -> Int {
    let metre = alignment.timeSignature
    let bar = 4 * ticksPerQuarter * metre.numerator / metre.denominator
    let first = moved.tracks.compactMap { $0.notes.first?.onset }.min() ?? 0
    guard first < bar else { return 0 }
    guard pickup > 0 else { return alignment.shift > 0 && alignment.shift < bar ? bar - alignment.shift : 0 }
    let moved = (pickup - alignment.shift).modulo(bar)
    return bar - moved <= first ? moved : 0
  }
}
