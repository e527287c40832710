public import MIDI
public import Music

extension MIDIFile {
  /// The file with new music after it: every event of it stays at its tick, and what is new follows in its tracks.
  ///
  /// `composed` is a score that begins as this file does, in ticks of its own and in whatever bars and programs a tokenizer
  /// read there, and that is new from `tick` on. What is new begins at the same time here, counted in quarter notes, or as
  /// many of its bars later as the file's last notes go on sounding: a tokenizer may have cut them short.
  ///
  /// - Notes go to the part (a channel of a track) that their track's notes before `tick` are from. A track that has those of
  ///   several parts, or none, continues the part that plays the same program when its notes begin, drums the drums; of
  ///   several parts the one that played last. Where none has the program, but `composed` has the notes of a part under
  ///   it, they go to that part: so it is where a tokenizer knows one instrument alone. Only what finds no part at all gets a
  ///   track of its own, on a channel that is free; in a file of format 0, a channel of its own.
  /// - Tempos are taken relative to the one that holds: where `composed` goes from 120 to 60, a file at 121 goes to 60.5. None are
  ///   written to a file whose ticks are parts of a second.
  /// - A time signature is written where the new bars differ from those that the file counts, or do not begin with one of
  ///   its bar lines. A file that counts in bars of 1/4 has no bars to differ from 4/4.
  /// - Notes that the file never releases end where their track ended. Pedals that are down go up, and on channels that play on
  ///   the wheels of pitch and modulation go to rest. A volume or expression that was faded to less than half of what
  ///   most notes of the channel had returns to that. All of this follows the channel's last event.
  /// - The tracks that continue, and the first one, end with the new music.
  ///
  /// - Parameters:
  ///   - composed: the piece as it was composed, with the new music.
  ///   - tick: where the new music begins, in ticks of `composed`.
  ///   - offset: How much later a tick of `composed` stands in the file, in ticks of the file; not 0 where `composed` begins with
  ///     the file's music moved to other beats.
  /// - Throws: `ScoreError.severalSequences` for a file of format 2 with several tracks, `ScoreError.unrepresentable` for
  ///   new music outside MIDI's ranges.
  public func continued(
    by composed: Score, from tick: Int, offset: Int = 0
  ) throws(ScoreError) -> MIDIFile {
    var continuation = try MIDIContinuation(of: self, by: composed, from: tick, offset: offset)
    try continuation.addNotes()
    try continuation.addConductorEvents()
    continuation.releaseWhatHangs()
    return try continuation.file()
  }
}

extension Score {
  /// The score with new music after it; see `MIDIFile.continued(by:from:)`, by whose rules the new notes find their tracks.
  /// - Throws: `ScoreError.unrepresentable` for values outside MIDI's ranges.
  public func continued(by composed: Score, from tick: Int) throws(ScoreError) -> Score {
    var result = try Score(midi: MIDIFile(score: self).continued(by: composed, from: tick))
    result.title = title
    result.pickup = pickup
    return result
  }
}

/// Puts new music after a MIDI file.
private struct MIDIContinuation {
  private var original: MIDIFile
  private let score: Score
  private let isSMPTE: Bool
  private let composed: Score
  /// Where the new music begins, in ticks of `composed`.
  private let composedStart: Int
  /// How much later than in `composed` it begins, in ticks of the file.
  private let delay: Int
  /// How much later what is not new stands in the file, in its ticks.
  private let offset: Int
  /// Where it begins and ends, in ticks of the file.
  private let start: Int
  private let end: Int
  private let scale: TickScale
  private let survey: MIDISurvey
  /// The program of each channel where the new music begins.
  private let programs: [Int: Int]
  /// What is to be added to each track, and the new tracks.
  private var additions: [MIDITrack]
  private var added: [MIDITrack] = []
  /// The channels that play on, by port and channel.
  private var playingOn: Set<Int> = []

  init(of original: MIDIFile, by composed: Score, from tick: Int, offset: Int) throws(ScoreError) {
    self.original = original
    if self.original.tracks.isEmpty { self.original.tracks = [MIDITrack()] }
    self.composed = composed
    composedStart = tick
    score = try Score(midi: original)
    isSMPTE = if case .smpte = original.division { true } else { false }
    scale = TickScale(from: composed.ticksPerQuarter, to: score.ticksPerQuarter)
    self.offset = offset
    delay = offset + Self.delay(of: composed, from: tick, scale, offset, behind: score)
    start = scale[tick] + delay
    end = max(scale[max(composed.length, composed.lastNoteEnd)] + delay, start)
    survey = MIDISurvey(self.original)
    programs = survey.programs(at: start)
    additions = Array(repeating: MIDITrack(), count: self.original.tracks.count)
  }

