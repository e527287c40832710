internal import Analysis
internal import Composing
internal import Music
internal import Synthesis
internal import Tokenization

/// Takes turns with a player: listens to a phrase, and answers or continues it.
final class AnsweringPart: LivePart {
  private(set) var report = LiveReport()

  private var settings: LiveSettings
  private let answerer: Answerer
  /// Whether all notes of the model have one loudness, in whose place the player's comes.
  private let hasFixedVelocity: Bool
  private let namesPrograms: Bool
  private var phrase = CapturedPhrase()
  private var given: BeatMap?
  private var reading: PhraseReading?
  private var readRevision = -1
  private var turn: Turn?
  private var sounding = SoundingNotes()
  /// Where the beats of the last answer are, and at which of them it ended.
  private var lastTurn: (beats: BeatMap, end: Double, song: BeatMap)?
  private var program = 0
  private var announcedPrograms: [Int: Int] = [:]
  /// Calls that are over and have not been learned from, as ids.
  private(set) var calls: [[Int32]] = []

  /// An answer that is being played.
  private struct Turn {
    /// Beat 0 is its first bar line.
    var beats: BeatMap
    /// The same beats, counted from the first bar line of the call.
    var song: BeatMap
    /// How long it is, in quarter notes.
    var length: Double
    var start: PerformanceTime
    var velocity: Int
    var pending: [AnswerNote] = []
    var hasBegun = false
    var end: PerformanceTime { beats.time(atBeat: length) }
  }

  /// Keys that are down for this many quarter notes without anything else happening end a phrase too.
  private static let longestHold = 4.0

  init(model: MusicModel, settings: LiveSettings) throws {
    self.settings = settings
    var answers = settings.answers
    if settings.mode == .continuation { answers.bars = answers.bars ?? LiveSettings.continuationBars }
    answerer = try Answerer(model: model, settings: answers)
    let cells = (model.tokenizer as? CellsTokenizer)?.configuration
    hasFixedVelocity = cells?.velocity != nil
    namesPrograms = cells?.namesPrograms ?? true
  }

  // MARK: Listening

  func follow(_ beats: BeatMap) { given = beats }

  // A phrase without a tempo of its own is read anew with each note: only a whole one tells where bars are.
  var songBeats: BeatMap? {
    guard settings.turnBars != nil else { return nil }
    if let turn { return turn.song }
    if case .given = settings.tempo, let reading { return reading.beats }
    return lastTurn?.song
  }

  func take(_ message: ChannelMessage, channel: Int, at time: PerformanceTime) -> [LiveEvent] {
    var events: [LiveEvent] = []
    if case .program(let number) = message { program = number }
    if case .noteOn(_, let velocity, _) = message, velocity > 0 {
      report.heardNotes += 1
      if let turn {
        if turn.beats.beat(at: time) >= turn.length - 1 {
          // The upbeat to the next call.
        } else if settings.turnBars == nil {
          events = breakOff(at: time)
        } else {
          return []
        }
      }
    }
    phrase.take(message, channel: channel, at: time)
    return events
  }

  private var reader: PhraseReader {
    var reader = PhraseReader(
      timeSignature: settings.timeSignature, firstBeat: settings.firstBeat,
      program: namesPrograms ? program : nil)
    switch settings.tempo {
    case .followed: break
    case .given(let tempo): reader.beat = .tempo(tempo)
    case .clock: if let given { reader.beat = .map(given) }
    }
    // Who takes turns at bar lines goes on counting.
    if settings.turnBars != nil, settings.tempo != .clock, let lastTurn, let first = phrase.notes.first {
      let since = lastTurn.beats.beat(at: first.onset) - lastTurn.end
      if since > -1.25, since < 2 * settings.quartersPerBar {
        reader.beat = .tempo(lastTurn.beats.quartersPerMinute)
        let place = (4 * since).rounded() / 4
        let bars = (place / settings.quartersPerBar).rounded(.down)
        reader.firstBeat = place - bars * settings.quartersPerBar
      }
    }
    return reader
  }

