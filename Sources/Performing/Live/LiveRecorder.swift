public import Groundwork
public import MIDI
internal import Synthesis

/// Keeps what was played in a live performance, as a MIDI file: the player in one track, the model in another.
public final class LiveRecorder {
  private let path: String
  private var events: [(isPlayer: Bool, time: PerformanceTime, message: MIDIMessage)] = []
  private var lastWrite: PerformanceTime?
  private var first: PerformanceTime?

  /// A tick is half a millisecond and a little more.
  private static let (ticksPerQuarter, ticksPerSecond) = (960, 1920.0)
  /// The file is written anew after so many seconds, so that little is missing after a crash.
  private static let interval = 5.0

  /// A recorder into a file, which is written while it goes on.
  public init(path: String) { self.path = path }

  /// Takes a message of the player.
  public func heard(_ message: MIDIMessage, at time: PerformanceTime) { add(true, time, message) }

  /// Takes a message that was played.
  func played(_ event: LiveEvent) {
    guard let message = event.message.onWire(channel: event.channel) else { return }
    add(false, event.time, message)
  }

  private func add(_ isPlayer: Bool, _ time: PerformanceTime, _ message: MIDIMessage) {
    if first == nil { first = time }
    events.append((isPlayer, time, message))
  }

  /// Writes the file if that is due.
  /// - Parameter isLast: Whether it is due in any case.
  /// - Throws: `FileError`.
  public func write(at time: PerformanceTime, isLast: Bool = false) throws(FileError) {
    guard let first else { return }
    if !isLast, let lastWrite, time.seconds(since: lastWrite) < Self.interval { return }
    lastWrite = time
    var player = MIDITrack(), model = MIDITrack()
    player.append(.meta(.tempo(500_000)), at: 0)
    player.append(.meta(.text(.trackName, Array("player".utf8))), at: 0)
    model.append(.meta(.text(.trackName, Array("model".utf8))), at: 0)
    let ordered = events.enumerated().sorted {
      ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
    }
    for (_, event) in ordered {
      let tick = max(0, Int((event.time.seconds(since: first) * Self.ticksPerSecond).rounded()))
      if event.isPlayer {
        player.append(event.message, at: tick)
      } else {
        model.append(event.message, at: tick)
      }
    }
    let end = max(0, Int((time.seconds(since: first) * Self.ticksPerSecond).rounded()))
    player.end(at: end)
    model.end(at: end)
    try MIDIFile(
      format: .simultaneous, division: .ticksPerQuarter(Self.ticksPerQuarter), tracks: [player, model]
    ).write(to: path)
  }
}
