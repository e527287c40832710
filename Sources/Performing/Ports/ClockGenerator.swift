/// The MIDI clock of a performance: 24 messages in each quarter note, with start, stop and song position, at exact moments.
///
/// It is a value that makes messages up to a moment, and sends nothing; a `ClockSender` sends them. Its tempo is set, or it follows a song
/// whose moments are known (`follow(_:)`).
///
/// Source: *MIDI 1.0 Detailed Specification* 4.2, system real-time messages and song position pointer.
public struct ClockGenerator: Sendable {
  /// Clocks in a quarter note.
  public static let clocksPerQuarter = 24
  /// How long before its first clock a start is sent, in seconds: the specification asks for a millisecond, so that a receiver
  /// has time to get ready.
  public static let startLeadSeconds = 0.001

  /// What is asked for at a moment.
  private enum Command: Sendable {
    case tempo(Double)
    case start
    case resume(sixteenth: Int, position: Int)
    case stop

    /// Whether the song runs after it.
    var begins: Bool {
      switch self {
      case .start, .resume: true
      case .tempo, .stop: false
      }
    }
  }

  /// Whether it was started, as far as messages were made.
  public private(set) var isRunning = false
  /// The tempo, in quarter notes a minute, as far as messages were made.
  public private(set) var quartersPerMinute: Double
  /// The moment from which clocks are counted, and how many were made since.
  private var anchor: PerformanceTime
  private var count = 0
  private var commands: [(time: PerformanceTime, command: Command)] = []
  /// The song that is followed; nil where the tempo is set.
  private var song: SongTime?
  /// The number of the next clock in the song, while it runs.
  private var songClock = 0
  /// When the song began to run; nil where it never did.
  private var startTime: PerformanceTime?
  /// When the last clock was made; nil before the first.
  private var lastTime: PerformanceTime?

  /// How much of what a clock is early or late the next one makes up for: what is known of moments may err by a millisecond from one time to
  /// the next, and clocks should not.
  private static let correction = 0.2

  /// A clock that is not started. It ticks all the same, so that receivers know the tempo beforehand.
  /// - Parameters:
  ///   - quartersPerMinute: the tempo, 5...1,000.
  ///   - time: the moment of the first clock.
  public init(quartersPerMinute: Double, from time: PerformanceTime) {
    self.quartersPerMinute = Self.bounded(quartersPerMinute)
    anchor = time
  }

  private static func bounded(_ tempo: Double) -> Double { tempo.isNaN ? 120 : min(max(tempo, 5), 1_000) }

  private var secondsPerClock: Double { 60 / (quartersPerMinute * Double(Self.clocksPerQuarter)) }

  private var nextClock: PerformanceTime {
    guard let song, count > 0, let lastTime else {
      return anchor.advanced(bySeconds: Double(count) * secondsPerClock)
    }
    guard isRunning else { return lastTime.advanced(bySeconds: secondsPerClock) }
    func moment(_ clock: Int) -> PerformanceTime {
      song.time(ofQuarter: Double(clock) / Double(Self.clocksPerQuarter))
    }
    let last = moment(songClock - 1)
    let step = max(0.0005, moment(songClock).seconds(since: last))
    let wanted = step + Self.correction * last.seconds(since: lastTime)
    return lastTime.advanced(bySeconds: min(max(wanted, step / 4), 2 * step))
  }

  /// Follows a song from the next clock on: while it runs, its clocks are heard at the moments of the song's quarter notes, and tempos that were
  /// set are of no effect. Where moments are corrected, the clocks follow within some clocks.
  /// - Parameter song: the moments that are known now; nil to keep the tempo as it is.
  public mutating func follow(_ song: SongTime?) {
    guard let song else {
      if self.song != nil {
        anchor = nextClock
        count = 0
      }
      self.song = nil
      return
    }
    self.song = song
    quartersPerMinute = Self.bounded(song.quartersPerMinute(at: lastTime ?? anchor))
  }

  /// Another tempo from a moment on. The clock that is under way then is finished in the new tempo.
  /// - Parameters:
  ///   - quartersPerMinute: the tempo, 5...1,000.
  ///   - time: from when; what lies before the messages that were made already counts from the last of them.
  public mutating func setTempo(_ quartersPerMinute: Double, at time: PerformanceTime) {
    add(.tempo(Self.bounded(quartersPerMinute)), at: time)
  }

