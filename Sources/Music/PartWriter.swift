internal import MIDI

/// Writes one part as a MIDI track: at each tick first what ends, then what changes the sound, then what begins.
struct PartWriter {
  private let part: Track
  private let channel: UInt8

  init(_ part: Track, channel: Int) {
    self.part = part
    self.channel = UInt8(channel)
  }

  /// The track, ending at `length` or with its last event.
  func track(length: Int) throws(ScoreError) -> MIDITrack {
    try check()
    var track = MIDITrack()
    track.reserveCapacity(part.notes.count * 2 + part.controlChanges.count + 8)
    if !part.name.isEmpty { track.append(.meta(.text(.trackName, Array(part.name.utf8))), at: 0) }
    var others = part.otherEvents.stablySorted(by: \.tick)[...]
    var lists = messageLists()
    while true {
      var first = -1
      var tick = Int.max
      for (index, list) in lists.enumerated() {
        if let next = list.first, next.tick < tick {
          tick = next.tick
          first = index
        }
      }
      // Opaque events come behind the notes that end and before all else.
      if let next = others.first, next.tick < tick || (next.tick == tick && first > 0) {
        others.removeFirst()
        track.append(try next.message, at: next.tick)
        continue
      }
      guard first >= 0, let next = lists[first].popFirst() else { break }
      track.append(status: next.status, data1: next.data1, data2: next.data2, at: next.tick)
    }
    track.end(at: max(length, track.length))
    return track
  }

  // MARK: Messages

  private struct Message {
    var tick: Int
    var status: UInt8
    var data1: UInt8
    var data2: UInt8
  }

  /// The channel messages by kind, in the order in which they stand at one tick; each list is in order of time.
  private func messageLists() -> [ArraySlice<Message>] {
    let notes = Self.sorted(part.notes) { $0 < $1 }
    let ending = Self.sorted(notes) { $0.end < $1.end }
    return [
      ending.lazy.filter { $0.duration > 0 }.map { message(at: $0.end, 0x80, $0.pitch, 64) },
      part.controlChanges.map { message(at: $0.tick, 0xB0, $0.controller, $0.value) },
      programChanges(firstOnset: notes.first?.onset),
      part.pitchBends.map { message(at: $0.tick, 0xE0, ($0.value + 8_192) & 0x7F, ($0.value + 8_192) >> 7) },
      part.pressures.map { pressure in
        pressure.pitch.map { message(at: pressure.tick, 0xA0, $0, pressure.value) }
          ?? message(at: pressure.tick, 0xD0, pressure.value, 0)
      },
      notes.map { message(at: $0.onset, 0x90, $0.pitch, $0.velocity) },
      notes.lazy.filter { $0.duration == 0 }.map { message(at: $0.onset, 0x80, $0.pitch, 64) },
    ].map { (list: [Message]) in list.stablySorted(by: \.tick)[...] }
  }

  /// The program at the beginning, or behind the bank selection that is meant for it, and its changes.
  private func programChanges(firstOnset: Int?) -> [Message] {
    var changes = part.programChanges.stablySorted(by: \.tick)
    if let program = part.program {
      let limit = min(firstOnset ?? .max, changes.first.map { $0.tick - 1 } ?? .max)
      let bank = part.controlChanges.last { ($0.controller == 0 || $0.controller == 32) && $0.tick <= limit }
      changes.insert(ProgramChange(tick: bank?.tick ?? 0, program: program), at: 0)
    }
    return changes.map { message(at: $0.tick, 0xC0, $0.program, 0) }
  }

  private func message(at tick: Int, _ status: UInt8, _ data1: Int, _ data2: Int) -> Message {
    Message(
      tick: tick, status: status | channel, data1: UInt8(truncatingIfNeeded: data1),
      data2: UInt8(truncatingIfNeeded: data2))
  }

  /// The notes in this order; those that are equal in it keep theirs.
  private static func sorted(_ notes: [Note], by precedes: (Note, Note) -> Bool) -> [Note] {
    let isSorted = zip(notes, notes.dropFirst()).allSatisfy { !precedes($1, $0) }
    return isSorted ? notes : notes.sorted(by: precedes)
  }

  // MARK: Ranges

  private func check() throws(ScoreError) {
    for note in part.notes {
      guard note.onset >= 0, note.duration >= 0, (0...127).contains(note.pitch),
        (1...127).contains(note.velocity)
      else {
        throw .unrepresentable(
          "a note at tick \(note.onset) of \(note.duration) ticks, key \(note.pitch), velocity \(note.velocity)"
        )
      }
    }
    try check("program", part.program.map { [(0, $0)] } ?? [], 0...127)
    try check("program", part.programChanges.map { ($0.tick, $0.program) }, 0...127)
    try check("controller", part.controlChanges.map { ($0.tick, $0.controller) }, 0...127)
    try check("controller's value", part.controlChanges.map { ($0.tick, $0.value) }, 0...127)
    try check("pitch bend", part.pitchBends.map { ($0.tick, $0.value) }, -8_192...8_191)
    try check("pressure", part.pressures.map { ($0.tick, $0.value) }, 0...127)
    try check("key", part.pressures.map { ($0.tick, $0.pitch ?? 0) }, 0...127)
    try check("event", part.otherEvents.map { ($0.tick, 0) }, 0...0)
  }

  private func check(
    _ name: String, _ values: [(tick: Int, value: Int)], _ range: ClosedRange<Int>
  ) throws(ScoreError) {
    for (tick, value) in values where tick < 0 || !range.contains(value) {
      throw .unrepresentable("a \(name) of \(value) at tick \(tick)")
    }
  }
}
