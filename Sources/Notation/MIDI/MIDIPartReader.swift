internal import Groundwork
internal import MIDI
internal import Music

/// Sorts the events of a MIDI track into parts by channel, and pairs its notes; then of the next track.
///
/// In a score a change of program holds for the notes of its tick, but in a channel it holds for what follows it: a
/// note before it, of the same tick, keeps the program that it began with. Such a change is therefore put one tick later.
/// A note of that tick after the change would then miss it, and goes to a part of its own that begins with
/// the new program, has the controls of its channel, and leaves the choice of a channel to the writer. Drums have no other
/// channel to go to: there the note stays, and so does the drum kit, for this tick.
struct MIDIPartReader {
  /// A part for each channel, used or not.
  private(set) var parts: [Track]
  /// The parts that notes after a change of program went to.
  private(set) var splitParts: [Track] = []
  /// Which channels have events, as bits.
  private(set) var usedChannels: UInt16 = 0
  /// The events that are for no channel, with the channel that a prefix gave them; −1 where none did.
  private(set) var otherEvents: [(event: MIDIEvent, channel: Int)] = []

  private let policy: MIDIScoreOptions.OverlapPolicy
  /// The index of each note that goes to a part of its own, by onset, and that part's among `splitParts`.
  private var splitNotes: [(note: Int, part: Int)] = []
  /// The events of the track, and the index of the one that is being read.
  private var events: [MIDIEvent] = []
  private var place = 0
  /// The last tick at which a program was changed after a note, on which channels that was, and to which programs.
  private var lateTick = -1
  private var lateChannels: UInt16 = 0
  private var latePrograms = [Int](repeating: 0, count: 16)
  /// How many notes sound.
  private var soundingCount = 0
  /// The notes of all channels in the order in which they begin, and whether they are of more than one.
  private var notes: [Note] = []
  private var noteChannels: UInt16 = 0
  /// For each channel and key the index of the note that the next note-off ends; −1 where none sounds. While a note
  /// sounds its duration links it to the next one in line: −1 is none, −2 − i is note i.
  private var heads: [Int32]
  /// The last note in line.
  private var tails: [Int32]

  /// The most parts that one track's program changes may make.
  private static let splitPartLimit = 16

  init(policy: MIDIScoreOptions.OverlapPolicy) {
    self.policy = policy
    parts = Self.emptyParts
    heads = [Int32](repeating: -1, count: 16 * 128)
    tails = heads
  }

  private static let emptyParts = (0..<16).map { Track(isDrum: $0 == 9, channel: $0) }

  /// Whether any channel has a note.
  var hasNotes: Bool { noteChannels != 0 }

  /// Reads a track.
  /// - Parameter index: its number in the file, for what is reported.
  mutating func read(_ track: MIDITrack, index: Int, _ diagnostics: inout DiagnosticSink) {
    notes.reserveCapacity(track.events.count / 2)
    parts = Self.emptyParts
    usedChannels = 0
    noteChannels = 0
    splitParts = []
    splitNotes = []
    lateTick = -1
    events = track.events
    place = 0
    otherEvents.removeAll(keepingCapacity: true)
    var prefix = -1
    for event in track.events {
      if event.status < 0xF0 {
        prefix = -1
        readChannelEvent(event, track: index, &diagnostics)
      } else if event.isMeta && event.data1 == 0x20, let channel = track.payload(of: event).first {
        prefix = channel < 16 ? Int(channel) : -1
      } else {
        if !event.isMeta { prefix = -1 }
        otherEvents.append((event, prefix))
      }
      place += 1
    }
    events = []
    closeHangingNotes(of: track, index: index, &diagnostics)
    distributeNotes(of: track)
  }

  private mutating func distributeNotes(of track: MIDITrack) {
    if noteChannels.nonzeroBitCount == 1 && splitNotes.isEmpty {
      notes.sortWithinOnsets()
      parts[noteChannels.trailingZeroBitCount].notes = notes
    } else if noteChannels != 0 {
      var index = 0
      var split = splitNotes[...]
      var nextSplit = split.first?.note ?? -1
      for event in track.events where event.status & 0xF0 == 0x90 && event.data2 != 0 {
        if index == nextSplit {
          splitParts[split.removeFirst().part].notes.append(notes[index])
          nextSplit = split.first?.note ?? -1
        } else {
          parts[event.channel].notes.append(notes[index])
        }
        index += 1
      }
      for channel in 0..<16 { parts[channel].notes.sortWithinOnsets() }
      finishSplitParts()
    }
    notes = []
  }

  /// Gives the parts that were split off what is done to the sound of the channels that they came from.
  private mutating func finishSplitParts() {
    for index in splitParts.indices {
      splitParts[index].notes.sortWithinOnsets()
      guard let channel = splitParts[index].channel else { continue }
      splitParts[index].channel = nil
      splitParts[index].controlChanges = parts[channel].controlChanges
      splitParts[index].pitchBends = parts[channel].pitchBends
    }
  }

  // MARK: Channel events