  /// How long new music must wait until the last notes have ended: whole bars of it, none where they end on its bar line or
  /// a sixteenth behind, as played notes do.
  private static func delay(
    of composed: Score, from tick: Int, _ scale: TickScale, _ offset: Int, behind score: Score
  ) -> Int {
    let late = score.lastNoteEnd - scale[tick] - offset - score.ticksPerQuarter / 4
    let opening = composed.timeSignatures.last { $0.tick <= tick }?.timeSignature ?? .common
    let bar = max(1, 4 * score.ticksPerQuarter * opening.numerator / opening.denominator)
    return late > 0 ? (late + bar - 1) / bar * bar : 0
  }

  /// The tick of the file at which what is new at a tick of `composed` stands.
  private func place(of tick: Int) -> Int { scale[tick] + delay }

  // MARK: Notes

  mutating func addNotes() throws(ScoreError) {
    let own = MIDIPartMatching(
      composed, before: composedStart, survey, at: start, offset: offset,
      ticksPerQuarter: score.ticksPerQuarter
    ).parts
    let taken = Set(own.values.map { survey.parts[$0].key })
    var layers: [Int: Int] = [:]
    for (index, track) in composed.tracks.enumerated() {
      let notes = track.notes.filter { $0.onset >= composedStart }.map { note in
        var note = scale[note]
        note.onset += delay
        return note
      }
      if notes.isEmpty { continue }
      let new = Track(isDrum: track.isDrum, notes: notes)
      if let part = own[index] {
        try add(new, to: survey.parts[part])
        continue
      }
      let program = track.isDrum ? -1 : track.program ?? 0
      let layer = layers[program, default: 0]
      layers[program] = layer + 1
      let parts = parts(for: track, taken: taken)
      if parts.isEmpty {
        try addPart(playing: track.program, new)
      } else {
        // Notes of one pitch that overlap are distinguished by their channels, as far as there are any.
        try add(new, to: parts[min(layer, parts.count - 1)])
      }
    }
  }

  private mutating func add(_ notes: Track, to part: MIDISurvey.Part) throws(ScoreError) {
    playingOn.insert(part.key)
    additions[part.track].merge(try PartWriter(notes, channel: part.channel).track(length: 0))
  }

  /// The parts in which a track may continue that is none of them, each on a channel of its own, the most probable first.
  /// - Parameter taken: The ports and channels on which other tracks continue.
  private func parts(for track: Track, taken: Set<Int>) -> [MIDISurvey.Part] {
    let alike = survey.parts.filter { ($0.channel == 9) == track.isDrum && !$0.onsets.isEmpty }
    var candidates = alike.filter { track.isDrum || programs[$0.key] ?? 0 == track.program ?? 0 }
    if candidates.isEmpty {
      let twins = composed.tracks.filter { $0.isDrum == track.isDrum && $0.program == track.program }
      let given = NotePlaces(
        twins.flatMap { $0.notes.filter { $0.onset < composedStart } }.map {
          NotePlaces.place(ofPitch: $0.pitch, at: $0.onset, composed.ticksPerQuarter)
        })
      candidates = alike.filter { part in
        let onsets = part.onsets.map {
          NotePlaces.place(ofPitch: $0.key, at: $0.tick - offset, score.ticksPerQuarter)
        }
        return given.share(of: onsets) > 0.5
      }
    }
    candidates.sort { ($0.lastOnset, $0.onsets.count) > ($1.lastOnset, $1.onsets.count) }
    candidates = candidates.filter { !taken.contains($0.key) } + candidates.filter { taken.contains($0.key) }
    var seen: Set<Int> = []
    return candidates.filter { seen.insert($0.key).inserted }
  }

  /// Adds a part that the file has not got.
  private mutating func addPart(playing program: Int?, _ notes: Track) throws(ScoreError) {
    let channel = notes.isDrum ? 9 : freeChannel()
    playingOn.insert(channel)
    var part = notes
    if !notes.isDrum {
      part.programChanges = [ProgramChange(tick: start, program: program ?? 0)]
      // Of what played here before, nothing is left that could be heard.
      part.controlChanges = survey.channels[channel]?.restored(at: start) ?? []
    }
    if original.format == .singleTrack {
      additions[0].merge(try PartWriter(part, channel: channel).track(length: 0))
    } else {
      part.name = notes.isDrum ? "Drums" : GeneralMIDI.programName(program ?? 0) ?? ""
      added.append(try PartWriter(part, channel: channel).track(length: end))
    }
  }

