internal import Synthesis

/// What takes part in a live performance beside the player. It runs on virtual time: what it does depends on the messages, their
/// moments and the moments that it is asked for, and on nothing else.
protocol LivePart: AnyObject {
  /// What happened.
  var report: LiveReport { get }
  /// Takes what the player did; moments do not run backwards.
  /// - Returns: what is to be sent because of it, at once.
  func take(_ message: ChannelMessage, channel: Int, at time: PerformanceTime) -> [LiveEvent]
  /// Beats that are given from outside.
  func follow(_ beats: BeatMap)
  /// Beats that are given from outside stand still until they are given again.
  /// - Returns: what is to be sent because of it, at once.
  func halt(at time: PerformanceTime) -> [LiveEvent]
  /// Where its bars are, beat 0 being a bar line; nil where it knows of none.
  var songBeats: BeatMap? { get }
  /// Does a small portion of what can be prepared; false if nothing can.
  func work() -> Bool
  /// Whether work is late: something is due that is not ready.
  var isLate: Bool { get }
  /// What is due up to a moment, in order.
  func perform(until time: PerformanceTime) -> [LiveEvent]
  /// When `perform` is to be called next at the latest; nil where nothing is foreseen.
  var nextMoment: PerformanceTime? { get }
  /// Changes something while the performance goes on.
  /// - Returns: what is to be sent because of it, at once.
  func change(_ change: LiveChange, at time: PerformanceTime) -> [LiveEvent]
  /// Ends all that sounds.
  func silence(at time: PerformanceTime) -> [LiveEvent]
}

extension LivePart {
  // What has been begun is played to its end at the last tempo.
  func halt(at time: PerformanceTime) -> [LiveEvent] { [] }
}

/// The notes that sound in a performance, and when each ends.
struct SoundingNotes {
  private var ends: [Int: PerformanceTime] = [:]

  /// The next end.
  var nextEnd: PerformanceTime? { ends.values.min() }
  var isEmpty: Bool { ends.isEmpty }

  /// A note begins; one of the same channel and key ends first.
  mutating func begin(
    _ key: Int, velocity: Int, channel: Int, at time: PerformanceTime, until end: PerformanceTime,
    opensAnswer: Bool = false
  ) -> [LiveEvent] {
    var events: [LiveEvent] = []
    let place = channel << 7 | key
    if ends[place] != nil {
      events.append(LiveEvent(time: time, channel: channel, message: .noteOff(key: key)))
    }
    events.append(
      LiveEvent(
        time: time, channel: channel, message: .noteOn(key: key, velocity: velocity), opensAnswer: opensAnswer
      ))
    ends[place] = end
    return events
  }

  /// The ends that are due up to a moment, in order.
  mutating func ended(by time: PerformanceTime) -> [LiveEvent] {
    let over = ends.filter { $0.value <= time }.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
    for (place, _) in over { ends[place] = nil }
    return over.map { LiveEvent(time: $0.value, channel: $0.key >> 7, message: .noteOff(key: $0.key & 127)) }
  }

  /// Ends all notes.
  mutating func silence(at time: PerformanceTime) -> [LiveEvent] {
    defer { ends.removeAll() }
    return ends.keys.sorted().map {
      LiveEvent(time: time, channel: $0 >> 7, message: .noteOff(key: $0 & 127))
    }
  }
}
