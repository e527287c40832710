internal import Audio
internal import Composing
internal import Groundwork
internal import Music
internal import Performing
internal import Synchronization

/// What other programs change in endless music through OSC, beside the keys: `Documentation/Ports.md` has the names.
///
/// It is asked on the server's thread. Settings are changed at once; what is about starting and stopping waits for whoever plays.
final class EndlessRemote: Sendable {
  private let composer: EndlessComposer
  private let engine: PerformanceEngine
  private let clock: PlayingClock
  /// Decibels that were asked for on the command line.
  private let initialGain: Double
  private let gain: Mutex<Double>
  /// The tempo that was asked for last, in quarter notes a minute, and the factor that it came to.
  private let asked = Mutex<(tempo: Double, factor: Double)?>(nil)
  private let changing = Mutex(())
  private let requests = Mutex(RemoteRequests<RemoteAction>())

  private static let temperatures = 0.1...3.0
  private static let mostVoices = 64

  init(_ composer: EndlessComposer, _ engine: PerformanceEngine, _ clock: PlayingClock, gain: Double) {
    self.composer = composer
    self.engine = engine
    self.clock = clock
    initialGain = gain
    self.gain = Mutex(gain)
  }

  /// Changes settings while nobody else does.
  func exclusively<Value>(_ body: () -> Value) -> Value { changing.withLock { _ in body() } }

  /// What is to be done by whoever plays: starting, stopping, pausing.
  func takeRequests() -> [RemoteAction] {
    requests.withLock { $0.take() }
  }

  /// Does what is asked for, or says why not.
  func handle(_ action: RemoteAction) -> RemoteAnswer {
    switch action {
    case .start, .stop, .pause, .resume:
      return requests.withLock { $0.add(action) }
    case .bar: return .refused("music that is being composed has no bars to go to")
    case .reset: return .refused("there is nothing to forget: each piece is composed anew")
    case .played: return .refused(RemoteWords.noPlayer)
    case .nextEvent: return .refused(RemoteWords.noEvents)
    case .get(let name): return value(of: name).map { .value($0) } ?? Self.unknown(name)
    case .set(let name, let value): return set(name, value)
    }
  }

  private static let names =
    "temperature, density, transposition, tempo, tempo-factor, key, voices, instruments, gain"

  private static func unknown(_ name: String) -> RemoteAnswer {
    .refused("there is no parameter \(name); there are \(names)")
  }

  private func value(of name: String) -> RemoteValue? {
    let settings = composer.settings
    switch name {
    case "temperature": return .number(settings.composition.sampling.temperature)
    case "density": return .number(settings.density ?? 1)
    case "transposition": return .number(Double(settings.transposition))
    case "tempo-factor": return .number(settings.tempoFactor)
    case "tempo": return .number(tempo(settings.tempoFactor))
    case "key": return .text(settings.limits.key?.description ?? "any")
    case "voices": return .number(Double(settings.limits.voices?.upperBound ?? 0))
    case "instruments":
      let programs = settings.programs.map { "\($0)" }
      return .text(programs.isEmpty ? "as composed" : programs.joined(separator: ","))
    case "gain": return .number(gain.withLock { $0 })
    default: return nil
    }
  }

  /// The tempo that the piece which is heard has by itself, in quarter notes a minute.
  private var ownTempo: Double? {
    let place = engine.place(atFrame: clock.session?.heardFrames ?? engine.renderedFrames)
    return place.map { $0.bar.quartersPerMinute / $0.bar.tempoFactor }
  }

  /// The tempo, in quarter notes a minute: as it was asked for, also before that is heard; 0 before the first bar.
  private func tempo(_ factor: Double) -> Double {
    guard let own = ownTempo else { return 0 }
    // Tempos of bars are rounded to what MIDI can say.
    if let asked = asked.withLock({ $0 }), asked.factor == factor, abs(own * factor / asked.tempo - 1) < 1e-4
    {
      return asked.tempo
    }
    return own * factor
  }

