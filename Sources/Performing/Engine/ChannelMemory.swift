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

    /// What a step changes.
    enum Resolution {
      case coarse, fine, cents
    }

    var resolution: Resolution {
      guard isRegistered, coarse == 0 else { return .coarse }
      return fine == 0 ? .cents : fine == 1 || fine == 5 ? .fine : .coarse
    }

    /// What it is where nothing was entered; nil where only the receiver knows (General MIDI 2, 1999, registered parameters).
    var first: (coarse: Int, fine: Int)? {
      guard isRegistered, coarse == 0 else { return nil }
      switch fine {
      case 0: return (2, 0)
      case 1, 2: return (64, 0)
      case 3, 4: return (0, 0)
      case 5: return (0, 64)
      default: return nil
      }
    }
  }

  private struct Entry {
    var coarse: Int?
    var fine: Int?
    /// How many steps up, or down, from a value that only the receiver knows.
    var steps = 0
  }

  /// No more steps are remembered than there are values.
  private static let stepLimit = 127

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
    case 96, 97: step(by: controller == 96 ? 1 : -1)
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
      parameters[chosen]?.steps = 0
      // The coarse half of a registered parameter alone is a whole value (MMA RP-018).
      if chosen.isRegistered { parameters[chosen]?.fine = nil }
    }
  }

  /// Moves the value of the parameter that is chosen by the smallest step that it has (MMA RP-018): cents of the bend range, the fine halves of fine
  /// tuning and of the modulation's depth, otherwise coarse halves.
  private mutating func step(by amount: Int) {
    guard !chosen.isNone else { return }
    var entry = parameters[chosen] ?? Entry()
    let first = chosen.first
    if let coarse = entry.coarse ?? first?.coarse {
      let fine = entry.fine ?? (entry.coarse == nil ? first?.fine : nil) ?? 0
      switch chosen.resolution {
      case .coarse: entry.coarse = min(max(coarse + amount, 0), 127)
      case .cents:
        let cents = min(max(100 * coarse + fine + amount, 0), 12_799)
        (entry.coarse, entry.fine) = (cents / 100, cents % 100)
      case .fine:
        let value = min(max(coarse << 7 + fine + amount, 0), 16_383)
        (entry.coarse, entry.fine) = (value >> 7, value & 127)
      }
    } else {
      entry.steps = min(max(entry.steps + amount, -Self.stepLimit), Self.stepLimit)
    }
    parameters[chosen] = entry
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
      let step = ChannelMessage.control(entry.steps > 0 ? 96 : 97, value: 0)
      messages += Array(repeating: step, count: abs(entry.steps))
    }
    if !parameters.isEmpty || !chosen.isNone { messages += Self.choosing(chosen) }
    return messages
  }

  private static func choosing(_ parameter: Parameter) -> [ChannelMessage] {
    let first = parameter.isRegistered ? 100 : 98
    return [.control(first + 1, value: parameter.coarse), .control(first, value: parameter.fine)]
  }
}
