internal import MIDI
public import Music
internal import Notation

/// Lets others take part in a score that is played elsewhere: its messages are sent when they are heard, and its bars and beats are told.
///
/// Whoever plays the score tells it what was rendered: which frames, and which seconds of the score sound in them. Where the seconds do not go on
/// from those before, the score was moved: what sounds is ended, and programs, controllers and held notes are sent as they are at the new
/// place. One thread uses it.
public final class ScoreCompanion {
  /// What it sends to, and tells.
  public struct Company {
    /// Where the messages go.
    public var performers: [MIDIPerformer]
    /// Who is told of bars and beats; nil for nobody.
    public var conductor: PerformanceConductor?

    /// Others.
    /// - Parameters:
    ///   - performers: where the messages go.
    ///   - conductor: who is told of bars and beats; nil for nobody.
    public init(performers: [MIDIPerformer], conductor: PerformanceConductor? = nil) {
      self.performers = performers
      self.conductor = conductor
    }
  }

  private let score: Score
  private let timeMap: TimeMap
  private let bars: Bars
  private let company: Company
  /// The channel and system-exclusive messages in their order, by seconds of the score at its own tempo.
  private let messages: [(seconds: Double, message: MIDIMessage)]
  private var nextMessage = 0
  /// The seconds of the score up to which all was sent and told; nil before the beginning.
  private var seconds: Double?
  private var frame = 0
  private var nextBar = 0
  private var nextTempo = 0
  private var tempoFactor = 1.0

  /// Seconds of the score that are further apart than this are another place.
  public static let tolerance = 0.002

  /// Notes that have less than this left, in seconds of the score, where it is moved to are not begun again.
  private static let shortestRest = 0.02

  /// A companion of a score that has not begun.
  /// - Parameters:
  ///   - score: The score as it is performed.
  ///   - company: Who takes part.
  /// - Throws: `ScoreError.unrepresentable` for values outside MIDI's ranges.
  public init(score: Score, company: Company) throws {
    self.score = score
    self.company = company
    timeMap = score.timeMap
    bars = score.bars
    messages = try Self.messages(of: score)
  }

  /// The messages of a score, by their seconds.
  private static func messages(of score: Score) throws -> [(seconds: Double, message: MIDIMessage)] {
    let map = score.timeMap
    let all = try MIDIFile(score: score).tracks.flatMap { track in
      track.events.map { (tick: $0.tick, message: track.message(of: $0)) }
    }
    let sent = all.filter { event in
      switch event.message {
      case .meta, .escape: false
      default: true
      }
    }
    // The ends of notes come before others of their moment, as in each track.
    let order = sent.indices.sorted {
      (sent[$0].tick, sent[$0].message.isNoteEnd ? 0 : 1, $0)
        < (sent[$1].tick, sent[$1].message.isNoteEnd ? 0 : 1, $1)
    }
    return order.map { (map.seconds(at: sent[$0].tick), sent[$0].message) }
  }

  /// Takes that frames were rendered.
  /// - Parameters:
  ///   - count: How many, after those before.
  ///   - start: The second of the score, at its own tempo, that sounds in the first of them.
  ///   - end: The second that sounds after the last of them.
  ///   - tempoFactor: How fast the score is played, 1 being its own tempo.
  public func didRender(_ count: Int, from start: Double, to end: Double, tempoFactor: Double) {
    guard count > 0 else { return }
    if seconds.map({ abs($0 - start) > Self.tolerance }) ?? true {
      move(to: start)
      self.tempoFactor = tempoFactor
    } else if tempoFactor != self.tempoFactor {
      self.tempoFactor = tempoFactor
      mark(frame, at: start, bar: nil)
    }
    let rate = Double(count) / max(end - start, 1e-9)
    func place(of seconds: Double) -> Int {
      frame + min(max(Int(((seconds - start) * rate).rounded()), 0), count)
    }
    while nextMessage < messages.count, messages[nextMessage].seconds < end {
      let (seconds, message) = messages[nextMessage]
      for performer in company.performers { performer.send(message, atFrame: place(of: seconds)) }
      nextMessage += 1
    }
    markPlaces(until: end, place)
    frame += count
    seconds = end
  }

  /// Marks the bar lines and changes of tempo up to some seconds of the score.
  private func markPlaces(until end: Double, _ place: (Double) -> Int) {
    while true {
      let line = nextBar < bars.count ? timeMap.seconds(at: bars[nextBar].start) : .infinity
      let tempos = score.tempos
      let change = nextTempo < tempos.count ? timeMap.seconds(at: tempos[nextTempo].tick) : .infinity
      let seconds = min(line, change)
      guard seconds < end else { return }
      // A change of tempo on a bar line is one place.
      if change <= line { nextTempo += 1 }
      var bar: SongBar?
      if line <= change {
        bar = songBar(nextBar)
        nextBar += 1
      }
      mark(place(seconds), at: seconds, bar: bar)
    }
  }

