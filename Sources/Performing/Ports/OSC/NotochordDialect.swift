internal import MIDI

/// The addresses of Notochord's server (`notochord server`) and its replies.
///
/// Source: its `app/server.py`, which hands arguments to the model's `feed` and `query`: an event is an instrument (1...128 General
/// MIDI, 129...256 drum kits, 257...288 anonymous melodic, 289...320 anonymous drums), a pitch, the seconds since the event before and a velocity,
/// where 0 ends a note.
struct NotochordDialect {
  static let addresses = [
    "/notochord/feed", "/notochord/query", "/notochord/feed_query", "/notochord/query_feed",
    "/notochord/reset",
  ]

  /// General MIDI's channel of drums.
  private static let drumChannel = 9
  /// The programs that melodic channels were told, by channel.
  private var programs = [Int](repeating: -1, count: 16)

  mutating func dispatch(_ message: OSCMessage, _ context: OSCDispatcher.Context) -> OSCDispatcher.Outcome {
    switch message.address {
    case "/notochord/feed": return feed(message, context)
    case "/notochord/query": return query(isFed: false, context)
    case "/notochord/query_feed": return query(isFed: true, context)
    case "/notochord/feed_query":
      let outcome = feed(message, context)
      return outcome == .done ? query(isFed: false, context) : outcome
    case "/notochord/reset":
      programs = NotochordDialect().programs
      return context.ask(.reset).outcome
    default: return .unknown
    }
  }

  /// The arguments of an event: in their order, or each after its name.
  private static func event(_ arguments: [OSCArgument]) -> [OSCArgument] {
    var (places, rest) = ([OSCArgument](), arguments[...])
    while let first = rest.first, first.text == nil { places.append(rest.removeFirst()) }
    var named: [String: OSCArgument] = [:]
    while rest.count >= 2, let name = rest.removeFirst().text { named[name] = rest.removeFirst() }
    for (place, name) in ["inst", "pitch", "time", "vel"].enumerated() where place >= places.count {
      if let value = named[name] { places.append(value) }
    }
    return places
  }

  private mutating func feed(_ message: OSCMessage, _ context: OSCDispatcher.Context) -> OSCDispatcher.Outcome
  {
    let event = Self.event(message.arguments)
    guard let instrument = event.value(0, in: 1...320), let key = event.value(1, in: 0...127),
      event.count == 4, let velocity = event.value(3, in: 0...127)
    else { return .refused }
    if let words = context.refusesNotes { return GruppettoDialect.refuse(words, context) }
    let isDrums = (129...256).contains(instrument) || instrument > 288
    let channel = isDrums ? Self.drumChannel : 0
    // Anonymous instruments have no program.
    let program = instrument > 256 ? nil : (instrument - 1) % 128
    if velocity > 0, let program, programs[channel] != program {
      programs[channel] = program
      context.play(.midi(.programChange(channel: channel, program: program)))
    }
    context.play(
      .midi(
        velocity > 0
          ? .noteOn(channel: channel, key: key, velocity: velocity)
          : .noteOff(channel: channel, key: key, velocity: 64)))
    return .done
  }

  private func query(isFed: Bool, _ context: OSCDispatcher.Context) -> OSCDispatcher.Outcome {
    let (answer, outcome) = context.ask(.nextEvent(isFed: isFed))
    guard case .event(let event) = answer else { return outcome == .done ? .refused : outcome }
    context.reply(
      OSCMessage(
        "/return/notochord/query",
        [
          .string("inst"), .int(Int32(event.program + (event.isDrums ? 129 : 1))),
          .string("pitch"), .int(Int32(event.key)), .string("time"), .float(Float(event.seconds)),
          .string("vel"), .int(Int32(event.velocity)), .string("end"), .float(Float(event.endProbability)),
        ]))
    return outcome
  }
}
