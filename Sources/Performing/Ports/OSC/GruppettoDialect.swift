internal import MIDI

/// The addresses below `/gruppetto`, as `Documentation/Ports.md` has them.
enum GruppettoDialect {
  static let addresses = [
    "/gruppetto/note", "/gruppetto/note/on", "/gruppetto/note/off", "/gruppetto/control",
    "/gruppetto/program",
    "/gruppetto/bend", "/gruppetto/pressure", "/gruppetto/midi", "/gruppetto/release", "/gruppetto/parameter",
    "/gruppetto/transport/start", "/gruppetto/transport/stop", "/gruppetto/transport/pause",
    "/gruppetto/transport/resume", "/gruppetto/transport/bar", "/gruppetto/transport/reset",
    "/gruppetto/subscribe",
    "/gruppetto/unsubscribe", "/gruppetto/ping",
  ]

  static func dispatch(_ message: OSCMessage, _ context: OSCDispatcher.Context) -> OSCDispatcher.Outcome {
    let parts = message.address.split(separator: "/").dropFirst()
    switch parts.first {
    case "note", "control", "program", "bend", "pressure", "midi", "release":
      if let words = context.refusesNotes { return refuse(words, context) }
      guard let messages = play(message) else {
        return refuse("\(message.address) was given arguments that it does not take", context)
      }
      guard !messages.isEmpty else { return unknown(message.address, context) }
      for message in messages { context.play(message) }
      return .done
    case "parameter": return parameter(Array(parts.dropFirst()), message, context)
    case "transport": return transport(parts.dropFirst().first ?? "", message, context)
    case "subscribe", "unsubscribe":
      let port = message.arguments.first?.whole(in: 1...65_535)
      guard message.arguments.isEmpty || port != nil else { return refuse("a port is 1 to 65535", context) }
      context.subscribe(port, parts.first == "subscribe")
      return .done
    case "ping":
      context.reply(OSCMessage("/gruppetto/pong"))
      return .done
    // What this program sends itself: another one that subscribed to it may have the same addresses. Answers to answers would never end.
    case "pong", "error", "bar": return .done
    default: return unknown(message.address, context)
    }
  }

  private static func unknown(_ address: String, _ context: OSCDispatcher.Context) -> OSCDispatcher.Outcome {
    context.reply(OSCMessage("/gruppetto/error", [.string("there is no address \(address)")]))
    return .unknown
  }

  static func refuse(_ words: String, _ context: OSCDispatcher.Context) -> OSCDispatcher.Outcome {
    context.reply(OSCMessage("/gruppetto/error", [.string(words)]))
    return .refused
  }

  // MARK: Notes

  /// The messages that an address of notes stands for; nil where its arguments are wrong, none where it is not known.
  private static func play(_ message: OSCMessage) -> [WireMessage]? {
    let arguments = message.arguments
    switch message.address {
    case "/gruppetto/note", "/gruppetto/note/on":
      guard let key = arguments.value(0, in: 0...127), let velocity = arguments.value(1, in: 0...127),
        let channel = arguments.channel(2)
      else { return nil }
      return [.midi(.noteOn(channel: channel, key: key, velocity: velocity))]
    case "/gruppetto/note/off":
      guard let key = arguments.value(0, in: 0...127), let channel = arguments.channel(1) else { return nil }
      return [.midi(.noteOff(channel: channel, key: key, velocity: 64))]
    case "/gruppetto/control":
      guard let controller = arguments.value(0, in: 0...127), let value = arguments.value(1, in: 0...127),
        let channel = arguments.channel(2)
      else { return nil }
      return [.midi(.controlChange(channel: channel, controller: controller, value: value))]
    case "/gruppetto/program":
      guard let program = arguments.value(0, in: 0...127), let channel = arguments.channel(1) else {
        return nil
      }
      return [.midi(.programChange(channel: channel, program: program))]
    case "/gruppetto/bend":
      guard let value = arguments.value(0, in: -8_192...8_191), let channel = arguments.channel(1) else {
        return nil
      }
      return [.midi(.pitchBend(channel: channel, value: value))]
    case "/gruppetto/pressure":
      guard let value = arguments.value(0, in: 0...127), let channel = arguments.channel(1) else {
        return nil
      }
      return [.midi(.channelPressure(channel: channel, pressure: value))]
    case "/gruppetto/midi": return bytes(arguments)
    case "/gruppetto/release":
      return (0..<16).map { .midi(.controlChange(channel: $0, controller: 123, value: 0)) }
    default: return []
    }
  }