  private func set(_ name: String, _ value: RemoteValue) -> RemoteAnswer {
    if name == "gain" {
      guard case .number(let decibels) = value, RemoteWords.gains.contains(decibels) else {
        return .refused(RemoteWords.gain(RemoteWords.gains))
      }
      gain.withLock { $0 = decibels }
      engine.setGain(decibels - initialGain)
      return .done
    }
    return exclusively {
      var settings = composer.settings
      do {
        guard try Self.change(&settings, name, value, ownTempo: ownTempo) else {
          return Self.unknown(name)
        }
        try composer.change(to: settings)
        if name == "tempo", case .number(let tempo) = value {
          asked.withLock { $0 = (tempo, settings.tempoFactor) }
        }
        return .done
      } catch let refusal as Refusal {
        return .refused(refusal.words)
      } catch let error as any DiagnosableError {
        return .refused(OptionWords.message(of: error))
      } catch {
        return .refused("\(name) cannot be changed: \(error)")
      }
    }
  }

  private struct Refusal: Error {
    var words: String
  }

  /// Changes one of the settings.
  /// - Returns: false where there is none of the name.
  private static func change(
    _ settings: inout EndlessSettings, _ name: String, _ value: RemoteValue, ownTempo: Double?
  ) throws -> Bool {
    switch name {
    case "temperature": settings.composition.sampling.temperature = try number(name, value, in: temperatures)
    case "density":
      let density = try number(name, value, in: EndlessSettings.densities)
      settings.density = density == 1 ? nil : density
    case "transposition":
      settings.transposition = try whole(name, value, in: EndlessSettings.transpositions)
    case "tempo-factor": settings.tempoFactor = try number(name, value, in: EndlessSettings.tempoFactors)
    case "tempo":
      guard let own = ownTempo, own > 0 else { throw Refusal(words: "no bar is heard yet") }
      let factors = EndlessSettings.tempoFactors
      settings.tempoFactor =
        try number(name, value, in: own * factors.lowerBound...own * factors.upperBound) / own
    case "key":
      let key = try text(name, value)
      settings.limits.key = key == "any" ? nil : try Scale(key)
    case "voices":
      let most = try whole(name, value, in: 0...mostVoices)
      settings.limits.voices = most == 0 ? nil : 1...most
    case "instruments": settings.programs = try programs(value)
    default: return false
    }
    return true
  }

  private static func number(
    _ name: String, _ value: RemoteValue, in range: ClosedRange<Double>
  ) throws -> Double {
    guard case .number(let number) = value, range.contains(number) else {
      throw Refusal(
        words:
          "\(name) is a number from \(Readable.decimal(range.lowerBound, 2)) to \(Readable.decimal(range.upperBound, 2))"
      )
    }
    return number
  }

  private static func whole(
    _ name: String, _ value: RemoteValue, in range: ClosedRange<Int>
  ) throws -> Int {
    guard let number = value.whole(in: range) else {
      throw Refusal(words: "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private static func text(_ name: String, _ value: RemoteValue) throws -> String {
    guard case .text(let text) = value else { throw Refusal(words: "\(name) is a text") }
    return text
  }

  /// The programs of names or numbers with commas between them.
  private static func programs(_ value: RemoteValue) throws -> [Int] {
    if case .number(let number) = value {
      guard let program = Int(exactly: number), (0...127).contains(program) else {
        throw Refusal(words: "a program is a number from 0 to 127")
      }
      return [program]
    }
    let names = try text("instruments", value)
    guard names != "as composed" else { return [] }
    return try names.split(separator: ",").map { name in
      if let program = Int(String(name.filter { $0 != " " })), (0...127).contains(program) { return program }
      guard let program = try InstrumentName(String(name)).programs.first else {
        throw Refusal(words: "drums have no other instrument; name one with pitches")
      }
      return program
    }
  }
}

extension EndlessPlaying {
  /// Does what other programs ask of whoever plays.
  func obey(_ requests: [RemoteAction], _ engine: PerformanceEngine, _ pace: PlayingPace) {
    for request in requests {
      switch request {
      case .pause: pace.pause()
      // Music without end has no beginning to go back to.
      case .start, .resume: pace.resume()
      case .stop:
        pace.resume()
        engine.stop()
      default: break
      }
    }
  }
}
