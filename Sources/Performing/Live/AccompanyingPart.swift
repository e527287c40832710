internal import Composing
internal import Music
internal import Synthesis

/// Accompanies a player on the beats of a grid: one that is given, or one that begins with the player's first note and follows.
///
/// Shortly before each bar line a model is asked what it expects of the bar, if there is one that knows such parts. What it has not
/// answered when something is to be played goes by the rule.
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
  /// What asks a model; nil for the rule alone.
  private let desk: ForecastDesk?
  private var tune = HeardTune()
  /// The bar that the model is asked about next, and whether the tune has begun anew since it was last asked.
  private var askedBar = Int.min
  private var isNewTune = true
  /// The bar whose answer is awaited.
  private var awaitedBar: Int?

  /// So many quarter notes before the bar line it is asked.
  private static let askLead = 0.25
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

  /// - Parameters:
  ///   - settings: What is asked of it.
  ///   - desk: What a model expects; nil for the rule alone.
  init(settings: LiveSettings, desk: ForecastDesk?) {
    self.settings = settings
    self.desk = desk
    accompanist = Accompanist(settings.accompaniment)
    report.modelRoles = desk?.roles ?? []
  }

  var songBeats: BeatMap? { beats }
  var isLate: Bool { false }
  func work() -> Bool { desk?.work() ?? false }

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
      hear(.noteOn(key: place & 127, velocity: 64), channel: place >> 7, at: last.beat)
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
    forgetTune(from: beat)
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
    hear(message, channel: channel, at: (self.beats ?? beats).beat(at: time))
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
      hear(event.message, channel: event.channel, at: reading.beats.beat(at: event.time))
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
    return beats.time(
      atBeat: min(accompanist.nextBeat, accompanist.nextEnd ?? .infinity, desk == nil ? .infinity : askBeat))
  }

  // MARK: The model

  private func hear(_ message: ChannelMessage, channel: Int, at beat: Double) {
    accompanist.take(message, channel: channel, at: beat)
    guard desk != nil, channel != Accompanist.drumChannel else { return }
    switch message {
    case .noteOn(let key, let velocity, _) where velocity > 0: tune.press(key & 127, at: beat)
    case .noteOn(let key, _, _), .noteOff(let key, _): tune.lift(key & 127, at: beat)
    default: break
    }
  }

  private func forgetTune(from beat: Double) {
    tune = HeardTune()
    isNewTune = true
    awaitedBar = nil
    askedBar = Int((beat / accompanist.quartersPerBar).rounded(.down)) + 1
  }

  /// When the model is asked about the next bar, in quarter notes.
  private var askBeat: Double { Double(askedBar) * accompanist.quartersPerBar - Self.askLead }

  private func ask(_ desk: ForecastDesk, _ beats: BeatMap) {
    let line = tune.line(until: Double(askedBar) * accompanist.quartersPerBar, period: beats.period)
    if !accompanist.isResting, !line.isEmpty {
      desk.ask(
        ForecastDesk.Request(
          bar: askedBar, length: accompanist.placesPerBar, tune: line, isNew: isNewTune))
      (isNewTune, awaitedBar) = (false, askedBar)
      report.askedBars += 1
    }
    askedBar += 1
  }

  private func takeAnswer() {
    guard let bar = awaitedBar, let answer = desk?.takeAnswer(for: bar) else { return }
    awaitedBar = nil
    // What comes within the bar is of use for the rest of it.
    if Double(answer.bar) * accompanist.quartersPerBar >= accompanist.nextBeat { report.answeredBars += 1 }
    accompanist.expect(answer)
  }

  /// Lets the accompanist play up to a beat, and asks the model on the way.
  private func accompany(until beat: Double, _ beats: BeatMap) -> [BeatEvent] {
    var events: [BeatEvent] = []
    takeAnswer()
    while let desk, askBeat <= beat {
      events += accompanist.perform(until: askBeat)
      ask(desk, beats)
      takeAnswer()
    }
    return events + accompanist.perform(until: beat)
  }

  func perform(until time: PerformanceTime) -> [LiveEvent] {
    guard let beats else { return takePendingEnds() }
    var events = accompany(until: beats.beat(at: time), beats)
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
      forgetTune(from: accompanist.nextBeat)
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
