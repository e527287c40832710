import Composing
import Music
import Performing
import Recurrent
import Synthesis
import Tokenization

/// A moment that many seconds after an arbitrary one.
func moment(_ seconds: Double) -> PerformanceTime {
  PerformanceTime(nanoseconds: 10_000_000_000).advanced(bySeconds: seconds)
}

/// What a player does, in order of time.
struct PlayedEvent: Sendable {
  var seconds: Double
  var message: ChannelMessage
}

/// Notes given in beats, played at a tempo and a little detached.
/// - Parameters:
///   - notes: Beat, length in beats, pitch.
///   - period: Seconds in a beat.
///   - start: When beat 0 is, in seconds.
///   - jitter: How far each onset is moved, in seconds.
func played(
  _ notes: [(beat: Double, length: Double, pitch: Int)], period: Double, start: Double = 0,
  velocity: Int = 80, jitter: (Int) -> Double = { _ in 0 }
) -> [PlayedEvent] {
  var events: [PlayedEvent] = []
  for (index, note) in notes.enumerated() {
    let onset = start + note.beat * period + jitter(index)
    events.append(PlayedEvent(seconds: onset, message: .noteOn(key: note.pitch, velocity: velocity)))
    events.append(
      PlayedEvent(
        seconds: max(onset + 0.01, start + (note.beat + note.length) * period - 0.03),
        message: .noteOff(key: note.pitch)))
  }
  return events.sorted { $0.seconds < $1.seconds }
}

/// A phrase of such events.
func phrase(_ events: [PlayedEvent]) -> CapturedPhrase {
  var phrase = CapturedPhrase()
  for event in events { phrase.take(event.message, channel: 0, at: moment(event.seconds)) }
  return phrase
}

/// Four bars of 4/4 in G major.
let tuneInG: [(beat: Double, length: Double, pitch: Int)] = [
  (0, 1, 67), (1, 0.5, 71), (1.5, 0.5, 74), (2, 1, 79), (3, 1, 74),
  (4, 0.5, 76), (4.5, 0.5, 74), (5, 1, 72), (6, 1, 71), (7, 1, 69),
  (8, 1, 67), (9, 0.5, 71), (9.5, 0.5, 74), (10, 1, 79), (11, 1, 74),
  (12, 0.5, 72), (12.5, 0.5, 71), (13, 1, 69), (14, 2, 67),
]

/// A small model that was not trained, whose music has no sense but obeys the tokens' grammar.
func untrainedModel(seed: UInt64 = 3) throws -> MusicModel {
  var cells = CellsConfiguration()
  cells.velocity = 95
  let tokenizer = try cells.makeTokenizer()
  let configuration = LanguageModelConfiguration(
    vocabularySize: tokenizer.vocabulary.count, contextSizes: tokenizer.contextFeatures.map(\.count),
    embeddingSize: 8, hiddenSize: 16, layerCount: 1)
  return MusicModel(tokenizer: tokenizer, network: Network(configuration: configuration, seed: seed))
}

/// Plays events to a performer in virtual time, with all the work done that there is or none, and gives what it sends.
func perform(
  _ events: [PlayedEvent], with performer: LivePerformer, until end: Double, step: Double = 0.01,
  works: Bool = true
) -> [LiveEvent] {
  var sent: [LiveEvent] = []
  var next = 0
  for tick in 0...Int(end / step) {
    let now = moment(Double(tick) * step)
    while next < events.count, moment(events[next].seconds) <= now {
      let time = moment(events[next].seconds)
      sent += performer.perform(until: time)
      sent += performer.take(events[next].message, channel: 0, at: time)
      next += 1
    }
    while works, performer.work() {}
    sent += performer.perform(until: now)
  }
  return sent
}

extension [LiveEvent] {
  /// The onsets among them: seconds, channel, pitch, velocity.
  var onsets: [(seconds: Double, channel: Int, pitch: Int, velocity: Int)] {
    compactMap {
      guard case .noteOn(let key, let velocity, _) = $0.message, velocity > 0 else { return nil }
      return ($0.time.seconds(since: moment(0)), $0.channel, key, velocity)
    }
  }

  /// The keys that are still down after all of them.
  var unfinished: [Int] {
    var down: [Int: Int] = [:]
    for event in self {
      switch event.message {
      case .noteOn(let key, _, _): down[event.channel << 7 | key] = 1
      case .noteOff(let key, _): down[event.channel << 7 | key] = nil
      default: break
      }
    }
    return down.keys.sorted()
  }
}
