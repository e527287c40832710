internal import MIDI
internal import Music

/// Sorts the events of a MIDI track into parts by channel, and pairs its notes; then of the next track.
struct MIDIPartReader {
  /// A part for each channel, used or not.
  private(set) var parts: [Track]
  /// Which channels have events, as bits.
  private(set) var usedChannels: UInt16 = 0
  /// The events that are for no channel, with the channel that a prefix gave them; −1 where none did.
  private(set) var otherEvents: [(event: MIDIEvent, channel: Int)] = []

  private let policy: MIDIScoreOptions.OverlapPolicy
  /// The notes of all channels in the order in which they begin, and whether they are of more than one.
  private var notes: [Note] = []
  private var noteChannels: UInt16 = 0
  /// For each channel and key the index of the note that the next note-off ends; −1 where none sounds. While a note
  /// sounds its duration links it to the next one in line: −1 is none, −2 − i is note i.
  private var heads: [Int32]
  /// The last note in line.
  private var tails: [Int32]

  init(policy: MIDIScoreOptions.OverlapPolicy) {
    self.policy = policy
    parts = Self.emptyParts
    heads = [Int32](repeating: -1, count: 16 * 128)
    tails = heads
  }

  private static let emptyParts = (0..<16).map { Track(isDrum: $0 == 9, channel: $0) }

  /// Whether any channel has a note.
  var hasNotes: Bool { noteChannels != 0 }

  mutating func read(_ track: MIDITrack, _ warnings: inout ScoreWarningList) {
    notes.reserveCapacity(track.events.count / 2)
    parts = Self.emptyParts
    usedChannels = 0
    noteChannels = 0
    otherEvents.removeAll(keepingCapacity: true)
    var prefix = -1
    for event in track.events {
      if event.status < 0xF0 {
        prefix = -1
        readChannelEvent(event, &warnings)
      } else if event.isMeta && event.data1 == 0x20, let channel = track.payload(of: event).first {
        prefix = channel < 16 ? Int(channel) : -1
      } else {
        if !event.isMeta { prefix = -1 }
        otherEvents.append((event, prefix))
      }
    }
    closeHangingNotes(of: track, &warnings)
    distributeNotes(of: track)
  }

  private mutating func distributeNotes(of track: MIDITrack) {
    if noteChannels.nonzeroBitCount == 1 {
      notes.sortWithinOnsets()
      parts[noteChannels.trailingZeroBitCount].notes = notes
    } else if noteChannels != 0 {
      var index = 0
      for event in track.events where event.status & 0xF0 == 0x90 && event.data2 != 0 {
        parts[event.channel].notes.append(notes[index])
        index += 1
      }
      for channel in 0..<16 { parts[channel].notes.sortWithinOnsets() }
    }
    notes = []
  }

  // MARK: Channel events

  @inline(__always)
  private mutating func readChannelEvent(_ event: MIDIEvent, _ warnings: inout ScoreWarningList) {
    let channel = Int(event.status & 0x0F)
    usedChannels |= 1 << UInt16(channel)
    switch event.status >> 4 {
    case 0x9 where event.data2 != 0: beginNote(event, channel)
    case 0x8, 0x9: endNote(event, channel, &warnings)
    default: readControl(event, channel)
    }
  }

  private mutating func readControl(_ event: MIDIEvent, _ channel: Int) {
    let data1 = Int(event.data1)
    let data2 = Int(event.data2)
    switch event.status >> 4 {
    case 0xA: parts[channel].pressures.append(Pressure(tick: event.tick, pitch: data1, value: data2))
    case 0xB:
      // All sound off, all notes off, and the mode messages, which imply it.
      if data1 == 120 || data1 >= 123 { endAllNotes(channel, at: event.tick) }
      parts[channel].controlChanges.append(
        ControlChange(tick: event.tick, controller: data1, value: data2))
    case 0xC: parts[channel].programChanges.append(ProgramChange(tick: event.tick, program: data1))
    case 0xD: parts[channel].pressures.append(Pressure(tick: event.tick, pitch: nil, value: data1))
    default:
      parts[channel].pitchBends.append(PitchBend(tick: event.tick, value: (data2 << 7 | data1) - 8_192))
    }
  }

  // MARK: Notes

  @inline(__always)
  private mutating func beginNote(_ event: MIDIEvent, _ channel: Int) {
    let slot = channel << 7 | Int(event.data1)
    noteChannels |= 1 << UInt16(channel)
    if policy == .cutAtNext { endAll(in: slot, at: event.tick) }
    let index = Int32(truncatingIfNeeded: notes.count)
    let head = heads[slot]
    var link = -1
    if head < 0 {
      heads[slot] = index
    } else if policy == .lastInFirstOut {
      link = -2 - Int(head)
      heads[slot] = index
    } else {
      notes[Int(tails[slot])].duration = -2 - Int(index)
    }
    tails[slot] = index
    notes.append(
      Note(onset: event.tick, duration: link, pitch: Int(event.data1), velocity: Int(event.data2)))
  }

  @inline(__always)
  private mutating func endNote(
    _ event: MIDIEvent, _ channel: Int, _ warnings: inout ScoreWarningList
  ) {
    let slot = channel << 7 | Int(event.data1)
    let head = Int(heads[slot])
    guard head >= 0 else {
      noteStrayEnd(event, &warnings)
      return
    }
    let link = notes[head].duration
    notes[head].duration = event.tick - notes[head].onset
    heads[slot] = Int32(truncatingIfNeeded: link == -1 ? -1 : -2 - link)
    if policy == .endAll { endAll(in: slot, at: event.tick) }
  }

  private func noteStrayEnd(_ event: MIDIEvent, _ warnings: inout ScoreWarningList) {
    // These policies end notes before their own note-off comes.
    if policy == .endAll || policy == .cutAtNext { return }
    warnings.add(
      "stray-note-off", at: event.offset,
      "a note-off for key \(event.data1) of channel \(event.channel + 1), which does not sound, was ignored")
  }

  private mutating func endAll(in slot: Int, at tick: Int) {
    var index = Int(heads[slot])
    while index >= 0 {
      let link = notes[index].duration
      notes[index].duration = tick - notes[index].onset
      index = link == -1 ? -1 : -2 - link
    }
    heads[slot] = -1
  }

  private mutating func endAllNotes(_ channel: Int, at tick: Int) {
    for key in 0..<128 where heads[channel << 7 | key] >= 0 {
      endAll(in: channel << 7 | key, at: tick)
    }
  }

  private mutating func closeHangingNotes(of track: MIDITrack, _ warnings: inout ScoreWarningList) {
    guard heads.contains(where: { $0 >= 0 }) else { return }
    var index = 0
    for event in track.events where event.status & 0xF0 == 0x90 && event.data2 != 0 {
      defer { index += 1 }
      guard notes[index].duration < 0 else { continue }
      warnings.add(
        "hanging-note", at: event.offset,
        "key \(event.data1) of channel \(event.channel + 1) is never released; it was ended with the track")
    }
    for channel in 0..<16 { endAllNotes(channel, at: track.length) }
  }
}

extension [Note] {
  /// Puts notes that are in order of onset into the order of `Note`'s comparison.
  fileprivate mutating func sortWithinOnsets() {
    var start = 0
    while start < count {
      var end = start + 1
      var isSorted = true
      while end < count, self[end].onset == self[start].onset {
        if isSorted { isSorted = !(self[end] < self[end - 1]) }
        end += 1
      }
      if !isSorted { self[start..<end].sort() }
      start = end
    }
  }
}
