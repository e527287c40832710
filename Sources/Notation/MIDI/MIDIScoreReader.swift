internal import Groundwork
internal import MIDI
internal import Music

/// Makes one score of MIDI tracks that sound together.
struct MIDIScoreReader {
  private var score: Score
  /// What was wrong.
  private(set) var diagnostics = DiagnosticSink()
  private let isSMPTE: Bool
  /// Program changes by port and channel, of all tracks.
  private var programs: [Int: [ProgramChange]] = [:]
  /// The port of each track of the score.
  private var ports: [Int] = []
  private var karaokeTitle: String?

  init(division: MIDIDivision) {
    switch division {
    case .ticksPerQuarter(let ticks):
      score = Score(ticksPerQuarter: ticks)
      isSMPTE = false
    case .smpte(let framesPerSecond, let ticksPerFrame):
      let time = Self.constantTempo(framesPerSecond: framesPerSecond, ticksPerFrame: ticksPerFrame)
      score = Score(
        ticksPerQuarter: time.ticksPerQuarter,
        tempos: [TempoChange(tick: 0, microsecondsPerQuarter: time.microseconds)])
      isSMPTE = true
    }
  }

  /// Ticks in real time as a tempo: a "quarter" of half a second, or of a whole one where half of one has no whole
  /// number of ticks. 29 stands for 30 frames in 1.001 s, so that 15 of them take 500,500 µs.
  private static func constantTempo(
    framesPerSecond: Int, ticksPerFrame: Int
  ) -> (ticksPerQuarter: Int, microseconds: Int) {
    let frames = framesPerSecond == 29 ? 30 : framesPerSecond
    let second = framesPerSecond == 29 ? 1_001_000 : 1_000_000
    let ticks = frames * ticksPerFrame
    return ticks % 2 == 0 ? (ticks / 2, second / 2) : (ticks, second)
  }

  /// Reads tracks of a file, the first of which holds what is for all of them.
  /// - Parameter reader: reads one track after the other; made once for all, as it is large.
  mutating func read(_ tracks: ArraySlice<MIDITrack>, with reader: inout MIDIPartReader) -> Score {
    var setup: [Track] = []
    for (index, track) in tracks.enumerated() {
      reader.read(track, index: tracks.startIndex + index, &diagnostics)
      // The standard: the name in a sole or first track is the piece's. A first track that has notes is a part.
      let isConductor = index == 0 && (tracks.count == 1 || !reader.hasNotes)
      var parts = (0..<16).filter { reader.usedChannels >> UInt16($0) & 1 != 0 }.map { reader.parts[$0] }
      parts += reader.splitParts
      if parts.isEmpty && index > 0 { parts = [Track()] }
      let port = take(
        reader.otherEvents, of: track, at: tracks.startIndex + index, into: &parts, isFirst: index == 0,
        isConductor: isConductor)
      // A change that was moved after the notes of its tick may be the last event.
      let lastChange = parts.lazy.compactMap { $0.programChanges.last?.tick }.max() ?? 0
      score.length = max(score.length, track.length, lastChange)
      for part in parts where !part.programChanges.isEmpty {
        programs[port << 4 | (part.channel ?? 0), default: []] += part.programChanges
      }
      if isConductor && tracks.count > 1 {
        setup = parts
      } else {
        score.tracks += parts
        ports += Array(repeating: port, count: parts.count)
      }
    }
    distribute(setup)
    for key in programs.keys { programs[key] = programs[key]?.stablySorted() }
    for index in score.tracks.indices { settleProgram(of: index) }
    settleLists()
    score.takeRolesFromNames()
    return score
  }

  // MARK: Parts

  /// Gives what a first track without notes does to a channel to the first part that plays on it; where none does, it
  /// becomes a part without notes.
  private mutating func distribute(_ setup: [Track]) {
    var homeless: [Track] = []
    for part in setup {
      if let index = score.tracks.firstIndex(where: { $0.channel == part.channel && !$0.notes.isEmpty }) {
        score.tracks[index].precede(by: part)
      } else {
        homeless.append(part)
      }
    }
    score.tracks.insert(contentsOf: homeless, at: 0)
    ports.insert(contentsOf: Array(repeating: 0, count: homeless.count), at: 0)
  }

  /// Makes the first program change at or before the first note the part's program. A part that has none
  /// sounds with what another track set on its channel.
  private mutating func settleProgram(of index: Int) {
    guard let channel = score.tracks[index].channel else { return }
    let firstOnset = score.tracks[index].notes.first?.onset
    if let first = score.tracks[index].programChanges.first, first.tick <= firstOnset ?? .max {
      score.tracks[index].program = first.program
      score.tracks[index].programChanges.removeFirst()
    } else if let firstOnset {
      score.tracks[index].program = program(of: ports[index] << 4 | channel, at: firstOnset)
    }
  }

