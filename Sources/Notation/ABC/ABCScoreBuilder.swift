internal import Groundwork
internal import Music

/// Makes a score of a tune's voices: repeats and parts are played out, ties joined, the pickup's bar filled up.
struct ABCScoreBuilder {
  private let parser: ABCTuneParser
  private(set) var diagnostics = DiagnosticSink()
  private(set) var misplacedBarLines = 0

  /// The most elements that a voice may have when played, and the most elements and notes of all voices.
  private static let elementLimit = 200_000
  private static let playingLimit = 400_000

  init(_ parser: ABCTuneParser) { self.parser = parser }

  mutating func build() -> Score {
    let order = sectionOrder()
    var performances = perform(order)
    // A voice that never sounds makes no track.
    let sounding = parser.voices.indices.filter { !performances[$0].notes.isEmpty }
    guard let melody = sounding.first else { return Score(ticksPerQuarter: 480) }
    let opening = performances[melody].opening
    misplacedBarLines = performances[melody].countMisplacedBarLines()
    if parser.ornaments == .play { ornament(&performances, melody: melody) }
    let divisor = performances.reduce(opening) { greatestCommonDivisor($0, $1.divisor) }
    let resolution = ABCTime.ticksPerQuarter(forDivisor: divisor)
    if !resolution.isExact { warn("some notes are finer than a MIDI file's ticks; their times are rounded") }
    if performances.contains(where: \.wasCut) {
      warn("the tune is too long when played; it is truncated")
    }
    return Conversion(
      shift: opening, ticksPerQuarter: resolution.ticks,
      title: parser.title
    ).score(performances, sounding: sounding, voices: parser.voices.map(\.voice))
  }

  /// The sections in playing order.
  private mutating func sectionOrder() -> [Int]? {
    guard !parser.playingOrder.isEmpty else { return nil }
    var order: [Int] = parser.sectionLabels[0] == nil ? [0] : []
    var missing: Set<String> = []
    for label in parser.playingOrder {
      if let section = parser.sectionLabels.firstIndex(where: { $0?.hasPrefix(label) == true }) {
        order.append(section)
      } else {
        missing.insert(label)
      }
    }
    guard order.contains(where: { $0 > 0 || parser.sectionLabels[0] != nil }) else { return nil }
    for label in missing.sorted() { warn("the playing order names a part '\(label)' that does not exist") }
    return order
  }

  private mutating func warn(_ message: String) {
    diagnostics.report(.abc(line: parser.block.line, column: 1, action: .replaced, message: message))
  }

  /// Plays every voice: all sections as written, or one by one in the playing order, each as long in all voices.
  private mutating func perform(_ order: [Int]?) -> [ABCPerformance] {
    var performances = parser.voices.map { ABCPerformance($0.voice) }
    var room = ABCScoreBuilder.playingLimit
    guard let order else {
      for index in performances.indices {
        let playback = ABCPlayback(Array(parser.voices[index].voice.sections.joined()))
        if playback.hasImpliedRepeat, index == 0 { warnOfImpliedRepeat() }
        performances[index].play(
          playback.played(initial: ABCState(), limit: min(room, ABCScoreBuilder.elementLimit)), room: &room)
      }
      return performances
    }
    let states = parser.voices.map { initialStates($0.voice) }
    let playbacks = parser.voices.map { $0.voice.sections.map { ABCPlayback($0) } }
    if playbacks.joined().contains(where: \.hasImpliedRepeat) { warnOfImpliedRepeat() }
    for section in order {
      for index in performances.indices where !performances[index].wasCut {
        let state = states[index][section]
        performances[index].play(
          state.elements
            + playbacks[index][section].played(
              initial: state, limit: min(room, ABCScoreBuilder.elementLimit)),
          room: &room)
      }
      let end = performances.map(\.time).max() ?? 0
      for index in performances.indices { performances[index].rest(until: end) }
    }
    return performances
  }

  /// Plays fermatas and ornaments, by the melody's tempo.
  private func ornament(_ performances: inout [ABCPerformance], melody: Int) {
    let holds = ABCHolds(performances.flatMap(\.holds))
    for index in performances.indices { performances[index].hold(holds) }
    let tempos = performances[melody].tempos
    var room = ABCPerformance.ornamentNoteLimit
    for index in performances.indices { performances[index].embellish(tempos: tempos, room: &room) }
  }

  private mutating func warnOfImpliedRepeat() {
    warn("a repeat sign is missing; it is assumed where the next one implies it")
  }

  /// What holds where each section begins in the text.
  private func initialStates(_ voice: ABCVoice) -> [ABCState] {
    var state = ABCState()
    return voice.sections.map { section in
      defer { for element in section { state.update(element) } }
      return state
    }
  }
}

