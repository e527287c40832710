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
  /// The notes that were played while the tempo was sought.
  private var early: [(message: ChannelMessage, channel: Int, time: PerformanceTime)] = []
  /// The keys that the player holds, by channel and key.
  private var held: Set<Int> = []
  /// The ends of notes that sounded when the grid moved, until they are asked for.
  private var pendingEnds: [LiveEvent] = []
  private var hasOpened = false

  /// The tempo is taken to be known after this many onsets that take this many beats.
  private static let (fewestOnsets, fewestBeats) = (6, 3.0)
  /// How much of what an onset is early or late moves the beat, and the tempo.
  private static let (phaseShare, periodShare) = (0.2, 0.04)
  /// Beats from outside that are further than this from where they were expected are another place of the song.
  private static let jump = 1.0
  /// So much may a beat be over, and still be played on.
  private static let tolerance = 0.02
  /// So many early messages are kept.
  private static let earlyLimit = 4096

  init(settings: LiveSettings) {
    self.settings = settings
    accompanist = Accompanist(settings.accompaniment)
  }

  var songBeats: BeatMap? { beats }
  var isLate: Bool { false }
  func work() -> Bool { false }

  func follow(_ beats: BeatMap) {
    guard settings.tempo == .clock else { return }
    let before = self.beats
    self.beats = beats
    report.quartersPerMinute = beats.quartersPerMinute
    guard let last = beats.anchors.last else { return }
    if let before, abs(before.beat(at: last.time) - last.beat) < Self.jump { return }
    restart(from: last.beat - Self.tolerance, at: last.time)
    // What is held is played to at the new place.
    for place in held.sorted() {
      accompanist.take(.noteOn(key: place & 127, velocity: 64), channel: place >> 7, at: last.beat)
    }
  }

  func halt(at time: PerformanceTime) -> [LiveEvent] {
    guard settings.tempo == .clock else { return [] }
    let events = silence(at: time)
    beats = nil
    return events
  }

  private func restart(from beat: Double, at time: PerformanceTime) {
    pendingEnds += silence(at: time)
    accompanist = Accompanist(settings.accompaniment, from: beat)
  }

  private func takePendingEnds() -> [LiveEvent] {
    defer { pendingEnds = [] }
    return pendingEnds
  }

  func take(_ message: ChannelMessage, channel: Int, at time: PerformanceTime) -> [LiveEvent] {
    var isOnset = false
    if case .noteOn(_, let velocity, _) = message, velocity > 0 { isOnset = true }
    if isOnset { report.heardNotes += 1 }
    follow(message, channel)
    if isOnset, beats == nil || accompanist.isResting { begin(at: time) }
    guard let beats else {
      if settings.tempo == .followed { takeEarly(message, channel: channel, at: time, isOnset: isOnset) }
      return takePendingEnds()
    }
    if isOnset, settings.tempo == .followed { nudge(at: time) }
    accompanist.take(message, channel: channel, at: (self.beats ?? beats).beat(at: time))
    return takePendingEnds()
  }

  /// Keeps in mind which keys are down.
  private func follow(_ message: ChannelMessage, _ channel: Int) {
    switch message {
    case .noteOn(let key, let velocity, _) where velocity > 0: held.insert(channel << 7 | key & 127)
    case .noteOn(let key, _, _), .noteOff(let key, _): held.remove(channel << 7 | key & 127)
    default: break
    }
  }

  private func takeEarly(
    _ message: ChannelMessage, channel: Int, at time: PerformanceTime, isOnset: Bool
  ) {
    beginning.take(message, channel: channel, at: time)
    switch message {
    case .noteOn, .noteOff: early.append((message, channel, time))
    default: break
    }
    if early.count > Self.earlyLimit { early.removeFirst(Self.earlyLimit / 2) }
    if isOnset { findTempo(at: time) }
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
    report.quartersPerMinute = map.quartersPerMinute
    restart(from: map.anchors[0].beat, at: map.anchors[0].time)
    beats = map
  }

  private func findTempo(at time: PerformanceTime) {
    guard settings.tempo == .followed, beginning.notes.count >= Self.fewestOnsets,
      let reading = PhraseReader(timeSignature: settings.timeSignature, firstBeat: settings.firstBeat)
        .read(beginning, heldUntil: time),
      reading.beats.beat(at: time) >= Self.fewestBeats + (settings.firstBeat ?? 0)
    else { return }
    let now = reading.beats.beat(at: time)
    beats = BeatMap(at: time, beat: now, period: reading.beats.period)
    report.quartersPerMinute = reading.beats.quartersPerMinute
    restart(from: now, at: time)
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
    if let end = pendingEnds.first { return end.time }
    guard let beats else { return nil }
    // The ends of its notes are never further apart than its eighth notes ask.
    return beats.time(atBeat: min(accompanist.nextBeat, accompanist.nextEnd ?? .infinity))
  }

  func perform(until time: PerformanceTime) -> [LiveEvent] {
    guard let beats else { return takePendingEnds() }
    var events = accompanist.perform(until: beats.beat(at: time))
    if !hasOpened, !events.isEmpty {
      events.insert(
        contentsOf: accompanist.opening.map {
          BeatEvent(beat: events[0].beat, channel: $0.channel, message: $0.message)
        }, at: 0)
      hasOpened = true
    }
    report.key = accompanist.chord?.description ?? report.key
    return takePendingEnds()
      + events.map { event in
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