  /// The program that a port's channel has at a tick, of several changes at once the first; nil before the first.
  private func program(of channel: Int, at tick: Int) -> Int? {
    guard let changes = programs[channel] else { return nil }
    let behind = changes.partitioningIndex { $0.tick > tick }
    guard behind > 0 else { return nil }
    let last = changes[behind - 1].tick
    return changes[changes.partitioningIndex { $0.tick >= last }].program
  }

  /// Puts the lists that several tracks gave to into order, one entry a tick: the last one.
  private mutating func settleLists() {
    score.tempos = Self.settled(score.tempos)
    score.timeSignatures = Self.settled(score.timeSignatures)
    score.keys = Self.settled(score.keys)
    score.markers = score.markers.stablySorted()
    score.length = max(score.length, score.lastNoteEnd)
    if score.title == nil { score.title = karaokeTitle }
  }

  private static func settled<Change: TickOrdered>(_ changes: [Change]) -> [Change] {
    var result: [Change] = []
    for change in changes.stablySorted() {
      if result.last?.tick == change.tick { result.removeLast() }
      result.append(change)
    }
    return result
  }
}

extension MIDIScoreReader {
  // MARK: Events for no channel

  /// Takes up tempo, time signature, key, markers and names; the rest goes to the part that a prefix names, to the piece
  /// where the track is the conductor's, else to the first part.
  /// - Returns: the track's port.
  private mutating func take(
    _ events: [(event: MIDIEvent, channel: Int)], of track: MIDITrack, at index: Int,
    into parts: inout [Track], isFirst: Bool, isConductor: Bool
  ) -> Int {
    var port = 0
    var misplaced: Set<UInt8> = []
    var named: Set<Int> = []
    for (event, channel) in events {
      let payload = track.payload(of: event)
      if event.isMeta, takeUp(event, payload, track: index) {
        if !isFirst, misplaced.insert(event.data1).inserted {
          diagnostics.report(
            "outside-first-track", .kept, at: event, track: index, severity: .remark,
            "a \(event.name) outside the first track; it was applied to all tracks")
        }
        continue
      }
      if event.isMeta && event.data1 > 0x7F {
        diagnostics.report(
          "meta-type", .skipped, at: event, track: index,
          "a meta event of type \(event.data1) was skipped")
        continue
      }
      let part = parts.firstIndex { $0.channel == channel }
      if event.isMeta && event.data1 == 0x03, named.insert(part ?? -1).inserted {
        let name = MIDIText.decode(payload)
        if let part {
          parts[part].name = name
        } else if isConductor {
          score.title = name
        } else {
          for index in parts.indices where !named.contains(index) { parts[index].name = name }
        }
        continue
      }
      let opaque = OpaqueEvent(
        tick: event.tick, type: event.isMeta ? event.data1 : event.status, payload: Array(payload))
      if let part = part ?? (isConductor ? nil : 0) {
        parts[part].otherEvents.append(opaque)
      } else {
        score.otherEvents.append(opaque)
      }
      if event.isMeta && event.data1 == 0x21, let number = payload.first { port = Int(number) }
      if event.isMeta && event.data1 == 0x01, karaokeTitle == nil, payload.starts(with: [0x40, 0x54]) {
        karaokeTitle = MIDIText.decode(payload.dropFirst(2))
      }
    }
    return port
  }

  /// Adds an event that is for the whole score to it; false if it is not one, or has no use.
  private mutating func takeUp(_ event: MIDIEvent, _ payload: ArraySlice<UInt8>, track: Int) -> Bool {
    switch event.data1 {
    case 0x06:
      score.markers.append(Marker(tick: event.tick, text: MIDIText.decode(payload)))
      return true
    case 0x51, 0x58, 0x59: break
    default: return false
    }
    switch MIDIMeta(type: event.data1, payload: payload) {
    case .tempo(let microseconds) where microseconds > 0:
      if isSMPTE {
        diagnostics.report(
          "tempo-under-smpte", .skipped, at: event, track: track, severity: .remark,
          "a tempo was ignored, because the ticks are fractions of a second")
      } else {
        score.tempos.append(TempoChange(tick: event.tick, microsecondsPerQuarter: microseconds))
      }
    case .timeSignature(let numerator, let power, _, _) where power <= 6:
      guard let timeSignature = TimeSignature(numerator: numerator, denominator: 1 << power) else {
        return false
      }
      score.timeSignatures.append(TimeSignatureChange(tick: event.tick, timeSignature: timeSignature))
    case .keySignature(let fifths, let isMinor) where abs(fifths) <= 7:
      score.keys.append(KeyChange(tick: event.tick, fifths: fifths, isMinor: isMinor))
    default: return false
    }
    return true
  }
}

extension Track {
  /// Puts the controls of `setup` before those of the same tick here.
  fileprivate mutating func precede(by setup: Track) {
    programChanges = (setup.programChanges + programChanges).stablySorted()
    controlChanges = (setup.controlChanges + controlChanges).stablySorted()
    pitchBends = (setup.pitchBends + pitchBends).stablySorted()
    pressures = (setup.pressures + pressures).stablySorted()
    otherEvents = (setup.otherEvents + otherEvents).stablySorted()
  }
}