  /// Reads the phrase again if anything has changed.
  private func read() {
    guard readRevision != phrase.revision else { return }
    readRevision = phrase.revision
    let reader = reader
    let last = phrase.lastActivity ?? PerformanceTime(nanoseconds: 0)
    reading = reader.read(phrase, heldUntil: last)
    guard let found = reading else { return }
    report.quartersPerMinute = found.beats.quartersPerMinute
    if phrase.heldCount > 0, let moment { reading = reader.read(phrase, heldUntil: moment) }
  }

  /// When the answer to the phrase is due as it is now.
  private var moment: PerformanceTime? {
    guard turn == nil, let reading, let last = phrase.lastActivity else { return nil }
    if let bars = settings.turnBars {
      // A first note shortly before the bar line is an upbeat to it.
      let first = reading.score.tracks.compactMap { $0.notes.first?.onset }.min() ?? 0
      let isUpbeat = Double(first) / Double(PhraseReader.ticksPerQuarter) > settings.quartersPerBar - 1.01
      return reading.beats.time(
        atBeat: Double(bars + (isUpbeat && bars > 1 ? 1 : 0)) * settings.quartersPerBar)
    }
    let silence = phrase.heldCount == 0 ? settings.pause : max(Self.longestHold, 2 * settings.pause)
    let end = reading.beats.beat(at: last) + silence
    return reading.beats.time(atBeat: (end - 1e-6).rounded(.up))
  }

  // MARK: Answering

  func work() -> Bool {
    if turn == nil, !phrase.isEmpty {
      read()
      answerer.hear(reading)
    }
    return answerer.work()
  }

  var isLate: Bool { turn.map { !$0.hasBegun && $0.pending.isEmpty && !answerer.isComplete } ?? false }

  var nextMoment: PerformanceTime? {
    if turn == nil, !phrase.isEmpty { read() }
    let note = turn.flatMap { turn in turn.pending.first.map { turn.beats.time(atBeat: $0.beat) } }
    return [moment, note, turn?.end, sounding.nextEnd].compactMap { $0 }.min()
  }

  func perform(until time: PerformanceTime) -> [LiveEvent] {
    var events: [LiveEvent] = []
    if turn == nil, !phrase.isEmpty {
      read()
      if let moment, moment <= time { begin(at: moment) }
    }
    if turn != nil { events += play(until: time) }
    events += sounding.ended(by: time)
    if let turn, turn.end <= time, answerer.isComplete || answerer.failure != nil {
      finish(turn, bars: answerer.answerBars)
    }
    return events
  }

  private func begin(at moment: PerformanceTime) {
    if phrase.heldCount > 0, settings.turnBars == nil {
      phrase.endHeldNotes(at: phrase.lastActivity ?? moment)
    }
    read()
    guard let reading else { return }
    answerer.hear(reading)
    let velocities = phrase.notes.map(\.velocity)
    guard answerer.begin() else {
      report.failures += 1
      phrase.restart(at: moment)
      return
    }
    if let ids = answerer.idsOfCall() { calls.append(ids) }
    report.key = KeyDetection(reading.score)?.name ?? report.key
    let start = reading.beats.beat(at: moment)
    turn = Turn(
      beats: reading.beats.moved(by: -start), song: reading.beats,
      length: Double(answerer.answerBars) * settings.quartersPerBar, start: moment,
      velocity: velocities.isEmpty ? 80 : velocities.reduce(0, +) / velocities.count)
    phrase.removeAll()
    self.reading = nil
    readRevision = -1
  }