  /// Starts the song at its beginning.
  /// - Parameter time: the moment of its first beat, which is that of a clock; the start goes out a millisecond before.
  public mutating func start(at time: PerformanceTime) {
    add(.start, at: time.advanced(bySeconds: -Self.startLeadSeconds))
  }

  /// Goes on with the song.
  /// - Parameters:
  ///   - time: the moment of the first clock.
  ///   - sixteenth: where in the song, in sixteenth notes from its beginning. The message holds 0...16,383; beyond that it begins again with 0,
  ///     after as many whole bars as it can hold.
  ///   - barSixteenths: how many sixteenth notes a bar has.
  public mutating func resume(at time: PerformanceTime, sixteenth: Int, barSixteenths: Int = 16) {
    let bar = min(max(barSixteenths, 1), Self.positions)
    let command = Command.resume(
      sixteenth: max(sixteenth, 0), position: max(sixteenth, 0) % (Self.positions / bar * bar))
    add(command, at: time.advanced(bySeconds: -Self.startLeadSeconds))
  }

  /// How many places a song position can name.
  private static let positions = 16_384

  /// Stops the song; the clock goes on. Starts that were asked for, and are not made yet, are forgotten where they are later.
  /// - Parameter time: when; the song's start where that was made ahead of its time.
  public mutating func stop(at time: PerformanceTime) {
    // Outputs that keep time themselves were given a start before its moment, and a stop must not overtake it.
    let time = isRunning ? max(time, startTime ?? time) : time
    commands.removeAll { $0.time >= time && $0.command.begins }
    add(.stop, at: time)
  }

  private mutating func add(_ command: Command, at time: PerformanceTime) {
    let index = commands.lastIndex { $0.time <= time }.map { $0 + 1 } ?? 0
    commands.insert((time, command), at: index)
  }

  /// The moment of the next message.
  public var nextTime: PerformanceTime { min(nextClock, commands.first?.time ?? nextClock) }

  /// The messages that are due by a moment, in their order. Each is made once.
  /// - Parameter time: until when.
  public mutating func messages(until time: PerformanceTime) -> [TimedMessage] {
    var messages: [TimedMessage] = []
    while nextTime <= time {
      if let (moment, command) = commands.first, moment <= nextClock {
        commands.removeFirst()
        obey(command, at: moment, &messages)
      } else {
        let time = nextClock
        messages.append(TimedMessage(time: time, message: .clock))
        count += 1
        lastTime = time
        if isRunning { songClock += 1 }
        if let song { quartersPerMinute = Self.bounded(song.quartersPerMinute(at: time)) }
      }
    }
    return messages
  }

  private mutating func obey(_ command: Command, at time: PerformanceTime, _ messages: inout [TimedMessage]) {
    switch command {
    case .tempo where song != nil: break
    case .tempo(let tempo):
      // The part of a clock that is left lasts longer or shorter by as much as the tempo changes.
      let rest = max(0, nextClock.seconds(since: time)) * quartersPerMinute / tempo
      anchor = max(time, lastClock).advanced(bySeconds: rest)
      count = 0
      quartersPerMinute = tempo
    case .start:
      messages.append(TimedMessage(time: time, message: .start))
      begin(at: time, sixteenth: 0)
    case .resume(let sixteenth, let position):
      messages.append(TimedMessage(time: time, message: .songPosition(position)))
      messages.append(TimedMessage(time: time, message: .resume))
      begin(at: time, sixteenth: sixteenth)
    case .stop:
      messages.append(TimedMessage(time: time, message: .stop))
      isRunning = false
    }
  }

  /// The last clock that was made; where none was, long ago.
  private var lastClock: PerformanceTime {
    count == 0
      ? PerformanceTime(nanoseconds: 0) : anchor.advanced(bySeconds: Double(count - 1) * secondsPerClock)
  }

  private mutating func begin(at time: PerformanceTime, sixteenth: Int) {
    isRunning = true
    startTime = time
    songClock = sixteenth * Self.clocksPerQuarter / 4
    anchor = time.advanced(bySeconds: Self.startLeadSeconds)
    count = 0
  }
}
