package import Music

/// The highest line of what a player plays, on the beats of a performance.
package struct HeardTune {
  private struct Heard {
    var onset: Double
    var end: Double?
    var pitch: Int
  }

  private var notes: [Heard] = []

  /// Nothing yet.
  package init() {}

  /// So many notes are kept.
  private static let mostNotes = 2048
  /// What begins so many quarter notes after another note begins with it.
  private static let together = 0.08
  /// A note may reach so many quarter notes into the next one, as in a legato.
  private static let overlap = 0.25
  /// A key that goes up when this share of the time to the next onset has passed is taken to be held until then.
  private static let legatoShare = 0.5

  /// A key goes down.
  package mutating func press(_ pitch: Int, at beat: Double) {
    lift(pitch, at: beat)
    if notes.count == Self.mostNotes { notes.removeFirst(Self.mostNotes / 4) }
    notes.append(Heard(onset: beat, end: nil, pitch: pitch))
  }

  /// A key goes up.
  package mutating func lift(_ pitch: Int, at beat: Double) {
    guard let place = notes.lastIndex(where: { $0.pitch == pitch && $0.end == nil }) else { return }
    notes[place].end = max(beat, notes[place].onset)
  }

  /// The line before a beat, one note after another, in twelfths of a quarter note; what is still held is held until that beat.
  /// - Parameters:
  ///   - beat: Where it ends, in quarter notes.
  ///   - period: Seconds in a quarter note.
  package func line(until beat: Double, period: Double) -> [Note] {
    let top = top
    let end = Int((12 * beat).rounded())
    let places = RhythmQuantizer.places(top.map(\.onset), periods: top.map { _ in period })
    var line: [Note] = []
    for (index, place) in places.enumerated() where place < end {
      let next = places.indices.contains(index + 1) ? min(places[index + 1], end) : end
      var last = top[index].end.map { Int((12 * $0).rounded()) } ?? end
      if Double(last - place) >= Self.legatoShare * Double(next - place), last < next + 3 {
        last = next
      } else if last - place > 3 {
        last = place + (last - place + 1) / 3 * 3
      }
      last = min(max(last, place + 1), next)
      if last > place {
        line.append(Note(onset: place, duration: last - place, pitch: top[index].pitch, velocity: 80))
      }
    }
    return line
  }

  /// Of notes that begin together the highest, without those that begin beneath another.
  private var top: [Heard] {
    var top: [Heard] = []
    for note in notes {
      guard let last = top.last else {
        top.append(note)
        continue
      }
      if note.onset - last.onset < Self.together {
        if note.pitch > last.pitch { top[top.count - 1] = note }
      } else if note.pitch > last.pitch || last.end.map({ $0 < note.onset + Self.overlap }) ?? false {
        top.append(note)
      }
    }
    return top
  }
}