  private func play(until time: PerformanceTime) -> [LiveEvent] {
    guard var turn else { return [] }
    turn.pending += answerer.takeNotes()
    turn.pending.sort { ($0.beat, $0.pitch) < ($1.beat, $1.pitch) }
    var events: [LiveEvent] = []
    var index = 0
    while index < turn.pending.count {
      let note = turn.pending[index]
      let start = turn.beats.time(atBeat: note.beat)
      guard start <= time else { break }
      index += 1
      let end = turn.beats.time(atBeat: note.beat + note.length)
      guard end > time else {
        report.missedNotes += 1
        continue
      }
      events += sounding.ended(by: start)
      let channel = channel(of: note)
      events += announce(note, channel: channel, at: start)
      events += sounding.begin(
        note.pitch, velocity: velocity(of: note, turn), channel: channel, at: start, until: end,
        opensAnswer: !turn.hasBegun)
      if !turn.hasBegun { report.answers += 1 }
      turn.hasBegun = true
      report.playedNotes += 1
    }
    turn.pending.removeFirst(index)
    self.turn = turn
    return events
  }

  /// Each part of the answer has a channel of its own, beside the player's.
  private func channel(of note: AnswerNote) -> Int {
    guard let program = note.program else { return 9 }
    let known = channels.firstIndex { $0.program == program && $0.part == note.part }
    if known == nil, channels.count < 8 { channels.append((program, note.part)) }
    return 1 + (known ?? channels.count - 1)
  }

  private var channels: [(program: Int, part: Int)] = []

  private func announce(_ note: AnswerNote, channel: Int, at time: PerformanceTime) -> [LiveEvent] {
    guard let own = note.program else { return [] }
    let wanted = settings.program ?? (namesPrograms && own != 0 ? own : program)
    guard announcedPrograms[channel] != wanted else { return [] }
    announcedPrograms[channel] = wanted
    return [LiveEvent(time: time, channel: channel, message: .program(wanted))]
  }

  private func velocity(of note: AnswerNote, _ turn: Turn) -> Int {
    guard hasFixedVelocity else { return note.velocity }
    let place = note.beat.truncatingRemainder(dividingBy: settings.quartersPerBar)
    let accent = place == 0 ? 6 : place == place.rounded() ? 0 : -5
    return min(max(turn.velocity + accent, 1), 127)
  }

  /// The player plays again: the answer ends at once.
  private func breakOff(at time: PerformanceTime) -> [LiveEvent] {
    guard let turn else { return [] }
    let bars = turn.beats.beat(at: time) / settings.quartersPerBar
    finish(turn, bars: Int(max(0, bars).rounded()))
    return sounding.silence(at: time)
  }

  private func finish(_ turn: Turn, bars: Int) {
    if answerer.failure != nil { report.failures += 1 }
    answerer.end(afterBars: bars)
    lastTurn = (turn.beats, turn.length, turn.song)
    self.turn = nil
  }

  func change(_ change: LiveChange, at time: PerformanceTime) -> [LiveEvent] {
    switch change {
    case .temperature(let value): answerer.settings.sampling.temperature = min(max(value, 0.01), 10)
    case .bars(let count): answerer.settings.bars = count.map { min(max($0, 1), 1024) }
    case .pause(let beats):
      settings.pause = min(max(beats, LiveSettings.pauses.lowerBound), LiveSettings.pauses.upperBound)
    case .silence, .stop: return silence(at: time)
    case .reset:
      let events = silence(at: time)
      answerer.forget()
      phrase.removeAll()
      return events
    }
    return []
  }

  func silence(at time: PerformanceTime) -> [LiveEvent] {
    let broken = breakOff(at: time)
    return broken + sounding.silence(at: time)
  }

  // MARK: Learning

  /// Takes the calls that were not yet learned from.
  func takeCalls() -> [[Int32]] {
    defer { calls = [] }
    return calls
  }

  /// Whether another model could be taken now without an answer being late for it.
  var isBetweenPhrases: Bool { turn == nil && phrase.isEmpty }

  /// Goes on with another model of the same tokens.
  func use(_ model: MusicModel) throws { try answerer.use(model) }
}
