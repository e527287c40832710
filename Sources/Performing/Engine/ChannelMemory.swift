internal import Synthesis

/// What a channel was told, so that another synthesizer can be told it too.
struct ChannelMemory {
  /// The program that was chosen last; nil for the one that the channel begins with.
  var program: Int?
  /// Controllers by their numbers, those aside that choose a parameter or enter its value.
  private(set) var controllers: [Int: Int] = [:]
  private var bend: Int?
  private var parameters: [Parameter: Entry] = [:]
  private var chosen = Parameter()

  /// A parameter as controllers 98 and 99, or 100 and 101, choose it (*MIDI 1.0 Detailed Specification* 4.2, registered and non-registered
  /// parameter numbers).
  private struct Parameter: Hashable {
    var isRegistered = true
    /// 127 twice is none.
    var coarse = 127
    var fine = 127
  }

  private struct Entry {
    var coarse: Int?
    var fine: Int?
  }

  /// Follows a message.
  mutating func follow(_ message: ChannelMessage) {
    switch message {
    case .program(let program): self.program = program
    case .bend(let value): bend = value
    case .control(98, let value): chosen = Parameter(isRegistered: false, coarse: chosen.coarse, fine: value)
    case .control(99, let value): chosen = Parameter(isRegistered: false, coarse: value, fine: chosen.fine)
    case .control(100, let value): chosen = Parameter(coarse: chosen.coarse, fine: value)
    case .control(101, let value): chosen = Parameter(coarse: value, fine: chosen.fine)
    case .control(6, let value): parameters[chosen, default: Entry()].coarse = value
    case .control(38, let value): parameters[chosen, default: Entry()].fine = value
    case .control(96, _), .control(97, _): break
    case .control(121, _):
      // Volume, pan and effects stay (MMA RP-015).
      controllers[1] = nil
      controllers[11] = nil
      for controller in 64...69 { controllers[controller] = nil }
      bend = nil
    case .control(let controller, let value) where controller < 120: controllers[controller] = value
    default: break
    }
  }

  /// The messages that bring another synthesizer to the same state: banks before the program that they are for, parameters before the one that is
  /// chosen now.
  var messages: [ChannelMessage] {
    var messages: [ChannelMessage] = []
    for controller in [0, 32] {
      if let value = controllers[controller] { messages.append(.control(controller, value: value)) }
    }
    if let program { messages.append(.program(program)) }
    for (controller, value) in controllers.sorted(by: { $0.key < $1.key })
    where ![0, 32].contains(controller) {
      messages.append(.control(controller, value: value))
    }
    let entries = parameters.sorted {
      ($0.key.isRegistered ? 1 : 0, $0.key.coarse, $0.key.fine)
        < ($1.key.isRegistered ? 1 : 0, $1.key.coarse, $1.key.fine)
    }
    for (parameter, entry) in entries {
      messages += Self.choosing(parameter)
      if let coarse = entry.coarse { messages.append(.control(6, value: coarse)) }
      if let fine = entry.fine { messages.append(.control(38, value: fine)) }
    }
    if !parameters.isEmpty { messages += Self.choosing(chosen) }
    if let bend { messages.append(.bend(bend)) }
    return messages
  }

  private static func choosing(_ parameter: Parameter) -> [ChannelMessage] {
    let first = parameter.isRegistered ? 100 : 98
    return [.control(first + 1, value: parameter.coarse), .control(first, value: parameter.fine)]
  }
}