  @inline(__always)
  private mutating func readChannelEvent(
    _ event: MIDIEvent, track: Int, _ diagnostics: inout DiagnosticSink
  ) {
    let channel = Int(event.status & 0x0F)
    usedChannels |= 1 << UInt16(channel)
    switch event.status >> 4 {
    case 0x9 where event.data2 != 0: beginNote(event, channel)
    case 0x8, 0x9: endNote(event, channel, track: track, &diagnostics)
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
    case 0xC: changeProgram(event, channel)
    case 0xD: parts[channel].pressures.append(Pressure(tick: event.tick, pitch: nil, value: data1))
    default:
      parts[channel].pitchBends.append(PitchBend(tick: event.tick, value: (data2 << 7 | data1) - 8_192))
    }
  }

  private mutating func changeProgram(_ event: MIDIEvent, _ channel: Int) {
    let isLate = standsBehindANote(event)
    if isLate {
      if lateTick != event.tick { lateChannels = 0 }
      lateTick = event.tick
      lateChannels |= 1 << UInt16(channel)
      latePrograms[channel] = Int(event.data1)
    }
    parts[channel].programChanges.append(
      ProgramChange(tick: isLate ? event.tick + 1 : event.tick, program: Int(event.data1)))
  }

  /// Whether a note of its channel is before a change of program at the same tick.
  private func standsBehindANote(_ change: MIDIEvent) -> Bool {
    for event in events[..<place].reversed() {
      guard event.tick == change.tick else { return false }
      if event.status == change.status {
        // What is before this change was looked at for its sake.
        return lateTick == change.tick && lateChannels >> UInt16(change.channel) & 1 != 0
      }
      if event.status == 0x90 | change.status & 0x0F && event.data2 != 0 { return true }
    }
    return false
  }

  // MARK: Notes

  /// Sends a note that follows a change of program of its own tick to the part that begins with that program.
  private mutating func splitOff(note index: Int, of channel: Int) {
    let program = latePrograms[channel]
    var part = splitParts.firstIndex { $0.channel == channel && $0.program == program }
    if part == nil, splitParts.count < Self.splitPartLimit {
      part = splitParts.count
      splitParts.append(Track(program: program, channel: channel))
    }
    if let part { splitNotes.append((index, part)) }
  }

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
    soundingCount += 1
    if event.tick == lateTick, channel != 9, lateChannels >> UInt16(channel) & 1 != 0 {
      splitOff(note: Int(index), of: channel)
    }
    notes.append(
      Note(onset: event.tick, duration: link, pitch: Int(event.data1), velocity: Int(event.data2)))
  }

  @inline(__always)
  private mutating func endNote(
    _ event: MIDIEvent, _ channel: Int, track: Int, _ diagnostics: inout DiagnosticSink
  ) {
    let slot = channel << 7 | Int(event.data1)
    let head = Int(heads[slot])
    guard head >= 0 else {
      reportStrayEnd(event, track: track, &diagnostics)
      return
    }
    let link = notes[head].duration
    notes[head].duration = event.tick - notes[head].onset
    heads[slot] = Int32(truncatingIfNeeded: link == -1 ? -1 : -2 - link)
    soundingCount -= 1
    if policy == .endAll { endAll(in: slot, at: event.tick) }
  }

  private func reportStrayEnd(_ event: MIDIEvent, track: Int, _ diagnostics: inout DiagnosticSink) {
    // These policies end notes before their own note-off comes.
    if policy == .endAll || policy == .cutAtNext { return }
    diagnostics.report(
      "stray-note-off", .skipped, at: event, track: track,
      "a note-off for key \(event.data1) of channel \(event.channel + 1), which is not sounding, was ignored")
  }

  private mutating func endAll(in slot: Int, at tick: Int) {
    var index = Int(heads[slot])
    while index >= 0 {
      let link = notes[index].duration
      notes[index].duration = tick - notes[index].onset
      soundingCount -= 1
      index = link == -1 ? -1 : -2 - link
    }
    heads[slot] = -1
  }

  private mutating func endAllNotes(_ channel: Int, at tick: Int) {
    guard soundingCount > 0 else { return }
    for key in 0..<128 where heads[channel << 7 | key] >= 0 {
      endAll(in: channel << 7 | key, at: tick)
    }
  }

  private mutating func closeHangingNotes(
    of track: MIDITrack, index trackIndex: Int, _ diagnostics: inout DiagnosticSink
  ) {
    guard soundingCount > 0 else { return }
    var index = 0
    for event in track.events where event.status & 0xF0 == 0x90 && event.data2 != 0 {
      defer { index += 1 }
      guard notes[index].duration < 0 else { continue }
      diagnostics.report(
        "hanging-note", .supplied, at: event, track: trackIndex,
        "key \(event.data1) of channel \(event.channel + 1) is never released; it was ended with the track")
    }
    for channel in 0..<16 { endAllNotes(channel, at: track.length) }
  }
}

extension DiagnosticSink {
  /// Reports something about an event that is readable but carries little music.
  mutating func report(
    _ rule: String, _ action: Diagnostic.Action, at event: MIDIEvent, track: Int,
    severity: Diagnostic.Severity = .fault, _ message: @autoclosure () -> String
  ) {
    report(rule: rule, severity: severity) {
      Diagnostic(
        rule: rule, severity: severity, action: action, offset: event.offset, track: track, tick: event.tick,
        message: message())
    }
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
