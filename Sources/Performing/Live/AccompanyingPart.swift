internal import Music
internal import Synthesis

/// Accompanies a player on the beats of a grid: one that is given, or one that begins with the player's first note and follows.
final class AccompanyingPart: LivePart {
  private(set) var report = LiveReport()

  private let settings: LiveSettings
  private var accompanist: Accompanist
  private var beats: BeatMap?
  /// Onsets from which the tempo is to be found, before it is known.
  private var beginning = CapturedPhrase()
  /// What was played before the grid was known.
  private var early: [(message: ChannelMessage, channel: Int, time: PerformanceTime)] = []
  private var pendingEnds: [LiveEvent] = []
  private var hasOpened = false

  /// The tempo is taken to be known after this many onsets that take this many beats.
  private static let (fewestOnsets, fewestBeats) = (6, 3.0)
  /// How much of what an onset is early or late moves the beat, and the tempo.
  private static let (phaseShare, periodShare) = (0.2, 0.04)

  init(settings: LiveSettings) {
    self.settings = settings
    accompanist = Accompanist(settings.accompaniment)
  }

  var isLate: Bool { false }
  func work() -> Bool { false }

  func follow(_ beats: BeatMap) {
    guard settings.tempo == .clock else { return }
    let isFirst = self.beats == nil
    self.beats = beats
    report.quartersPerMinute = beats.quartersPerMinute
    if isFirst, let last = beats.anchors.last { restart(from: last.beat) }
  }

  private func restart(from beat: Double) { accompanist = Accompanist(settings.accompaniment, from: beat) }

  func take(_ message: ChannelMessage, channel: Int, at time: PerformanceTime) -> [LiveEvent] {
    var isOnset = false
    if case .noteOn(_, let velocity, _) = message, velocity > 0 { isOnset = true }
    if isOnset { report.heardNotes += 1 }
    if isOnset, settings.tempo != .clock, beats == nil || accompanist.isResting, early.isEmpty {
      begin(at: time)
    }
    guard let beats else {
      early.append((message, channel, time))
      beginning.take(message, channel: channel, at: time)
      if isOnset { findTempo(at: time) }
      return []
    }
    if isOnset, settings.tempo == .followed { nudge(at: time) }
    accompanist.take(message, channel: channel, at: (self.beats ?? beats).beat(at: time))
    return []
  }

  /// A grid begins with a note, which is on a bar line unless told otherwise.
  private func begin(at time: PerformanceTime) {
    switch settings.tempo {
    case .given(let tempo): setGrid(BeatMap(at: time, beat: settings.firstBeat ?? 0, period: 60 / tempo))
    case .followed:
      // A tempo that was found before holds until another is.
      if let beats {
        setGrid(BeatMap(at: time, beat: settings.firstBeat ?? 0, period: beats.period))
      }
    case .clock: break
    }
  }

  private func setGrid(_ map: BeatMap) {
    beats = map
    report.quartersPerMinute = map.quartersPerMinute
    restart(from: map.anchors[0].beat)
  }

  private func findTempo(at time: PerformanceTime) {
    guard settings.tempo == .followed, beginning.notes.count >= Self.fewestOnsets,
      let reading = PhraseReader(timeSignature: settings.timeSignature, firstBeat: settings.firstBeat)
        .read(beginning, heldUntil: time),
      reading.beats.beat(at: time) >= Self.fewestBeats + (settings.firstBeat ?? 0)
    else {
      if early.count > 4096 { early.removeFirst(2048) }
      return
    }
    let now = reading.beats.beat(at: time)
    beats = BeatMap(at: time, beat: now, period: reading.beats.period)
    report.quartersPerMinute = reading.beats.quartersPerMinute
    restart(from: now)
    for event in early {
      accompanist.take(event.message, channel: event.channel, at: reading.beats.beat(at: event.time))
    }
    early = []
    beginning.removeAll()
  }

  /// Moves beat and tempo a little to where an onset is.
  private func nudge(at time: PerformanceTime) {
    guard let beats else { return }
    let beat = beats.beat(at: time)
    let late = beat - (4 * beat).rounded() / 4
    guard abs(late) < 0.11 else { return }
    self.beats = BeatMap(
      at: time, beat: beat - Self.phaseShare * late,
      period: beats.period * (1 + Self.periodShare * late))
    report.quartersPerMinute = self.beats?.quartersPerMinute
  }

  var nextMoment: PerformanceTime? {
    guard let beats else { return nil }
    // The ends of its notes are never further apart than its eighth notes ask.
    return beats.time(atBeat: min(accompanist.nextBeat, accompanist.nextEnd ?? .infinity))
  }

  func perform(until time: PerformanceTime) -> [LiveEvent] {
    guard let beats else { return [] }
    var events = accompanist.perform(until: beats.beat(at: time))
    if !hasOpened, !events.isEmpty {
      events.insert(
        contentsOf: accompanist.opening.map {
          BeatEvent(beat: events[0].beat, channel: $0.channel, message: $0.message)
        }, at: 0)
      hasOpened = true
    }
    report.key = accompanist.chord?.description ?? report.key
    return events.map { event in
      if case .noteOn = event.message { report.playedNotes += 1 }
      return LiveEvent(time: beats.time(atBeat: event.beat), channel: event.channel, message: event.message)
    }
  }

  func change(_ change: LiveChange, at time: PerformanceTime) -> [LiveEvent] {
    switch change {
    case .silence, .stop: return silence(at: time)
    case .reset:
      let events = silence(at: time)
      accompanist = Accompanist(settings.accompaniment, from: accompanist.nextBeat)
      return events
    case .temperature, .bars, .pause: return []
    }
  }

  func silence(at time: PerformanceTime) -> [LiveEvent] {
    let beat = beats?.beat(at: time) ?? 0
    return accompanist.silence(at: beat).map {
      LiveEvent(time: time, channel: $0.channel, message: $0.message)
    }
  }
}
