internal import Music

/// Tells others where music is that is rendered ahead of being heard: the bars of an engine, or places that somebody marks.
///
/// Bars are marked by the frames of the sound; a clock says when these are heard, and a `SongAnnouncer` is told of it again and again, so
/// that beats and bar lines go out when they are heard, whatever the device's own clock does.
public final class PerformanceConductor: PerformanceListener {
  /// A place of the music, by the frame at which it sounds.
  public struct Mark: Sendable, Hashable {
    /// The frame.
    public var frame: Int
    /// The place, in quarter notes from the beginning.
    public var quarter: Double
    /// How long a quarter note is from here on, in seconds; above 0.
    public var secondsPerQuarter: Double
    /// The bar that begins here; nil where none does.
    public var bar: SongBar?

    /// A place.
    /// - Parameters:
    ///   - frame: the frame at which it sounds.
    ///   - quarter: the place, in quarter notes from the beginning.
    ///   - secondsPerQuarter: how long a quarter note is from here on, in seconds; above 0.
    ///   - bar: the bar that begins here; nil where none does.
    public init(frame: Int, quarter: Double, secondsPerQuarter: Double, bar: SongBar? = nil) {
      self.frame = frame
      self.quarter = quarter
      self.secondsPerQuarter = secondsPerQuarter
      self.bar = bar
    }
  }

  private let announcer: SongAnnouncer
  private let sampleRate: Double
  private let clock: @Sendable (Int) -> PerformanceTime?
  private let state = Guarded(State())
  private let wake = AlarmSignal()
  private let thread = Guarded<PortThread?>(nil)

  private struct State {
    var marks: [Mark] = []
    /// Counts how often the music was moved.
    var place = 0
    var isPaused = false
    var isEnded = false
    /// Where the next bar of an engine begins, in quarter notes.
    var nextQuarter: Double?

    mutating func add(_ mark: Mark) {
      if marks.count >= PerformanceConductor.markLimit { marks.removeFirst() }
      marks.append(mark)
    }
  }

  /// How often moments are looked at, in seconds.
  private static let interval = 0.015
  private static let markLimit = 4096

  /// A conductor of music that has not begun.
  /// - Parameters:
  ///   - announcer: who tells of it; it stays open at the end.
  ///   - sampleRate: frames a second.
  ///   - place: a number that the music's place begins with, other than that of music which the announcer told of before.
  ///   - clock: when a frame is heard; nil as long as that is not known. Later frames are heard later.
  /// - Throws: `PortError.noResources`.
  public init(
    _ announcer: SongAnnouncer, sampleRate: Int, place: Int = 0,
    clock: @escaping @Sendable (Int) -> PerformanceTime?
  ) throws(PortError) {
    self.announcer = announcer
    self.sampleRate = Double(sampleRate)
    self.clock = clock
    state.withLock { $0.place = place }
    let thread = try PortThread { [weak self, wake] in
      while self?.tell() == true { wake.sleep(until: .now.advanced(bySeconds: Self.interval)) }
    }
    self.thread.withLock { $0 = thread }
  }

  deinit { wake.raise() }

  /// Marks the bar. A first bar that is shorter than its time signature is an upbeat: the song begins after it.
  public func willPlay(_ bar: PerformedBar, atFrame frame: Int) {
    let quarters = Double(bar.length) / Double(bar.ticksPerQuarter)
    let map = bar.timeMap
    state.withLock { state in
      let isUpbeat = state.nextQuarter == nil && bar.length < bar.nominalLength
      let start = state.nextQuarter ?? (isUpbeat ? -quarters : 0)
      state.nextQuarter = start + quarters
      let line = SongBar(
        number: bar.number + 1, quarter: start, length: quarters, quartersPerMinute: bar.quartersPerMinute)
      for tempo in bar.tempos where tempo.tick < bar.length {
        let seconds = map.seconds(at: tempo.tick)
        state.add(
          Mark(
            frame: frame + Int((seconds * sampleRate).rounded()),
            quarter: start + Double(tempo.tick) / Double(bar.ticksPerQuarter),
            secondsPerQuarter: 60 / tempo.quartersPerMinute, bar: tempo.tick == 0 ? line : nil))
      }
    }
  }

  /// Marks a place after those that were marked before.
  /// - Parameter mark: the place.
  public func add(_ mark: Mark) { state.withLock { $0.add(mark) } }

  /// Forgets all places: the music goes on from another one, which is marked next.
  public func move() {
    state.withLock { state in
      state.marks = []
      state.place += 1
    }
  }

  /// Stops the clock until `resume`.
  public func pause() {
    state.withLock { $0.isPaused = true }
    wake.raise()
  }

  /// Goes on after a pause.
  public func resume() { state.withLock { $0.isPaused = false } }

  /// Ends it: the song stands still.
  public func finish() {
    state.withLock { $0.isEnded = true }
    wake.raise()
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
    announcer.follow(nil, place: state.withLock { $0.place })
  }

  /// Tells the announcer what is known now.
  /// - Returns: false after the end.
  private func tell() -> Bool {
    let (marks, place, isPaused, isEnded) = state.withLock { ($0.marks, $0.place, $0.isPaused, $0.isEnded) }
    guard !isEnded else { return false }
    guard !isPaused, let first = marks.first, let origin = clock(first.frame) else {
      announcer.follow(nil, place: place)
      return true
    }
    func moment(_ mark: Mark) -> PerformanceTime {
      origin.advanced(bySeconds: Double(mark.frame - first.frame) / sampleRate)
    }
    let now = PerformanceTime.now
    // From the last place that was heard on, and its bar.
    let heard = marks.lastIndex { moment($0) <= now } ?? 0
    let bar = marks[...heard].lastIndex { $0.bar != nil } ?? 0
    func anchor(_ mark: Mark) -> SongTime.Anchor {
      SongTime.Anchor(
        time: moment(mark), quarter: mark.quarter, secondsPerQuarter: mark.secondsPerQuarter)
    }
    var song = SongTime(anchor(marks[bar]))
    for mark in marks[(bar + 1)...] { song.append(anchor(mark)) }
    announcer.follow(song, bars: marks[bar...].compactMap(\.bar), place: place)
    state.withLock { state in
      // Unless it was moved meanwhile.
      if state.place == place { state.marks.removeFirst(min(bar, state.marks.count)) }
    }
    return true
  }
}