  /// The messages of bytes: as MIDI arguments, blobs, or numbers.
  private static func bytes(_ arguments: [OSCArgument]) -> [WireMessage]? {
    var parser = MIDIStreamParser()
    var messages: [WireMessage] = []
    for argument in arguments {
      switch argument {
      case .midi(_, let status, let first, let second):
        // Messages of one or two bytes are filled up, which is no fault.
        let count = status < 0x80 || status == 0xF0 ? 0 : count(status)
        parser.consume([status, first, second].prefix(count)) { messages.append($0) }
      case .blob(let data): parser.consume(data) { messages.append($0) }
      default:
        guard let byte = argument.whole(in: 0...255) else { return nil }
        if let message = parser.consume(UInt8(byte)) { messages.append(message) }
      }
    }
    return messages.isEmpty || parser.faults.count > 0 ? nil : messages
  }

  /// How many bytes a message of this status has.
  private static func count(_ status: UInt8) -> Int {
    switch status {
    case 0xC0...0xDF, 0xF1, 0xF3: 2
    case 0x80...0xEF, 0xF2: 3
    default: 1
    }
  }

  // MARK: Parameters and transport

  private static func parameter(
    _ names: [Substring], _ message: OSCMessage, _ context: OSCDispatcher.Context
  ) -> OSCDispatcher.Outcome {
    var arguments = message.arguments[...]
    // The name is in the address or the first argument.
    let name = names.isEmpty ? arguments.popFirst()?.text ?? "" : names.joined(separator: "/")
    guard !name.isEmpty else { return refuse("\(message.address) needs the name of a parameter", context) }
    let action: RemoteAction
    if let argument = arguments.first {
      guard let value = value(argument) else { return refuse("\(name) is a number or a text", context) }
      action = .set(parameter: name, to: value)
    } else {
      action = .get(parameter: name)
    }
    let (answer, outcome) = context.ask(action)
    switch answer {
    case .value(.number(let number)):
      context.reply(OSCMessage("/gruppetto/parameter/\(name)", [.float(Float(number))]))
    case .value(.text(let text)): context.reply(OSCMessage("/gruppetto/parameter/\(name)", [.string(text)]))
    case .refused(let words): return refuse(words, context)
    case .done, .event: break
    }
    return outcome
  }

  /// A text stays one, for there are keys and programs whose names are digits; a number has to be finite.
  static func value(_ argument: OSCArgument) -> RemoteValue? {
    if let text = argument.text { return .text(text) }
    return argument.number.map { .number($0) }
  }

  private static func transport(
    _ name: Substring, _ message: OSCMessage, _ context: OSCDispatcher.Context
  ) -> OSCDispatcher.Outcome {
    let action: RemoteAction
    switch name {
    case "start": action = .start
    case "stop": action = .stop
    case "pause": action = .pause
    case "resume": action = .resume
    case "reset": action = .reset
    case "bar":
      guard let bar = message.arguments.value(0, in: 1...1_000_000) else {
        return refuse("\(message.address) needs the number of a bar, from 1", context)
      }
      action = .bar(bar)
    default:
      let words = "there is no \(message.address); there are start, stop, pause, resume, bar and reset"
      context.reply(OSCMessage("/gruppetto/error", [.string(words)]))
      return .unknown
    }
    let (answer, outcome) = context.ask(action)
    if case .refused(let words) = answer { return refuse(words, context) }
    return outcome
  }
}

extension [OSCArgument] {
  /// The whole number at a place; nil where there is none in the range.
  func value(_ place: Int, in range: ClosedRange<Int>) -> Int? {
    place < count ? self[place].whole(in: range) : nil
  }

  /// The channel at a place, written as 1...16, as 0...15; the first where none is given, nil where it is none.
  func channel(_ place: Int) -> Int? { place < count ? self[place].whole(in: 1...16).map { $0 - 1 } : 0 }
}
