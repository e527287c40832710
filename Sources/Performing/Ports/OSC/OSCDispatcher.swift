internal import MIDI

/// Makes notes and requests of OSC messages, and answers of what became of them. It knows no network, and one thread uses it.
struct OSCDispatcher {
  /// What a message led to.
  enum Outcome: Equatable {
    case done
    case unknown
    case refused
  }

  /// What the dispatcher needs of whoever has it.
  struct Context {
    /// Where notes go.
    var queue: MessageQueue
    /// Why notes are not taken; nil where they are.
    var refusesNotes: String?
    /// Does what is asked for.
    var handler: RemoteHandler
    /// Sends an answer back.
    var reply: (OSCMessage) -> Void
    /// Adds (or takes away) whoever asked from those who are sent what is played, at this port of theirs if one is given.
    var subscribe: (_ port: Int?, _ isWanted: Bool) -> Void
    /// When the message is due.
    var time: PerformanceTime

    /// A message of MIDI comes in.
    func play(_ message: WireMessage) { queue.add(.message(TimedMessage(time: time, message: message))) }

    /// Hands over a request, and answers where it was refused.
    func ask(_ action: RemoteAction) -> (answer: RemoteAnswer, outcome: Outcome) {
      let answer = handler(action, time)
      if case .refused = answer { return (answer, .refused) }
      return (answer, .done)
    }
  }

  private var midiGPT = MIDIGPTDialect()
  private var notochord = NotochordDialect()

  /// All addresses that are answered, but for those below `/gruppetto/parameter/`.
  static let addresses = GruppettoDialect.addresses + MIDIGPTDialect.addresses + NotochordDialect.addresses

  /// Does what a message says. An address that is a pattern stands for all addresses that it matches.
  mutating func dispatch(_ message: OSCMessage, _ context: Context) -> Outcome {
    guard OSCAddressPattern.isPattern(message.address) else { return dispatchOne(message, context) }
    let pattern = OSCAddressPattern(message.address)
    var outcome = Outcome.unknown
    for address in Self.addresses where pattern.matches(address) {
      let result = dispatchOne(OSCMessage(address, message.arguments), context)
      if outcome != .refused { outcome = result }
    }
    return outcome
  }

  private mutating func dispatchOne(_ message: OSCMessage, _ context: Context) -> Outcome {
    if message.address.hasPrefix("/gruppetto/") { return GruppettoDialect.dispatch(message, context) }
    if message.address.hasPrefix("/midigpt/") { return midiGPT.dispatch(message, context) }
    if message.address.hasPrefix("/notochord/") { return notochord.dispatch(message, context) }
    return .unknown
  }
}
