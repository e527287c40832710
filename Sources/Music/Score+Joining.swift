extension Score {
  /// This score, and `next` after it; see `concatenated(_:)`.
  public func concatenated(with next: Score) -> Score { Score.concatenated([self, next]) }

  /// The scores one after another; an empty score of 480 ticks a quarter if there are none.
  ///
  /// Each begins where the `length` of the one before ends, with a bar line; notes that outlast that length, as in slices
  /// of the boundary `keep`, ring on into it. A score that has notes but no length ends with its last note. Each sounds as
  /// it does alone: where it has no tempo or time signature at its beginning, 120 quarter notes a minute and 4/4 are stated
  /// there, and controllers, bends and pressures that the one before has left elsewhere go back to what General MIDI has.
  /// What already holds is not restated, so that the slices of a score make the score again, except for the notes that were
  /// cut. A key holds until another one is stated.
  ///
  /// A track continues in the track of the same name, channel and kind (drums or not) that plays the same program where the
  /// scores meet; if there is none, and it has a name or a channel, in one that plays another, with a change of
  /// program. One that finds none is added, and leaves its channel to be chosen where another track has it. The result has the title and
  /// the pickup of the first score (or the first title that there is). Ticks are those in which all can be expressed exactly,
  /// or, where those would be more than 32,767 in a quarter, the first score's times as many as can be: then the others'
  /// times move by half a tick at most.
  public static func concatenated(_ scores: some Sequence<Score>) -> Score {
    let scores = Array(scores)
    guard let ticks = commonTicksPerQuarter(scores.lazy.map(\.ticksPerQuarter)) else {
      return Score(ticksPerQuarter: 480)
    }
    var joiner = ScoreJoiner(scores[0].rescaled(ticksPerQuarter: ticks))
    for score in scores.dropFirst() { joiner.append(score.rescaled(ticksPerQuarter: ticks)) }
    return joiner.score
  }

  /// Both scores at once, on one timeline: the tracks of this one, then those of `other`.
  ///
  /// Times are counted in quarter notes. Tempos, time signatures and keys are this score's; the other's are taken where
  /// this one states none of a kind. Markers and other events of both stay. A track of `other` whose channel another
  /// track has leaves its channel to be chosen, except for drums. The pickup is the longer one, or none where a score with notes has none. Ticks
  /// become common ones as in `concatenated(_:)`.
  public func merged(with other: Score) -> Score {
    let ticks = Self.commonTicksPerQuarter([ticksPerQuarter, other.ticksPerQuarter]) ?? ticksPerQuarter
    var result = rescaled(ticksPerQuarter: ticks)
    let added = other.rescaled(ticksPerQuarter: ticks)
    result.addTracks(added.tracks)
    if result.tempos.isEmpty { result.tempos = added.tempos }
    if result.timeSignatures.isEmpty { result.timeSignatures = added.timeSignatures }
    if result.keys.isEmpty { result.keys = added.keys }
    result.markers = (result.markers + added.markers).stablySorted()
    result.otherEvents = (result.otherEvents + added.otherEvents).stablySorted()
    let ends = [result, added].filter { $0.noteCount > 0 && $0.pickup == 0 }
    result.pickup = ends.isEmpty ? max(result.pickup, added.pickup) : 0
    result.length = max(result.length, added.length)
    result.title = title ?? other.title
    return result
  }

  /// Adds tracks at the end, each without its channel where another program has that.
  fileprivate mutating func addTracks(_ added: [Track]) {
    let taken = Set(tracks.compactMap { $0.isDrum ? 9 : $0.channel })
    for track in added {
      var track = track
      if !track.isDrum, let channel = track.channel, taken.contains(channel) { track.channel = nil }
      tracks.append(track)
    }
  }
}

/// Puts scores of the same ticks one after the other.
private struct ScoreJoiner {
  private(set) var score: Score
  /// The state of the controls of each track, and how many of them it includes.
  private var states: [ControlState]
  private var programs: [Int?]

  init(_ first: Score) {
    score = first
    states = first.tracks.map { ControlState($0, before: .max) }
    programs = first.tracks.map { $0.programChanges.stablySorted().last?.program ?? $0.program }
  }

