/// The addresses of MIDI-GPT's real-time server (`osc_server.py`, which listens at port 7400) and its replies, as far as they have a
/// meaning here.
///
/// Source: MIDI-GPT's `server/osc_server.py`: notes come bar by bar with their times as parts of the bar, a bar is complete by `/midigpt/bar/end`,
/// and composed bars go out as `generated/open`, `generated/note`…, `generated/close`.
struct MIDIGPTDialect {
  static let addresses = [
    "/midigpt/session/init", "/midigpt/session/start", "/midigpt/session/stop", "/midigpt/note",
    "/midigpt/bar/end",
    "/midigpt/param/set",
  ]

  /// MIDI-GPT's numbers of errors.
  private enum Fault: Int32 {
    case invalidParameter = 4
    case generation = 5
  }

  /// The most notes that wait for the ends of their bars.
  private static let noteLimit = 16_384
  /// Notes whose bars have not ended, by bar.
  private var pending: [Int: [RemoteBar.Note]] = [:]
  private var pendingCount = 0

  mutating func dispatch(_ message: OSCMessage, _ context: OSCDispatcher.Context) -> OSCDispatcher.Outcome {
    switch message.address {
    case "/midigpt/session/init":
      forget()
      return request(.reset, "/midigpt/session/ready", context)
    case "/midigpt/session/start": return request(.start, "/midigpt/session/started", context)
    case "/midigpt/session/stop": return request(.stop, "/midigpt/session/stopped", context)
    case "/midigpt/note": return note(message.arguments, context)
    case "/midigpt/bar/end": return endOfBar(message.arguments, context)
    case "/midigpt/param/set":
      guard message.arguments.count >= 2, let name = message.arguments[0].text, !name.isEmpty,
        let value = GruppettoDialect.value(message.arguments[1])
      else { return refuse(.invalidParameter, "/midigpt/param/set needs a name and a value", context) }
      return request(.set(parameter: name, to: value), nil, context)
    default: return .unknown
    }
  }

  private mutating func forget() {
    pending = [:]
    pendingCount = 0
  }

  private func refuse(
    _ fault: Fault, _ words: String, _ context: OSCDispatcher.Context
  ) -> OSCDispatcher.Outcome {
    context.reply(OSCMessage("/midigpt/error", [.int(fault.rawValue), .string(words)]))
    return .refused
  }

  private func request(
    _ action: RemoteAction, _ reply: String?, _ context: OSCDispatcher.Context
  ) -> OSCDispatcher.Outcome {
    let (answer, outcome) = context.ask(action)
    if case .refused(let words) = answer {
      if case .set = action { return refuse(.invalidParameter, words, context) }
      return refuse(.generation, words, context)
    }
    if let reply { context.reply(OSCMessage(reply)) }
    return outcome
  }

  private mutating func note(
    _ arguments: [OSCArgument], _ context: OSCDispatcher.Context
  ) -> OSCDispatcher.Outcome {
    guard arguments.count >= 6, let track = arguments.value(0, in: 0...65_535),
      let key = arguments.value(1, in: 0...127), let velocity = arguments.value(2, in: 0...127),
      let onset = arguments[3].number, (0..<1).contains(onset), let duration = arguments[4].number,
      duration > 0, duration <= 64, let bar = arguments.value(5, in: 0...1_000_000)
    else {
      return refuse(
        .invalidParameter, "/midigpt/note needs track, pitch, velocity, onset, duration and bar", context)
    }
    guard velocity > 0 else { return .done }
    guard pendingCount < Self.noteLimit else {
      return refuse(.invalidParameter, "too many notes wait for the ends of their bars", context)
    }
    pendingCount += 1
    pending[bar, default: []].append(
      RemoteBar.Note(track: track, key: key, velocity: velocity, onset: onset, duration: duration))
    return .done
  }

  private mutating func endOfBar(
    _ arguments: [OSCArgument], _ context: OSCDispatcher.Context
  ) -> OSCDispatcher.Outcome {
    guard let index = arguments.value(0, in: 0...1_000_000), let numerator = arguments.value(1, in: 1...64),
      let denominator = arguments.value(2, in: 1...64), denominator.nonzeroBitCount == 1
    else {
      return refuse(.invalidParameter, "/midigpt/bar/end needs bar, numerator and denominator", context)
    }
    let notes = pending.removeValue(forKey: index) ?? []
    pendingCount -= notes.count
    return request(
      .played(RemoteBar(index: index, numerator: numerator, denominator: denominator, notes: notes)), nil,
      context)
  }

  /// What goes out for a composed bar.
  /// - Parameters:
  ///   - bar: the bar.
  ///   - track: the number of the track that is composed.
  static func messages(of bar: RemoteBar, track: Int) -> [OSCMessage] {
    let place: [OSCArgument] = [.int(Int32(clamping: track)), .int(Int32(clamping: bar.index))]
    let notes = bar.notes.map { note in
      OSCMessage(
        "/midigpt/generated/note",
        place + [
          .int(Int32(clamping: note.key)), .int(Int32(clamping: note.velocity)),
          .float(Float(min(max(note.onset, 0), 0.9999))), .float(Float(min(max(note.duration, 0.0001), 1))),
        ])
    }
    return [OSCMessage("/midigpt/generated/open", place + [.int(Int32(clamping: notes.count))])] + notes
      + [OSCMessage("/midigpt/generated/close", place)]
  }
}
