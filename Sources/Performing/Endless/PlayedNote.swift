internal import Music

/// A note of a bar where it is played: the one way in which bars become notes of a synthesizer, of an output and of a recording.
struct PlayedNote {
  /// When it begins and ends, in the units of whoever plays it: frames or ticks.
  var start: Int
  var end: Int
  /// The channel, 0...15.
  var channel: Int
  /// The MIDI key number, 0...127.
  var key: Int
  /// 1...127.
  var velocity: Int

  /// The beginning or the end of a note.
  struct Event {
    var time: Int
    var isOn: Bool
    var note: PlayedNote
    /// The place of the note among those of the bar.
    var index: Int
  }
}

extension PerformedBar {
  /// The parts that have to be set up for its notes: those whose channels play.
  var soundingParts: [PerformedPart] {
    let channels = Set(notes.map { parts[$0.part].channel })
    return parts.filter { channels.contains($0.channel) }
  }

  /// Its notes that have a key, in their order.
  /// - Parameters:
  ///   - shortest: How long a note is at least.
  ///   - time: When a tick of the bar is.
  func playedNotes(shortest: Int, at time: (Int) -> Int) -> [PlayedNote] {
    notes.filter { (0...127).contains($0.note.pitch) }.map { performed in
      let note = performed.note, start = time(note.onset)
      return PlayedNote(
        start: start, end: max(time(note.end), start + shortest), channel: parts[performed.part].channel,
        key: note.pitch, velocity: min(max(note.velocity, 1), 127))
    }
  }
}

extension [PlayedNote] {
  /// Their beginnings and ends by time; at one time ends come before beginnings.
  var events: [PlayedNote.Event] {
    let all = enumerated().flatMap { index, note in
      [
        PlayedNote.Event(time: note.start, isOn: true, note: note, index: index),
        PlayedNote.Event(time: note.end, isOn: false, note: note, index: index),
      ]
    }
    return all.sorted { ($0.time, $0.isOn ? 1 : 0, $0.index) < ($1.time, $1.isOn ? 1 : 0, $1.index) }
  }
}
