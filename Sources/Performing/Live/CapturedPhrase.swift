public import Synthesis

/// A note as it was played in: when its key went down and up on the clock, not yet in beats.
public struct HeardNote: Sendable, Hashable {
  /// When the key went down.
  public var onset: PerformanceTime
  /// When it went up; nil while it is down.
  public var end: PerformanceTime?
  /// The channel it came on, 0...15.
  public var channel: Int
  /// MIDI key number, 0...127.
  public var pitch: Int
  /// How hard it was struck, 1...127.
  public var velocity: Int

  /// A note.
  public init(onset: PerformanceTime, end: PerformanceTime?, channel: Int = 0, pitch: Int, velocity: Int) {
    self.onset = onset
    self.end = end
    self.channel = channel
    self.pitch = pitch
    self.velocity = velocity
  }
}

/// What a player has played since a moment: notes on the clock, those that are still held among them.
///
/// Whatever comes in leaves it whole: a key that goes down twice ends its first note, a key that goes up without having been down
/// is ignored, times that run backwards are moved forward, and of too many notes the first are forgotten.
public struct CapturedPhrase: Sendable, Hashable {
  /// The notes in order of their onsets.
  public private(set) var notes: [HeardNote] = []
  /// When a key last went down or up; nil before the first.
  public private(set) var lastActivity: PerformanceTime?
  /// How many notes were forgotten, because there were more than `mostNotes`.
  public private(set) var forgottenCount = 0
  /// Counts changes, so that who reads the phrase knows whether it is still the same.
  public private(set) var revision = 0

  /// The places of the notes whose keys are down, by channel and key.
  private var held: [Int: Int] = [:]

  /// The most notes that are kept.
  public static let mostNotes = 2048

  /// Nothing yet.
  public init() {}

  /// Whether nothing was played.
  public var isEmpty: Bool { notes.isEmpty }
  /// How many keys are down.
  public var heldCount: Int { held.count }
  /// The notes whose keys are down, from the lowest.
  public var heldNotes: [HeardNote] {
    held.values.map { notes[$0] }.sorted { ($0.pitch, $0.channel) < ($1.pitch, $1.channel) }
  }

  /// Takes note of what was played; what is no key, pedal or mode changes nothing.
  /// - Parameters:
  ///   - message: The message.
  ///   - channel: The channel it came on, 0...15.
  ///   - time: When it came.
  public mutating func take(_ message: ChannelMessage, channel: Int, at time: PerformanceTime) {
    let time = max(time, lastActivity ?? time)
    switch message {
    case .noteOn(let key, let velocity, _) where velocity > 0:
      press(key & 127, velocity: min(velocity, 127), channel: channel & 15, at: time)
    case .noteOn(let key, _, _), .noteOff(let key, _): lift(key & 127, channel: channel & 15, at: time)
    // All sound off, and all that ends notes among the channel modes (MIDI 1.0, p. 20).
    case .control(let controller, _) where controller == 120 || controller >= 123:
      for place in held.filter({ $0.key >> 7 == channel & 15 }).map(\.key) {
        lift(place & 127, channel: channel & 15, at: time)
      }
    default: break
    }
  }

  private mutating func press(_ key: Int, velocity: Int, channel: Int, at time: PerformanceTime) {
    if held[channel << 7 | key] != nil { lift(key, channel: channel, at: time) }
    if notes.count == Self.mostNotes { forget(Self.mostNotes / 8) }
    held[channel << 7 | key] = notes.count
    notes.append(HeardNote(onset: time, end: nil, channel: channel, pitch: key, velocity: velocity))
    lastActivity = time
    revision += 1
  }

  private mutating func lift(_ key: Int, channel: Int, at time: PerformanceTime) {
    guard let place = held.removeValue(forKey: channel << 7 | key) else { return }
    notes[place].end = time
    lastActivity = time
    revision += 1
  }

  private mutating func forget(_ count: Int) {
    notes.removeFirst(count)
    forgottenCount += count
    held = held.compactMapValues { $0 >= count ? $0 - count : nil }
  }

  /// Ends the notes that are held at a moment, whose keys may have got stuck; their keys going up later means nothing then.
  public mutating func endHeldNotes(at time: PerformanceTime) {
    for place in held.values { notes[place].end = max(time, notes[place].onset) }
    if !held.isEmpty { revision += 1 }
    held.removeAll()
  }

  /// Forgets all notes but those that are held, which begin anew at `time`.
  public mutating func restart(at time: PerformanceTime) {
    var kept = heldNotes
    for index in kept.indices { kept[index].onset = max(time, kept[index].onset) }
    self = CapturedPhrase(
      keeping: kept, revision: revision + 1, lastActivity: kept.isEmpty ? nil : lastActivity)
  }

  private init(keeping kept: [HeardNote], revision: Int, lastActivity: PerformanceTime?) {
    notes = kept
    self.revision = revision
    self.lastActivity = lastActivity
    for (index, note) in kept.enumerated() { held[note.channel << 7 | note.pitch] = index }
  }

  /// Forgets everything, held notes too.
  public mutating func removeAll() {
    self = CapturedPhrase(keeping: [], revision: revision + 1, lastActivity: nil)
  }
}
