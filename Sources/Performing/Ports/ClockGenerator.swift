/// The MIDI clock of a performance: 24 messages in each quarter note, with start, stop and song position, at exact moments.
///
/// It is a value that makes messages up to a moment, and sends nothing; a `ClockSender` sends them.
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
    case resume(sixteenth: Int)
    case stop
  }

  /// Whether it was started, as far as messages were made.
  public private(set) var isRunning = false
  /// The tempo, in quarter notes a minute, as far as messages were made.
  public private(set) var quartersPerMinute: Double
  /// The moment from which clocks are counted, and how many were made since.
  private var anchor: PerformanceTime
  private var count = 0
  private var commands: [(time: PerformanceTime, command: Command)] = []

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

  private var nextClock: PerformanceTime { anchor.advanced(bySeconds: Double(count) * secondsPerClock) }

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
  ///   - sixteenth: where in the song, in sixteenth notes from its beginning, 0...16,383.
  public mutating func resume(at time: PerformanceTime, sixteenth: Int) {
    let sixteenth = min(max(sixteenth, 0), 16_383)
    add(.resume(sixteenth: sixteenth), at: time.advanced(bySeconds: -Self.startLeadSeconds))
  }

  /// Stops the song; the clock goes on.
  /// - Parameter time: when.
  public mutating func stop(at time: PerformanceTime) { add(.stop, at: time) }

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
        messages.append(TimedMessage(time: nextClock, message: .clock))
        count += 1
      }
    }
    return messages
  }

  private mutating func obey(_ command: Command, at time: PerformanceTime, _ messages: inout [TimedMessage]) {
    switch command {
    case .tempo(let tempo):
      // The part of a clock that is left lasts longer or shorter by as much as the tempo changes.
      let rest = max(0, nextClock.seconds(since: time)) * quartersPerMinute / tempo
      anchor = max(time, lastClock).advanced(bySeconds: rest)
      count = 0
      quartersPerMinute = tempo
    case .start:
      messages.append(TimedMessage(time: time, message: .start))
      begin(at: time)
    case .resume(let sixteenth):
      messages.append(TimedMessage(time: time, message: .songPosition(sixteenth)))
      messages.append(TimedMessage(time: time, message: .resume))
      begin(at: time)
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

  private mutating func begin(at time: PerformanceTime) {
    isRunning = true
    anchor = time.advanced(bySeconds: Self.startLeadSeconds)
    count = 0
  }
}
