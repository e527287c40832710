internal import Composing
internal import Performing
internal import Synchronization

/// What other programs ask of a live performance through OSC: `Documentation/Ports.md` has the names.
///
/// It is asked on the server's thread; requests wait for the stage, which is made after the ports.
final class LiveRemote: Sendable {
  private struct State: Sendable {
    var temperature: Double
    var pause: Double
    var bars: Int?
    var requests = RemoteRequests<LiveChange>()

    /// Notes a request, and what is then true if it is taken.
    mutating func add(_ change: LiveChange, _ set: (inout State) -> Void) -> RemoteAnswer {
      let answer = requests.add(change)
      if case .done = answer { set(&self) }
      return answer
    }
  }

  private let state: Mutex<State>
  /// What can be set.
  private let names: [String]

  private static let temperatures = 0.1...3.0
  private static let barCounts = 0...1024

  /// - Parameter settings: What the performance begins with.
  init(_ settings: LiveSettings) {
    state = Mutex(
      State(
        temperature: settings.answers.sampling.temperature, pause: settings.pause,
        bars: settings.answers.bars))
    names =
      switch settings.mode {
      // What is foreseen of an accompaniment is the most probable, bar by bar.
      case .accompany: []
      case .answer where settings.turnBars != nil: ["temperature", "bars"]
      case .answer, .continuation: ["temperature", "pause", "bars"]
      }
  }

  /// What is to be done by the stage.
  func take() -> [LiveChange] { state.withLock { $0.requests.take() } }

  /// Notes what is asked for, or says why not.
  func handle(_ action: RemoteAction) -> RemoteAnswer {
    switch action {
    case .stop: add(.stop)
    case .pause: add(.silence)
    case .reset: add(.reset)
    case .start, .resume: .refused("a live performance goes on by itself; it answers whoever plays")
    case .bar: .refused("a live performance has no bars to go to")
    case .played: .refused("a live performance takes notes when they are played, and no bars of them")
    case .nextEvent: .refused("live tells no single events; subscribe to what is heard")
    case .get(let name): value(of: name)
    case .set(let name, let value): set(name, value)
    }
  }

  private func add(_ change: LiveChange) -> RemoteAnswer { state.withLock { $0.requests.add(change) } }

  private func unknown(_ name: String) -> RemoteAnswer {
    .refused(
      "there is no parameter \(name) here; "
        + (names.isEmpty ? "an accompaniment has none" : "there are \(names.joined(separator: ", "))"))
  }

  private func value(of name: String) -> RemoteAnswer {
    guard names.contains(name) else { return unknown(name) }
    return state.withLock { state in
      switch name {
      case "temperature": .value(.number(state.temperature))
      case "pause": .value(.number(state.pause))
      default: .value(.number(Double(state.bars ?? 0)))
      }
    }
  }

  private func set(_ name: String, _ value: RemoteValue) -> RemoteAnswer {
    guard names.contains(name) else { return unknown(name) }
    var number: Double?
    if case .number(let given) = value { number = given }
    return state.withLock { state in
      switch name {
      case "temperature":
        guard let number, Self.temperatures.contains(number) else {
          return .refused("temperature is a number from 0.1 to 3")
        }
        return state.add(.temperature(number)) { $0.temperature = number }
      case "pause":
        guard let number, LiveSettings.pauses.contains(number) else {
          return .refused("pause is a number of beats from 0.25 to 16")
        }
        return state.add(.pause(number)) { $0.pause = number }
      default:
        guard let count = value.whole(in: Self.barCounts) else {
          return .refused("bars is a whole number from 0, as many as were played, to 1024")
        }
        let bars = count == 0 ? nil : count
        return state.add(.bars(bars)) { $0.bars = bars }
      }
    }
  }
}
