internal import Audio
internal import Performing
internal import Synchronization
internal import Synthesis

/// What other programs ask of files that play, through OSC: `Documentation/Ports.md` has the names.
///
/// It is asked on the server's thread, and answers by what whoever plays has told it last; requests wait for whoever plays.
final class FileRemote: Sendable {
  /// What is to be done.
  enum Request: Sendable {
    case start, stop, pause, resume
    /// Counted from 0.
    case bar(Int)
    case tempoFactor(Double)
    case gain(Double)
  }

  /// What is known of the file that plays.
  struct State: Sendable {
    var barCount: Int?
    var tempoFactor = 1.0
    /// Quarter notes a minute; nil where it has no tempo.
    var tempo: Double?
    var gain = 0.0
    var gains = 0.0...0.0
    /// Whether any file plays yet.
    var isPlaying = false

    fileprivate mutating func follow(_ request: Request) {
      switch request {
      case .gain(let decibels): gain = decibels
      case .tempoFactor(let factor):
        tempo = tempo.map { $0 / tempoFactor * factor }
        tempoFactor = factor
      case .start, .stop, .pause, .resume, .bar: break
      }
    }
  }

  private struct Desk: Sendable {
    var state = State()
    var requests = RemoteRequests<Request>()
  }

  private let desk = Mutex(Desk())

  /// Takes what is known now, unless something else is asked for.
  func tell(_ state: State) { desk.withLock { if $0.requests.isEmpty { $0.state = state } } }

  func takeRequests() -> [Request] {
    desk.withLock { $0.requests.take() }
  }

  /// Notes what is asked for, or says why not.
  func handle(_ action: RemoteAction) -> RemoteAnswer {
    desk.withLock { desk in
      let answer = Self.answer(action, desk.state)
      guard case .request(let request) = answer else { return answer.remote }
      let noted = desk.requests.add(request)
      // Whoever asks next is told what will be.
      if case .done = noted { desk.state.follow(request) }
      return noted
    }
  }

  private enum Answer {
    case request(Request)
    case value(Double)
    case refused(String)

    var remote: RemoteAnswer {
      switch self {
      case .request: .done
      case .value(let value): .value(.number(value))
      case .refused(let words): .refused(words)
      }
    }
  }

  private static func answer(_ action: RemoteAction, _ state: State) -> Answer {
    guard state.isPlaying else { return .refused("no file is played yet") }
    switch action {
    case .start: return .request(.start)
    case .stop: return .request(.stop)
    case .pause: return .request(.pause)
    case .resume: return .request(.resume)
    case .bar(let bar):
      guard let count = state.barCount else { return .refused("a sound file has no bars") }
      guard bar <= count else { return .refused("there is no bar \(bar): the last is \(count)") }
      return .request(.bar(bar - 1))
    case .reset: return .refused("there is nothing to forget: a file stays as it is")
    case .played: return .refused(RemoteWords.noPlayer)
    case .nextEvent: return .refused(RemoteWords.noEvents)
    case .get(let name): return value(of: name, state)
    case .set(let name, let value): return set(name, value, state)
    }
  }

  private static func unknown(_ name: String) -> Answer {
    .refused("there is no parameter \(name); there are tempo, tempo-factor, gain")
  }

  private static let noTempo = Answer.refused("a sound file keeps its tempo")

  private static func value(of name: String, _ state: State) -> Answer {
    switch name {
    case "tempo": state.tempo.map { .value($0) } ?? noTempo
    case "tempo-factor": .value(state.tempoFactor)
    case "gain": .value(state.gain)
    default: unknown(name)
    }
  }

  private static func set(_ name: String, _ value: RemoteValue, _ state: State) -> Answer {
    let factors = ScorePlayer.tempoFactors
    var number: Double?
    if case .number(let given) = value { number = given }
    switch name {
    case "tempo":
      guard let tempo = state.tempo, tempo > 0 else { return noTempo }
      let own = tempo / state.tempoFactor
      guard let number, factors.contains(number / own) else {
        let (least, most) = (own * factors.lowerBound, own * factors.upperBound)
        return .refused(
          "tempo is a number from \(Readable.decimal(least, 1)) to \(Readable.decimal(most, 1)) here")
      }
      return .request(.tempoFactor(number / own))
    case "tempo-factor":
      guard state.tempo != nil else { return noTempo }
      guard let number, factors.contains(number) else {
        return .refused("tempo-factor is a number from \(factors.lowerBound) to \(factors.upperBound)")
      }
      return .request(.tempoFactor(number))
    case "gain":
      guard let number, state.gains.contains(number) else {
        return .refused(RemoteWords.gain(state.gains))
      }
      return .request(.gain(number))
    default: return unknown(name)
    }
  }
}
