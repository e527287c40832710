/// Tells others where a song is while it is heard: its beats as a MIDI clock with start, stop and song position, and its bar lines.
///
///     let announcer = try SongAnnouncer(clocks: [output]) { server.announceBar($0) }
///     // again and again, as moments become known:
///     announcer.follow(song, bars: bars)
///     // in a pause:
///     announcer.follow(nil)
///
/// A song that is joined at its beginning is started, and elsewhere resumed from the next sixteenth note on, which is what a song position can
/// say. Whoever leads it may call from any thread.
public final class SongAnnouncer: Sendable {
  private let clocks: [ClockSender]
  /// So long before its moment a start is handed over at least: outputs that keep time themselves have been given clocks ahead of theirs.
  private let notice: Double
  private let onBar: (@Sendable (SongBar) -> Void)?
  private let alarm = AlarmSignal()
  private let state = Guarded(State())
  private let thread = Guarded<PortThread?>(nil)

  private struct State {
    var song: SongTime?
    var bars: [SongBar] = []
    var place = 0
    /// Where the last bar began that was told; nil where none was since the song was moved.
    var toldQuarter: Double?
    /// Whether the clocks run with the song.
    var isRunning = false
    /// Whether they ran since the song was moved.
    var hasRun = false
    var isClosed = false
  }

  /// A start or a going on is handed over so long before its moment at most, since the moment may still be corrected.
  private static let foresight = 0.25
  /// So long before its moment at least, so that it is on time, beside what the outputs ask for.
  private static let shortestNotice = 0.02
  /// A song whose beginning became known so late is started all the same, and its first clocks come faster.
  private static let lateness = 0.15

  /// An announcer of a song that has not begun.
  /// - Parameters:
  ///   - clocks: where the clock goes; the outputs stay open at the end.
  ///   - onBar: called at each bar line, on a thread of the announcer's; it returns soon.
  /// - Throws: `PortError.noResources`.
  public init(
    clocks: [any MessageOutput] = [], onBar: (@Sendable (SongBar) -> Void)? = nil
  ) throws(PortError) {
    var senders: [ClockSender] = []
    for output in clocks { senders.append(try ClockSender(output, quartersPerMinute: 120)) }
    self.clocks = senders
    notice = Self.shortestNotice + (clocks.map(\.leadSeconds).max() ?? 0)
    self.onBar = onBar
    guard onBar != nil else { return }
    let thread = try PortThread { [weak self, alarm] in
      PortThread.becomeRealTime()
      while let time = self?.work() { alarm.sleep(until: time) }
    }
    self.thread.withLock { $0 = thread }
  }

  deinit { alarm.raise() }

  /// How late clocks were sent, through the first output.
  public var timeliness: Timeliness { clocks.first?.timeliness ?? Timeliness() }
  /// Why a clock's output failed; nil while all work.
  public var failure: PortError? {
    for clock in clocks {
      if let failure = clock.failure { return failure }
    }
    return nil
  }

  /// Takes what is known of the song now, in the place of what was known before.
  /// - Parameters:
  ///   - song: when its quarter notes are heard; nil while it stands still, which stops the clocks.
  ///   - bars: its bars from the one that is heard on, as far as they are known.
  ///   - place: another number than before where the song was moved, to another bar.
  public func follow(_ song: SongTime?, bars: [SongBar] = [], place: Int = 0) {
    let isWorth = state.withLock { state -> Bool in
      guard !state.isClosed, song != nil || state.song != nil || place != state.place else { return false }
      if song == nil || place != state.place { stop(&state) }
      if place != state.place { (state.toldQuarter, state.hasRun) = (nil, false) }
      state.place = place
      let isNew = state.song != song
      state.song = song
      state.bars = bars
      guard let song else { return true }
      if isNew { for clock in clocks { clock.change { $0.follow(song) } } }
      if !state.isRunning { join(song, &state) }
      return true
    }
    if isWorth, onBar != nil { alarm.raise() }
  }

  private func stop(_ state: inout State) {
    guard state.isRunning else { return }
    state.isRunning = false
    let now = PerformanceTime.now
    for clock in clocks { clock.change { $0.stop(at: now) } }
  }

  /// Starts the clocks where the song begins, or lets them go on from the next sixteenth note.
  private func join(_ song: SongTime, _ state: inout State) {
    let now = PerformanceTime.now
    let soon = now.advanced(bySeconds: notice)
    let beginning = song.time(ofQuarter: 0)
    var sixteenth = max(0, Int((4 * song.quarter(at: soon) - 1e-6).rounded(.up)))
    var time = song.time(ofQuarter: Double(sixteenth) / 4)
    if !state.hasRun, sixteenth > 0, now.seconds(since: beginning) < Self.lateness {
      sixteenth = 0
      let soonest = notice - Self.shortestNotice + 2 * ClockGenerator.startLeadSeconds
      time = max(beginning, now.advanced(bySeconds: soonest))
    }
    guard time.seconds(since: now) < Self.foresight else { return }
    let bar = state.bars.last { 4 * $0.quarter <= Double(sixteenth) } ?? state.bars.first
    for clock in clocks {
      clock.change {
        if sixteenth == 0 {
          $0.start(at: time)
        } else {
          $0.resume(at: time, sixteenth: sixteenth, barSixteenths: Int(4 * (bar?.length ?? 4)))
        }
      }
    }
    (state.isRunning, state.hasRun) = (true, true)
  }

  /// Stops the clocks, and ends.
  public func close() {
    let wasClosed = state.withLock { state in
      defer { state.isClosed = true }
      return state.isClosed
    }
    guard !wasClosed else { return }
    alarm.raise()
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
    for clock in clocks { clock.close() }
  }

  // MARK: The thread of the bar lines

  /// Tells of the bar that has begun.
  /// - Returns: when to look again, nil where the announcer is closed.
  private func work() -> PerformanceTime? {
    let (bar, next, isClosed) = state.withLock { state -> (SongBar?, PerformanceTime?, Bool) in
      guard !state.isClosed, let song = state.song else { return (nil, nil, state.isClosed) }
      let now = PerformanceTime.now
      var due: SongBar?
      for bar in state.bars where bar.quarter > state.toldQuarter ?? -.infinity {
        let time = song.time(ofQuarter: bar.quarter)
        guard time <= now else {
          if due != nil { state.toldQuarter = due?.quarter }
          return (due, time, false)
        }
        // What is over already is not told of, where another has begun.
        due = bar
      }
      if let due { state.toldQuarter = due.quarter }
      return (due, nil, false)
    }
    if isClosed { return nil }
    if let bar { onBar?(bar) }
    return next ?? PerformanceTime(nanoseconds: .max)
  }
}