  /// A channel that nothing plays on, or that nothing plays on any longer.
  private func freeChannel() -> Int {
    let channels = (0..<16).filter { $0 != 9 && !playingOn.contains($0) }
    return channels.first { survey.channels[$0] == nil }
      ?? channels.min { survey.lastOnset(ofChannel: $0) < survey.lastOnset(ofChannel: $1) } ?? 0
  }

  // MARK: What is for all

  mutating func addConductorEvents() throws(ScoreError) {
    var track = MIDITrack()
    var events: [(tick: Int, message: MIDIMessage)] = []
    if !isSMPTE { events += tempos() }
    for change in timeSignatures() { events.append((change.tick, .meta(try change.meta))) }
    for event in events.enumerated().sorted(by: {
      ($0.element.tick, $0.offset) < ($1.element.tick, $1.offset)
    }) {
      track.append(event.element.message, at: event.element.tick)
    }
    additions[0].merge(track)
  }

  private func tempos() -> [(tick: Int, message: MIDIMessage)] {
    let before =
      composed.tempos.last { $0.tick < composedStart }?.microsecondsPerQuarter
      ?? TempoChange.standard.microsecondsPerQuarter
    let last = score.tempos.last ?? .standard
    var current = last.microsecondsPerQuarter
    var result: [(tick: Int, message: MIDIMessage)] = []
    for change in composed.tempos where change.tick >= composedStart {
      let ratio = Double(change.microsecondsPerQuarter) / Double(max(1, before))
      let value = Int(min(max((Double(last.microsecondsPerQuarter) * ratio).rounded(), 1), 0xFF_FFFF))
      if value == current { continue }
      current = value
      result.append((max(place(of: change.tick), last.tick), .meta(.tempo(value))))
    }
    return result
  }

  private func timeSignatures() -> [TimeSignatureChange] {
    let stated = score.timeSignatures.last ?? .standard
    var result: [TimeSignatureChange] = []
    var current = stated.timeSignature
    let opening = composed.timeSignatures.last { $0.tick <= composedStart }?.timeSignature ?? .common
    let position = Bars(
      ticksPerQuarter: score.ticksPerQuarter, timeSignatures: score.timeSignatures, length: start
    ).position(of: start)
    let isOnBarLine = position.beat == 0 && position.ticksIntoBeat == 0
    if !isOnBarLine || !Self.counts(current, alike: opening) {
      result.append(TimeSignatureChange(tick: max(start, stated.tick), timeSignature: opening))
      current = opening
    }
    for change in composed.timeSignatures where change.tick > composedStart {
      if Self.counts(current, alike: change.timeSignature) { continue }
      current = change.timeSignature
      result.append(
        TimeSignatureChange(tick: max(place(of: change.tick), stated.tick), timeSignature: current))
    }
    return result
  }

  /// Whether bars of `new` need no word where bars of `old` are counted.
  private static func counts(_ old: TimeSignature, alike new: TimeSignature) -> Bool {
    old.numerator * new.denominator == new.numerator * old.denominator
      || (old == TimeSignature(1, 4) && new == .common)
  }

  // MARK: The join

  mutating func releaseWhatHangs() {
    for (key, channel) in survey.channels.sorted(by: { $0.key > $1.key }) {
      let tick = max(start, channel.lastTick)
      let messages = channel.releases(channel: key & 0xF, playsOn: playingOn.contains(key))
      release(messages, at: tick, in: channel.lastTrack)
    }
    for (index, track) in original.tracks.enumerated() {
      let messages = survey.hanging[index].map {
        MIDIMessage.noteOff(channel: $0.channel, key: $0.key, velocity: 64)
      }
      release(messages, at: track.length, in: index)
    }
  }

  /// Adds messages to a track before whatever else is new on their tick.
  private mutating func release(_ messages: [MIDIMessage], at tick: Int, in track: Int) {
    if messages.isEmpty { return }
    var events = MIDITrack()
    for message in messages { events.append(message, at: tick) }
    events.merge(additions[track])
    additions[track] = events
  }

  func file() throws(ScoreError) -> MIDIFile {
    guard original.tracks.count + added.count <= 65_535 else {
      throw .unrepresentable("\(original.tracks.count + added.count) tracks")
    }
    var file = original
    for (index, addition) in additions.enumerated() {
      let isLast = addition.events.contains { $0.tick >= start }
      file.tracks[index].merge(addition)
      if index == 0 || isLast { file.tracks[index].end(at: max(file.tracks[index].length, end)) }
    }
    file.tracks += added
    return file
  }
}