  mutating func append(_ next: Score) {
    let join = score.length > 0 ? score.length : score.lastNoteEnd
    joinTempos(next.tempos, at: join)
    joinTimeSignatures(next.timeSignatures, at: join)
    joinKeys(next.keys, at: join)
    score.markers += next.markers.map { $0.moved(by: join) }
    score.otherEvents = Self.joined(score.otherEvents, next.otherEvents, at: join)
    joinTracks(next.tracks, at: join)
    score.length = join + (next.length > 0 ? next.length : next.lastNoteEnd)
    score.title = score.title ?? next.title
  }

  // MARK: What holds for all

  private mutating func joinTempos(_ next: [TempoChange], at join: Int) {
    let next = next.stablySorted()
    while let last = score.tempos.last, last.tick >= join { score.tempos.removeLast() }
    let opening =
      next.last { $0.tick <= 0 }?.microsecondsPerQuarter ?? TempoChange.standard.microsecondsPerQuarter
    let holding = score.tempos.last ?? .standard
    if holding.microsecondsPerQuarter != opening {
      score.tempos.append(TempoChange(tick: join, microsecondsPerQuarter: opening))
    }
    score.tempos += next.filter { $0.tick > 0 }.map { $0.moved(by: join) }
  }

  private mutating func joinTimeSignatures(_ next: [TimeSignatureChange], at join: Int) {
    let next = next.stablySorted()
    while let last = score.timeSignatures.last, last.tick >= join { score.timeSignatures.removeLast() }
    let opening = next.last { $0.tick <= 0 }?.timeSignature ?? .common
    let holding = score.timeSignatures.last ?? .standard
    if holding.timeSignature != opening || !isBarLine(join, since: holding) {
      score.timeSignatures.append(TimeSignatureChange(tick: join, timeSignature: opening))
    }
    score.timeSignatures += next.filter { $0.tick > 0 }.map { $0.moved(by: join) }
  }

  /// Whether a bar that has a whole number of ticks begins at `tick`.
  private func isBarLine(_ tick: Int, since change: TimeSignatureChange) -> Bool {
    let (bar, rest) = (4 * score.ticksPerQuarter * change.timeSignature.numerator)
      .quotientAndRemainder(dividingBy: change.timeSignature.denominator)
    return rest == 0 && (tick - max(0, change.tick)) % bar == 0
  }

  private mutating func joinKeys(_ next: [KeyChange], at join: Int) {
    let next = next.stablySorted()
    while let last = score.keys.last, last.tick >= join { score.keys.removeLast() }
    if let opening = next.last(where: { $0.tick <= 0 }),
      score.keys.last.map({ ($0.fifths, $0.isMinor) == (opening.fifths, opening.isMinor) }) != true
    {
      score.keys.append(KeyChange(tick: join, fifths: opening.fifths, isMinor: opening.isMinor))
    }
    score.keys += next.filter { $0.tick > 0 }.map { $0.moved(by: join) }
  }

  /// Names and ports are not repeated.
  private static func joined(_ all: [OpaqueEvent], _ next: [OpaqueEvent], at join: Int) -> [OpaqueEvent] {
    let standing = Set(
      all.lazy.filter(\.isStanding).map { OpaqueEvent(tick: 0, type: $0.type, payload: $0.payload) })
    return all + next.filter { $0.tick > 0 || !standing.contains($0) }.map { $0.moved(by: join) }
  }

  // MARK: Tracks

  /// What makes two tracks one.
  private struct Kind: Hashable {
    var name: String
    var channel: Int?
    var isDrum: Bool
    var program: Int?
  }

  private mutating func joinTracks(_ next: [Track], at join: Int) {
    var places: [Kind: [Int]] = [:]
    for (index, track) in score.tracks.enumerated().reversed() {
      let kind = Kind(
        name: track.name, channel: track.channel, isDrum: track.isDrum, program: programs[index])
      places[kind, default: []].append(index)
    }
    var continued: Set<Int> = []
    var rest: [Track] = []
    for track in next {
      let program = track.programChanges.last { $0.tick <= 0 }?.program ?? track.program
      let kind = Kind(name: track.name, channel: track.channel, isDrum: track.isDrum, program: program)
      if let index = places[kind]?.popLast() {
        continued.insert(index)
        extend(index, by: track, at: join)
      } else {
        rest.append(track)
      }
    }
    var namesakes: [Kind: [Int]] = [:]
    for (index, track) in score.tracks.enumerated().reversed() where !continued.contains(index) {
      namesakes[Kind(name: track.name, channel: track.channel, isDrum: track.isDrum), default: []].append(
        index)
    }
    var added: [Track] = []
    for track in rest {
      let kind = Kind(name: track.name, channel: track.channel, isDrum: track.isDrum)
      if !track.name.isEmpty || track.channel != nil, let index = namesakes[kind]?.popLast() {
        continued.insert(index)
        // The program that a device begins with, where the track names none.
        let change = ProgramChange(tick: join, program: track.program ?? 0)
        score.tracks[index].programChanges.append(change)
        extend(index, by: track, at: join)
      } else {
        added.append(track.moved(by: join))
        states.append(ControlState(track, before: .max))
        programs.append(track.programChanges.stablySorted().last?.program ?? track.program)
      }
    }
    for index in score.tracks.indices where !continued.contains(index) { releasePedals(of: index, at: join) }
    score.addTracks(added)
  }