extension ABCScoreBuilder {
  /// Turns grains into ticks and performances into tracks.
  private struct Conversion {
    /// How far the music is moved to fill up the pickup's bar, in grains.
    let shift: Int
    let ticksPerQuarter: Int
    let title: String?

    private func ticks(_ time: Int) -> Int {
      ABCTime.ticks(time + shift, ticksPerQuarter: ticksPerQuarter)
    }

    /// The tick of a time signature change, key or tempo: what is before the first note holds from tick 0.
    private func changeTick(_ time: Int) -> Int { time == 0 ? 0 : ticks(time) }

    func score(_ performances: [ABCPerformance], sounding: [Int], voices: [ABCVoice]) -> Score {
      var score = Score(ticksPerQuarter: ticksPerQuarter, title: title)
      guard let melody = sounding.first else { return score }
      for index in sounding {
        let voice = voices[index]
        let single = sounding.count == 1 ? title : nil
        let name = voice.name ?? single ?? voice.identifier
        score.tracks.append(track(performances[index], name: name, program: voice.program))
      }
      let end = performances.map(\.time).max() ?? 0
      let lead = performances[melody]
      score.length = max(ticks(end), score.lastNoteEnd)
      let symbols = performances.flatMap(\.chordSymbols)
      if !symbols.isEmpty {
        let accompaniment = ABCAccompaniment(symbols, strikes: lead.downbeats(shift: shift), end: end)
        let notes = accompaniment.notes.map {
          note(onset: $0.onset, end: $0.end, pitch: $0.pitch, velocity: 60)
        }
        score.tracks.append(Track(name: ABCTune.accompanimentName, notes: notes.sorted()))
      }
      // Music that is free of time signature has none.
      for change in lead.timeSignatures {
        guard
          let timeSignature = TimeSignature(
            numerator: change.timeSignature.numerator, denominator: change.timeSignature.denominator)
        else { continue }
        score.timeSignatures.setLast(
          TimeSignatureChange(tick: changeTick(change.time), timeSignature: timeSignature),
          sameTick: { $0.tick == $1.tick },
          sameValue: { $0.timeSignature == $1.timeSignature })
      }
      for change in lead.keys {
        score.keys.setLast(
          KeyChange(tick: changeTick(change.time), fifths: change.key.fifths, isMinor: change.key.isMinor),
          sameTick: { $0.tick == $1.tick },
          sameValue: { ($0.fifths, $0.isMinor) == ($1.fifths, $1.isMinor) })
      }
      for change in lead.tempos {
        score.tempos.setLast(
          TempoChange(tick: changeTick(change.time), microsecondsPerQuarter: change.tempo),
          sameTick: { $0.tick == $1.tick },
          sameValue: { $0.microsecondsPerQuarter == $1.microsecondsPerQuarter })
      }
      score.markers = lead.markers.map { Marker(tick: changeTick($0.time), text: $0.text) }
      if shift > 0, let firstBar = lead.bars.first(where: { $0.time > 0 }) {
        score.pickup = ticks(firstBar.time) - ticks(0)
      }
      return score
    }

    private func track(_ performance: ABCPerformance, name: String, program: Int?) -> Track {
      var track = Track(name: name, program: program)
      track.notes = performance.notes.map {
        note(onset: $0.onset, end: $0.onset + $0.length, pitch: $0.pitch, velocity: $0.velocity)
      }
      track.notes.sort()
      track.notes.removeUnisons()
      track.otherEvents = performance.syllables.map {
        OpaqueEvent(tick: ticks($0.time), type: 0x05, payload: Array($0.text.utf8))
      }
      return track
    }

    private func note(onset: Int, end: Int, pitch: Int, velocity: Int) -> Note {
      let tick = ticks(onset)
      return Note(onset: tick, duration: max(1, ticks(end) - tick), pitch: pitch, velocity: velocity)
    }
  }
}

extension Array {
  /// Appends a change: it replaces one at the same tick, and is left out where it changes nothing.
  fileprivate mutating func setLast(
    _ element: Element, sameTick: (Element, Element) -> Bool, sameValue: (Element, Element) -> Bool
  ) {
    if let last, sameTick(last, element) { removeLast() }
    if let last, sameValue(last, element) { return }
    append(element)
  }
}

extension [Note] {
  /// Of sorted notes of one pitch that begin together keeps the longest.
  fileprivate mutating func removeUnisons() {
    var kept: [Note] = []
    kept.reserveCapacity(count)
    for note in self {
      if let last = kept.last, last.onset == note.onset, last.pitch == note.pitch {
        kept[kept.count - 1].duration = Swift.max(last.duration, note.duration)
      } else {
        kept.append(note)
      }
    }
    self = kept
  }
}
