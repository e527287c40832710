/// Finds beats in MIDI clock messages, 24 to a quarter note.
///
/// Source: *MIDI 1.0 Detailed Specification* 4.2, "System Real Time Messages": the clock that follows a start is beat 0.
struct ClockBeats {
  /// The beats so far; nil before two quarter notes were timed.
  private(set) var beats: BeatMap?
  private var times: [PerformanceTime] = []
  /// The number of the last clock since the start.
  private var number = -1
  private var isRunning = true

  /// The tempo is that of so many clocks, so that jitter averages out.
  private static let window = 48

  /// The song starts at the next clock.
  mutating func start() {
    number = -1
    isRunning = true
    beats = nil
  }

  /// The song goes on at the next clock.
  mutating func resume() { isRunning = true }

  /// The song stands still; clocks go on for the tempo alone.
  mutating func stop() { isRunning = false }

  /// The song stands at a place in sixteenth notes.
  mutating func setPosition(_ sixteenths: Int) {
    number = 6 * sixteenths - 1
    beats = nil
  }

  /// A clock has come.
  /// - Returns: whether the beats changed.
  mutating func take(at time: PerformanceTime) -> Bool {
    if let last = times.last, time.seconds(since: last) > 0.5 { times = [] }
    times.append(time)
    if times.count > Self.window + 1 { times.removeFirst() }
    guard isRunning else { return false }
    number += 1
    guard times.count >= 13, let first = times.first else { return false }
    let period = 24 * time.seconds(since: first) / Double(times.count - 1)
    // The straight line through the clocks of the window tells where the last one should have been.
    var late = 0.0
    for (index, clock) in times.enumerated() {
      late += clock.seconds(since: time) + Double(times.count - 1 - index) * period / 24
    }
    late /= Double(times.count)
    beats = BeatMap(
      at: time.advanced(bySeconds: late), beat: Double(number) / 24, period: period)
    return number % 6 == 0
  }
}
