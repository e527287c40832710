/// Finds tempo and position of a performance from its MIDI clock.
///
/// Moments of clocks are filtered by a phase-locked loop of second order (an alpha-beta filter), so that jitter of a millisecond or two
/// does not reach tempo and position: after the first clocks, or where the tempo has jumped, its gains are those of a line through
/// all clocks since then (least squares), and they fall to those of a line through the last 48, two quarter notes.
///
/// Source of the gains: P. R. Kalata, *The Tracking Index* (IEEE Transactions on Aerospace 20, 1984), growing-memory filter;
/// messages: *MIDI 1.0 Detailed Specification* 4.2.
public struct ClockFollower: Sendable {
  /// Whether the song runs: it was started or resumed, and not stopped since.
  public private(set) var isRunning = false
  /// Clocks that came in.
  public private(set) var clockCount = 0

  /// The number of the next clock, from the song's beginning.
  private var nextIndex = 0
  /// The number of the last clock; nil where none came since the start.
  private var lastIndex: Int?
  /// The moment from which seconds are counted.
  private var origin = PerformanceTime(nanoseconds: 0)
  /// The filtered moment of the last clock, in seconds, and the time from clock to clock.
  private var moment = 0.0
  private var period = 0.0
  /// Clocks that the filter has seen since it began anew.
  private var memory = 0
  /// The mean deviation of clocks from where they were expected, in seconds.
  private var spread = 0.0
  /// When the last clocks came, the last one first.
  private var arrivals: [Double] = []
  /// Whether the next clock is the first since the song was started.
  private var isBeginning = false
  /// How many clocks on end came too early (negative) or too late.
  private var run = 0

  /// As many clocks as the filter remembers.
  private static let longestMemory = 48
  /// From how many clocks a tempo is told.
  private static let shortestMemory = 4

  /// A follower that has heard nothing yet.
  public init() {}

  /// Takes a message; those that are not about clock and transport are of no effect.
  /// - Parameters:
  ///   - message: what came in.
  ///   - time: when.
  public mutating func receive(_ message: WireMessage, at time: PerformanceTime) {
    switch message {
    case .clock: clock(at: time)
    case .start:
      nextIndex = 0
      begin()
    case .resume:
      begin()
    case .stop:
      isRunning = false
    case .songPosition(let sixteenth):
      nextIndex = sixteenth * ClockGenerator.clocksPerQuarter / 4
      lastIndex = nil
    default: break
    }
  }

  /// The tempo, in quarter notes a minute; nil before four clocks have come.
  public var quartersPerMinute: Double? {
    memory >= Self.shortestMemory && period > 0
      ? 60 / (period * Double(ClockGenerator.clocksPerQuarter)) : nil
  }

  /// Whether clocks have come, and then none for a quarter of a second and eight clocks' time: the cable was pulled, or the sender ended.
  /// - Parameter time: now.
  public func isLost(at time: PerformanceTime) -> Bool {
    guard let last = arrivals.first else { return false }
    return time.seconds(since: origin) - last > max(0.25, 8 * period)
  }

  /// Where the song stands, in quarter notes from its beginning. It stands still while the song does, and at most a clock after the last
  /// one.
  /// - Parameter time: the moment.
  public func quarters(at time: PerformanceTime) -> Double {
    guard isRunning, let lastIndex else { return Double(nextIndex) / Double(ClockGenerator.clocksPerQuarter) }
    let since = period > 0 ? (time.seconds(since: origin) - moment) / period : 0
    return (Double(lastIndex) + min(max(since, -1), 1)) / Double(ClockGenerator.clocksPerQuarter)
  }

  /// Bar and quarter note within it, both counted from 0, in a metre that does not change.
  /// - Parameters:
  ///   - time: the moment.
  ///   - quartersPerBar: a bar's length in quarter notes.
  public func bar(at time: PerformanceTime, quartersPerBar: Double) -> (bar: Int, quarter: Double) {
    precondition(quartersPerBar > 0, "a bar of \(quartersPerBar) quarter notes has no length")
    // Just before the first clock of the song is in its first bar.
    let quarters = max(0, quarters(at: time))
    let bar = (quarters / quartersPerBar).rounded(.down)
    return (Int(bar), quarters - bar * quartersPerBar)
  }

  /// When the song will be at a place if its tempo stays; nil while it does not run or the tempo is not known.
  /// - Parameter quarters: the place, in quarter notes from its beginning.
  public func time(ofQuarter quarters: Double) -> PerformanceTime? {
    guard isRunning, let lastIndex, quartersPerMinute != nil else { return nil }
    let clocks = quarters * Double(ClockGenerator.clocksPerQuarter) - Double(lastIndex)
    return origin.advanced(bySeconds: moment + clocks * period)
  }

  private mutating func clock(at time: PerformanceTime) {
    if isLost(at: time) { forget() }
    if memory == 0 { origin = time }
    let seconds = time.seconds(since: origin)
    clockCount += 1
    filter(seconds)
    arrivals.insert(seconds, at: 0)
    if arrivals.count > Self.shortestMemory { arrivals.removeLast() }
    if isRunning {
      lastIndex = nextIndex
      nextIndex += 1
    }
  }

  private mutating func begin() {
    lastIndex = nil
    isRunning = true
    isBeginning = true
  }

  private mutating func forget() {
    memory = 0
    period = 0
    spread = 0
    run = 0
    arrivals = []
  }

  private mutating func filter(_ seconds: Double) {
    if isBeginning {
      // A sender begins its clocks anew with the song: the tempo may be known, and the moment is that of this clock.
      isBeginning = false
      memory = memory < Self.shortestMemory ? 1 : min(memory, 2 * Self.shortestMemory)
      moment = seconds
      run = 0
      return
    }
    memory += 1
    let error = seconds - (moment + period)
    switch memory {
    case 1:
      moment = seconds
    case 2:
      period = seconds - moment
      moment = seconds
    default:
      let count = Double(min(memory, Self.longestMemory))
      moment += period + error * 2 * (2 * count - 1) / (count * (count + 1))
      period = max(0.001, period + error * 6 / (count * (count + 1)))
      watch(error, seconds)
    }
  }

  /// Begins anew with the last clocks where several on end came too early or too late: the tempo has changed.
  private mutating func watch(_ error: Double, _ seconds: Double) {
    let limit = max(3 * spread, 0.1 * period, 0.002)
    if memory > 2 * Self.shortestMemory, abs(error) > limit {
      run = error < 0 ? min(run, 0) - 1 : max(run, 0) + 1
    } else {
      run = 0
      spread += (abs(error) - spread) / 16
    }
    guard abs(run) >= 3, arrivals.count >= 2 else { return }
    let recent = [seconds] + arrivals.prefix(2)
    period = max(0.001, (recent[0] - recent[2]) / 2)
    moment = (recent[0] + recent[1] + recent[2]) / 3 + period
    memory = 3
    run = 0
  }
}