  /// A track that has nothing more to play does not continue sounding by a pedal that is down.
  private mutating func releasePedals(of index: Int, at join: Int) {
    for controller in ControlState.pedals where states[index].controllers[controller] ?? 0 > 0 {
      let change = ControlChange(tick: join, controller: controller, value: 0)
      states[index].take(change)
      score.tracks[index].controlChanges.append(change)
    }
  }

  private mutating func extend(_ index: Int, by next: Track, at join: Int) {
    score.tracks[index].holdControls(to: join)
    let isOrdered = score.tracks[index].notes.last?.onset ?? 0 < join
    score.tracks[index].notes += next.notes.map { $0.moved(by: join) }
    if !isOrdered { score.tracks[index].notes.sort() }
    let state = states[index]
    let opening = ControlState(next, before: 1)
    let (controls, joined) = state.transition(
      to: opening, by: next.controlChanges.filter { $0.tick <= 0 }, at: join)
    score.tracks[index].controlChanges += controls + Self.later(next.controlChanges, join)
    // A bank takes effect with the program that follows it.
    if score.tracks[index].programChanges.last?.tick != join,
      controls.contains(where: { $0.controller == 0 || $0.controller == 32 }), let program = next.program
    {
      score.tracks[index].programChanges.append(ProgramChange(tick: join, program: program))
    }
    score.tracks[index].programChanges += next.programChanges.stablySorted().map { $0.moved(by: join) }
    if opening.bend != joined.bend {
      score.tracks[index].pitchBends.append(PitchBend(tick: join, value: opening.bend))
    }
    score.tracks[index].pitchBends += Self.later(next.pitchBends, join)
    score.tracks[index].pressures +=
      joined.pressureTransition(to: opening, at: join) + Self.later(next.pressures, join)
    score.tracks[index].otherEvents = Self.joined(score.tracks[index].otherEvents, next.otherEvents, at: join)
    states[index] = ControlState(next, before: .max).inheriting(from: state)
    programs[index] = next.programChanges.stablySorted().last?.program ?? next.program
  }

  private static func later<Event: TickOrdered>(_ events: [Event], _ join: Int) -> [Event] {
    events.stablySorted().filter { $0.tick > 0 }.map { $0.moved(by: join) }
  }
}

extension Note {
  /// The same, this many ticks later.
  fileprivate func moved(by ticks: Int) -> Note {
    Note(onset: onset + ticks, duration: duration, pitch: pitch, velocity: velocity)
  }
}

extension Track {
  /// The same, this many ticks later; what plays at the beginning is still the same program.
  fileprivate func moved(by ticks: Int) -> Track {
    var result = self
    result.notes = notes.map { $0.moved(by: ticks) }
    result.programChanges = programChanges.map { $0.moved(by: ticks) }
    result.controlChanges = controlChanges.map { $0.moved(by: ticks) }
    result.pitchBends = pitchBends.map { $0.moved(by: ticks) }
    result.pressures = pressures.map { $0.moved(by: ticks) }
    result.otherEvents = otherEvents.map { $0.moved(by: ticks) }
    return result
  }

  /// Moves controls after `tick` to it.
  fileprivate mutating func holdControls(to tick: Int) {
    func held<Event: TickOrdered>(_ events: [Event]) -> [Event] {
      guard events.last?.tick ?? 0 > tick else { return events }
      return events.map { $0.tick > tick ? $0.moved(by: tick - $0.tick) : $0 }
    }
    programChanges = held(programChanges)
    controlChanges = held(controlChanges)
    pitchBends = held(pitchBends)
    pressures = held(pressures)
  }
}
