internal import MIDI
internal import Music

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
    let notes =
      zip(part.notes, part.notes.dropFirst()).allSatisfy { $0 <= $1 } ? part.notes : part.notes.sorted()
    let controls = controls(firstOnset: notes.first?.onset)
    var track = MIDITrack()
    track.reserveCapacity(notes.count * 2 + controls.count + 1)
    let name = part.name.isEmpty ? part.role?.trackName ?? "" : part.name
    if !name.isEmpty { track.append(try ScoreWriting.text(.trackName, name), at: 0) }
    let on = 0x90 | channel
    let off = 0x80 | channel
    var sounding = NoteEndQueue()
    // Notes without duration end after all that begin at their tick.
    var instants: [Note] = []
    var nextInstant = 0
    var nextNote = 0
    var nextControl = 0
    while true {
      let noteTick = nextNote < notes.count ? notes[nextNote].onset : Int.max
      let controlTick = nextControl < controls.count ? controls[nextControl].tick : Int.max
      let instantTick = nextInstant < instants.count ? instants[nextInstant].onset : Int.max
      let beginning = min(noteTick, controlTick, instantTick)
      if let first = sounding.first, first.tick <= beginning {
        track.append(status: off, data1: first.pitch, data2: 64, at: first.tick)
        sounding.removeFirst()
      } else if beginning == Int.max {
        break
      } else if controlTick == beginning {
        try controls[nextControl].append(to: &track, part)
        nextControl += 1
      } else if noteTick == beginning {
        let note = notes[nextNote]
        track.append(
          status: on, data1: UInt8(truncatingIfNeeded: note.pitch),
          data2: UInt8(truncatingIfNeeded: note.velocity), at: note.onset)
        if note.duration > 0 {
          sounding.insert(pitch: UInt8(truncatingIfNeeded: note.pitch), tick: note.end, order: nextNote)
        } else {
          instants.append(note)
        }
        nextNote += 1
      } else {
        let pitch = UInt8(truncatingIfNeeded: instants[nextInstant].pitch)
        track.append(status: off, data1: pitch, data2: 64, at: instantTick)
        nextInstant += 1
      }
    }
    if length - track.length <= Self.longestPause { track.end(at: max(length, track.length)) }
    return track
  }

  /// The longest pause before the end of a track that one delta time can hold. The first track has the length of the score
  /// is; were a longer pause bridged in each of many tracks, a small score could make a huge file.
  private static let longestPause = 0x0FFF_FFFF

  // MARK: Controls

  /// A channel message, or one of the part's opaque events.
  private struct Control: TickOrdered {
    var tick: Int
    var status: UInt8 = 0
    var data1: UInt8 = 0
    var data2: UInt8 = 0
    /// The index of the opaque event that it is; −1 where it is a channel message.
    var opaque = -1

    func append(to track: inout MIDITrack, _ part: Track) throws(ScoreError) {
      if opaque >= 0 {
        track.append(try part.otherEvents[opaque].message, at: tick)
      } else {
        track.append(status: status, data1: data1, data2: data2, at: tick)
      }
    }
  }

  /// Everything but the notes, by tick, and at one tick in this order: opaque events, controllers (the bank, which a program
  /// change needs first, among them), programs, bends, pressure.
  private func controls(firstOnset: Int?) -> [Control] {
    var controls = part.otherEvents.indices.map { Control(tick: part.otherEvents[$0].tick, opaque: $0) }
    controls += part.controlChanges.map { control(at: $0.tick, 0xB0, $0.controller, $0.value) }
    controls += programChanges(firstOnset: firstOnset).map { control(at: $0.tick, 0xC0, $0.program, 0) }
    controls += part.pitchBends.map {
      control(at: $0.tick, 0xE0, ($0.value + 8_192) & 0x7F, ($0.value + 8_192) >> 7)
    }
    controls += part.pressures.map { pressure in
      pressure.pitch.map { control(at: pressure.tick, 0xA0, $0, pressure.value) }
        ?? control(at: pressure.tick, 0xD0, pressure.value, 0)
    }
    return controls.stablySorted()
  }

  /// The program at the beginning, or after the bank selection that is meant for it, and its changes. At one tick they
  /// come before the notes, which is what a change at a note's tick means in a score.
  private func programChanges(firstOnset: Int?) -> [ProgramChange] {
    var changes = part.programChanges.stablySorted()
    if let program = part.program {
      let limit = min(firstOnset ?? .max, changes.first.map { $0.tick - 1 } ?? .max)
      let bank = part.controlChanges.last { ($0.controller == 0 || $0.controller == 32) && $0.tick <= limit }
      changes.insert(ProgramChange(tick: bank?.tick ?? 0, program: program), at: 0)
    }
    return changes
  }

  private func control(at tick: Int, _ status: UInt8, _ data1: Int, _ data2: Int) -> Control {
    Control(
      tick: tick, status: status | channel, data1: UInt8(truncatingIfNeeded: data1),
      data2: UInt8(truncatingIfNeeded: data2))
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