  private func songBar(_ index: Int) -> SongBar {
    let bar = bars[index]
    let quarter = Double(score.ticksPerQuarter)
    return SongBar(
      number: index + 1, quarter: Double(bar.start) / quarter, length: Double(bar.end - bar.start) / quarter,
      quartersPerMinute: tempo(at: bar.start) * tempoFactor)
  }

  /// The score's own tempo at a tick, in quarter notes a minute.
  private func tempo(at tick: Int) -> Double {
    (score.tempos.last { $0.tick <= tick } ?? .standard).quartersPerMinute
  }

  private func mark(_ frame: Int, at seconds: Double, bar: SongBar?) {
    guard let conductor = company.conductor else { return }
    let quarter = bar?.quarter ?? quarter(at: seconds)
    let tick = Int((quarter * Double(score.ticksPerQuarter)).rounded(.down))
    conductor.add(
      PerformanceConductor.Mark(
        frame: frame, quarter: quarter, secondsPerQuarter: 60 / (tempo(at: tick) * tempoFactor), bar: bar))
  }

  /// The place of a second, in quarter notes: between ticks too.
  private func quarter(at seconds: Double) -> Double {
    let tick = timeMap.tick(atSeconds: seconds + 1e-9)
    let (before, after) = (timeMap.seconds(at: tick), timeMap.seconds(at: tick + 1))
    let part = after > before ? min(max((seconds - before) / (after - before), 0), 1) : 0
    return (Double(tick) + part) / Double(score.ticksPerQuarter)
  }

  // MARK: Another place

  /// Goes on from some seconds of the score, with the next frame.
  private func move(to start: Double) {
    let isBeginning = seconds == nil
    if !isBeginning {
      for performer in company.performers { performer.move() }
      company.conductor?.move()
    }
    nextMessage = messages.firstIndex { $0.seconds >= start - 1e-9 } ?? messages.count
    // A note that is about to end is not begun again.
    let ended = messages[nextMessage...].prefix { $0.seconds < start + Self.shortestRest }
    let endedKeys = Set(ended.compactMap { $0.message.endedKey })
    for message in Self.state(after: messages[..<nextMessage], isBeginning: isBeginning, without: endedKeys) {
      for performer in company.performers { performer.send(message, atFrame: frame) }
    }
    let tick = timeMap.tick(atSeconds: start + 1e-9)
    nextBar = bars.isEmpty ? 0 : min(bars.index(of: tick), bars.count)
    if nextBar < bars.count, timeMap.seconds(at: bars[nextBar].start) < start - 1e-6 { nextBar += 1 }
    nextTempo = score.tempos.firstIndex { timeMap.seconds(at: $0.tick) >= start - 1e-9 } ?? score.tempos.count
    if nextBar >= bars.count || timeMap.seconds(at: bars[nextBar].start) > start + 1e-6 {
      mark(frame, at: start, bar: nil)
    }
  }

  /// What brings a receiver to where it would be after messages: the last program, controllers, parameters and wheels of each channel, and the notes
  /// that are held; at the beginning system-exclusive messages too.
  private static func state(
    after messages: ArraySlice<(seconds: Double, message: MIDIMessage)>, isBeginning: Bool,
    without endedKeys: Set<Int>
  ) -> [MIDIMessage] {
    var channels = [ChannelMemory](repeating: ChannelMemory(), count: 16)
    var notes: [Int: (order: Int, message: MIDIMessage)] = [:]
    var exclusives: [MIDIMessage] = []
    for (order, (_, message)) in messages.enumerated() {
      if let (channel, content) = message.forChannel { channels[channel & 15].follow(content) }
      switch message {
      case .noteOn(let channel, let key, let velocity) where velocity > 0 && channel != 9:
        notes[channel << 7 | key] = (order, message)
      case .noteOn(let channel, let key, _), .noteOff(let channel, let key, _):
        notes[channel << 7 | key] = nil
      // All sound off, and all notes off in their several forms.
      case .controlChange(let channel, 120, _), .controlChange(let channel, 123...127, _):
        notes = notes.filter { $0.key >> 7 != channel }
      case .systemExclusive: exclusives.append(message)
      default: break
      }
    }
    for key in endedKeys { notes[key] = nil }
    let settings = channels.enumerated().flatMap { channel, memory in
      memory.messages.map { MIDIMessage($0, channel: channel) }
    }
    return (isBeginning ? exclusives : []) + settings
      + notes.values.sorted { $0.order < $1.order }.map(\.message)
  }
}

extension MIDIMessage {
  /// The channel and key of the note that it ends, as one number; nil where it ends none.
  fileprivate var endedKey: Int? {
    switch self {
    case .noteOff(let channel, let key, _): channel << 7 | key
    case .noteOn(let channel, let key, let velocity): velocity == 0 ? channel << 7 | key : nil
    default: nil
    }
  }

  /// Whether it ends a note.
  fileprivate var isNoteEnd: Bool { endedKey != nil }
}
