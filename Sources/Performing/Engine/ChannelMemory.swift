internal import Synthesis

/// What a channel was told, so that another receiver can be told it too.
struct ChannelMemory {
  /// The program that was chosen last; nil for the one that the channel begins with.
  private(set) var program: Int?
  /// Controllers by their numbers, those aside that choose a parameter or enter its value.
  private(set) var controllers: [Int: Int] = [:]
  /// The values of controllers 0 and 32 when the program was chosen: later ones are for the next.
  private var programBank: [Int: Int] = [:]
  /// Controller 126 or 127, which was sent last, and its value.
  private var mode: (controller: Int, value: Int)?
  private var bend: Int?
  private var pressure: Int?
  private var keyPressures: [Int: Int] = [:]
  private var parameters: [Parameter: Entry] = [:]
  private var chosen = Parameter()

  /// A parameter as controllers 98 and 99, or 100 and 101, choose it (*MIDI 1.0 Detailed Specification* 4.2, registered and non-registered
  /// parameter numbers).
  private struct Parameter: Hashable {
    var isRegistered = true
    /// 127 twice is none.
    var coarse = 127
    var fine = 127

    var isNone: Bool { coarse == 127 && fine == 127 }
  }

  private struct Entry {
    var coarse: Int?
    var fine: Int?
  }

  /// Follows a message.
  mutating func follow(_ message: ChannelMessage) {
    switch message {
    case .noteOn(_, let velocity, _):
      // A portamento is taken from the key of controller 84 once.
      if velocity > 0 { controllers[84] = nil }
    case .noteOff: break
    case .program(let program):
      self.program = program
      programBank = controllers.filter { [0, 32].contains($0.key) }
    case .bend(let value): bend = value
    case .pressure(let value): pressure = value
    case .keyPressure(let key, let value): keyPressures[key] = value
    case .control(let controller, let value): control(controller, value)
    }
  }

  private mutating func control(_ controller: Int, _ value: Int) {
    switch controller {
    case 98...101: choose(controller, value)
    case 6, 38: enter(controller, value)
    case 96, 97: break
    case 121: resetControllers()
    case 126, 127: mode = (controller, value)
    case ..<120: controllers[controller] = value
    default: break
    }
  }

  private mutating func choose(_ controller: Int, _ value: Int) {
    let isRegistered = controller >= 100
    if chosen.isRegistered != isRegistered { chosen = Parameter(isRegistered: isRegistered) }
    if controller & 1 == 1 { chosen.coarse = value } else { chosen.fine = value }
  }

  private mutating func enter(_ controller: Int, _ value: Int) {
    guard !chosen.isNone else { return }
    if controller == 38 {
      parameters[chosen, default: Entry()].fine = value
    } else {
      parameters[chosen, default: Entry()].coarse = value
      // The coarse half of a registered parameter alone is a whole value (MMA RP-018).
      if chosen.isRegistered { parameters[chosen]?.fine = nil }
    }
  }

  /// Volume, pan, program, effects and what was entered for parameters stay (MMA RP-015).
  private mutating func resetControllers() {
    for controller in [1, 11, 84] + (64...69) { controllers[controller] = nil }
    chosen = Parameter()
    (bend, pressure) = (nil, nil)
    keyPressures = [:]
  }

  /// The messages that bring another receiver to the same state: banks before the program that they are for, parameters before the one that is
  /// chosen now.
  var messages: [ChannelMessage] {
    var messages: [ChannelMessage] = []
    var banks: [Int: Int] = [:]
    if let program {
      messages += Self.controls(programBank)
      messages.append(.program(program))
      banks = programBank
    }
    messages += Self.controls(controllers.filter { banks[$0.key] != $0.value })
    if let mode { messages.append(.control(mode.controller, value: mode.value)) }
    messages += parameterMessages
    if let bend { messages.append(.bend(bend)) }
    if let pressure { messages.append(.pressure(pressure)) }
    for (key, value) in keyPressures.sorted(by: { $0.key < $1.key }) {
      messages.append(.keyPressure(key: key, value: value))
    }
    return messages
  }

  private static func controls(_ values: [Int: Int]) -> [ChannelMessage] {
    values.sorted { $0.key < $1.key }.map { .control($0.key, value: $0.value) }
  }

  private var parameterMessages: [ChannelMessage] {
    var messages: [ChannelMessage] = []
    let entries = parameters.sorted {
      ($0.key.isRegistered ? 1 : 0, $0.key.coarse, $0.key.fine)
        < ($1.key.isRegistered ? 1 : 0, $1.key.coarse, $1.key.fine)
    }
    for (parameter, entry) in entries {
      messages += Self.choosing(parameter)
      let coarse = entry.coarse.map { ChannelMessage.control(6, value: $0) }
      let fine = entry.fine.map { ChannelMessage.control(38, value: $0) }
      // A coarse half sets a registered parameter's fine half to 0; in others it is what takes both (SoundFont 2.04, 9.6.2).
      messages += (parameter.isRegistered ? [coarse, fine] : [fine, coarse]).compactMap(\.self)
    }
    if !parameters.isEmpty || !chosen.isNone { messages += Self.choosing(chosen) }
    return messages
  }

  private static func choosing(_ parameter: Parameter) -> [ChannelMessage] {
    let first = parameter.isRegistered ? 100 : 98
    return [.control(first + 1, value: parameter.coarse), .control(first, value: parameter.fine)]
  }
}
