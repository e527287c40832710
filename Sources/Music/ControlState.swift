/// The state of the controls of a part: all that must be restated where its music is cut, so that what follows
/// sounds as it did, or undone where other music follows.
package struct ControlState: Equatable {
  /// A registered or non-registered parameter, which two controllers choose and data entry sets.
  private struct Parameter: Hashable {
    var isRegistered: Bool
    /// Upper and lower seven bits; 127 where no controller for it has come yet.
    var upper = 127
    var lower = 127

    /// Whether nothing is chosen.
    var isNull: Bool { upper == 127 && lower == 127 }
    var order: (Int, Int, Int) { (isRegistered ? 0 : 1, upper, lower) }
    var upperController: Int { isRegistered ? 101 : 99 }
    var lowerController: Int { isRegistered ? 100 : 98 }

    static let none = Parameter(isRegistered: true)
    static let bendRange = Parameter(isRegistered: true, upper: 0, lower: 0)
    static let fineTuning = Parameter(isRegistered: true, upper: 0, lower: 1)
    static let coarseTuning = Parameter(isRegistered: true, upper: 0, lower: 2)
  }

  /// What data entry has made of a parameter.
  private struct Data: Equatable {
    var coarse: Int?
    var fine: Int?
    /// Increments less decrements since the coarse value was set.
    var steps = 0
  }

  /// The value of each controller that was set, except for those that choose parameters and set them.
  private(set) var controllers: [Int: Int] = [:]
  /// The position of the pitch wheel.
  private(set) var bend = 0
  /// The pressure on the whole keyboard.
  private(set) var channelPressure = 0
  /// The pressure on each key that has any.
  private(set) var keyPressures: [Int: Int] = [:]
  private var parameters: [Parameter: Data] = [:]
  private var chosen = Parameter.none

  /// A part without any controls.
  init() {}

  /// The controls of `track` as they are before `tick`.
  init(_ track: Track, before tick: Int) {
    var lastReset = Int.min
    for change in track.controlChanges.stablySorted() where change.tick < tick {
      take(change)
      if change.controller == 121 { lastReset = change.tick }
    }
    // At one tick controllers come before bends and pressures.
    for change in track.pitchBends.stablySorted() where change.tick < tick && change.tick >= lastReset {
      take(change)
    }
    for change in track.pressures.stablySorted() where change.tick < tick && change.tick >= lastReset {
      take(change)
    }
  }

  /// The most increments or decrements of a parameter that are restated.
  private static let stepLimit = 127

  mutating func take(_ change: ControlChange) {
    let (controller, value) = (change.controller, change.value)
    switch controller {
    case 6, 38, 96, 97: enterData(controller, value)
    case 98...101: choose(controller, value)
    case 120, 123: break
    case 121: reset()
    case 124...127:
      controllers[controller ^ 1] = nil
      controllers[controller] = value
    default: controllers[controller] = value
    }
  }

  mutating func take(_ bend: PitchBend) { self.bend = bend.value }

  mutating func take(_ pressure: Pressure) {
    guard let pitch = pressure.pitch else {
      channelPressure = pressure.value
      return
    }
    keyPressures[pitch] = pressure.value == 0 ? nil : pressure.value
  }

  private mutating func choose(_ controller: Int, _ value: Int) {
    let isRegistered = controller >= 100
    if chosen.isRegistered != isRegistered { chosen = Parameter(isRegistered: isRegistered) }
    if controller % 2 == 1 { chosen.upper = value } else { chosen.lower = value }
  }

  private mutating func enterData(_ controller: Int, _ value: Int) {
    guard !chosen.isNull else { return }
    var data = parameters[chosen] ?? Data()
    switch controller {
    case 6: data = Data(coarse: value, fine: data.fine)
    case 38: data.fine = value
    case 96: data.steps = min(data.steps + 1, Self.stepLimit)
    default: data.steps = max(data.steps - 1, -Self.stepLimit)
    }
    parameters[chosen] = data
  }

  /// "Reset all controllers", which leaves bank, volume, pan, effects and parameters alone (MIDI's RP-015).
  private mutating func reset() {
    for controller in [1, 11] + Array(64...69) { controllers[controller] = nil }
    chosen = .none
    bend = 0
    channelPressure = 0
    keyPressures = [:]
  }
}

extension ControlState {
  /// The default value of a controller in General MIDI; nil if it is not defined.
  package static func defaultValue(of controller: Int) -> Int? {
    switch controller {
    case 0, 1, 32, 64...69, 93: 0
    case 7: 100
    case 8, 10: 64
    case 11: 127
    case 91: 40
    default: nil
    }
  }

  /// The controllers that hold tones while they are down: the pedals of sustain and sostenuto, and the second hold.
  static let pedals = [64, 66, 69]

  /// The controllers that set this state at `tick` in a part without any controls.
  ///
  /// A pedal that is up and a wheel at rest need no word.
  func controlChanges(at tick: Int, without isLeftOut: (Int) -> Bool = { _ in false }) -> [ControlChange] {
    var changes: [ControlChange] = []
    func say(_ controller: Int, _ value: Int) {
      changes.append(ControlChange(tick: tick, controller: controller, value: value))
    }
    for (controller, value) in controllers.sorted(by: { $0.key < $1.key }) where !isLeftOut(controller) {
      if value == 0, controller == 1 || (64...69).contains(controller) { continue }
      say(controller, value)
    }
    for (parameter, data) in parameters.sorted(by: { $0.key.order < $1.key.order }) {
      say(parameter.upperController, parameter.upper)
      say(parameter.lowerController, parameter.lower)
      if let coarse = data.coarse { say(6, coarse) }
      if let fine = data.fine { say(38, fine) }
      for _ in 0..<abs(data.steps) { say(data.steps > 0 ? 96 : 97, 0) }
    }
    // Data that comes later is for what was chosen last.
    if !parameters.isEmpty || !chosen.isNull {
      say(chosen.upperController, chosen.upper)
      say(chosen.lowerController, chosen.lower)
    }
    return changes
  }

  /// The pitch bends that set this at `tick`: none where the wheel is at rest.
  func pitchBends(at tick: Int) -> [PitchBend] { bend == 0 ? [] : [PitchBend(tick: tick, value: bend)] }

  /// The pressures that set this at `tick`: none where nothing is pressed.
  func pressures(at tick: Int) -> [Pressure] {
    let whole = channelPressure == 0 ? [] : [Pressure(tick: tick, pitch: nil, value: channelPressure)]
    return whole
      + keyPressures.sorted { $0.key < $1.key }.map { Pressure(tick: tick, pitch: $0.key, value: $0.value) }
  }

  /// The controllers that bring a part from here to `opening`, which `stated` sets in a part without any controls,
  /// and what they lead to.
  ///
  /// What is here but not there returns to its default; without a default, it stays.
  /// What is the same is not restated.
  func transition(
    to opening: ControlState, by stated: [ControlChange], at tick: Int
  ) -> (changes: [ControlChange], state: ControlState) {
    let names = Set(stated.map(\.controller))
    var changes: [ControlChange] = []
    func say(_ controller: Int, _ value: Int) {
      changes.append(ControlChange(tick: tick, controller: controller, value: value))
    }
    for (controller, value) in controllers.sorted(by: { $0.key < $1.key }) where !names.contains(controller) {
      guard let usual = Self.defaultValue(of: controller), usual != value else { continue }
      say(controller, usual)
    }
    var state = self
    for change in stated {
      switch change.controller {
      case 6, 38, 96...101: continue
      case 120...127: break
      default: if state.controllers[change.controller] == change.value { continue }
      }
      state.take(change)
      say(change.controller, change.value)
    }
    let saidBefore = changes.count
    for parameter in Set(parameters.keys).union(opening.parameters.keys).sorted(by: { $0.order < $1.order }) {
      let steps = dataSteps(from: parameters[parameter], to: opening.parameters[parameter], of: parameter)
      if steps.isEmpty { continue }
      say(parameter.upperController, parameter.upper)
      say(parameter.lowerController, parameter.lower)
      for step in steps { say(step.controller, step.value) }
    }
    let isChoosingAlike = state.chosen == opening.chosen || (state.chosen.isNull && opening.chosen.isNull)
    if changes.count > saidBefore || !isChoosingAlike {
      say(opening.chosen.upperController, opening.chosen.upper)
      say(opening.chosen.lowerController, opening.chosen.lower)
    }
    return (changes, state)
  }

  /// The data entry that brings a parameter from one value to another: to its usual one where `new` is nil and anyone knows
  /// it.
  private func dataSteps(
    from old: Data?, to new: Data?, of parameter: Parameter
  ) -> [(controller: Int, value: Int)] {
    let usual: Data? =
      switch parameter {
      case .bendRange: Data(coarse: 2, fine: 0)
      case .fineTuning, .coarseTuning: Data(coarse: 64, fine: 0)
      default: nil
      }
    let old = old ?? Data()
    guard var new = new ?? usual, old != new else { return [] }
    // A half that only the old value has goes back to what is usual.
    if new.coarse == nil, old.coarse != nil || old.steps != 0 { new.coarse = usual?.coarse }
    if new.fine == nil, old.fine != nil { new.fine = usual?.fine }
    var steps: [(controller: Int, value: Int)] = []
    let isCoarseSame = new.coarse == old.coarse
    if let coarse = new.coarse, !isCoarseSame || new.steps != old.steps { steps.append((6, coarse)) }
    if let fine = new.fine, fine != old.fine { steps.append((38, fine)) }
    let count = new.coarse == nil ? new.steps - old.steps : steps.first?.controller == 6 ? new.steps : 0
    for _ in 0..<abs(count) { steps.append((count > 0 ? 96 : 97, 0)) }
    return steps
  }

  /// The pressures that bring a part from here to `opening`.
  func pressureTransition(to opening: ControlState, at tick: Int) -> [Pressure] {
    var changes: [Pressure] = []
    if channelPressure != opening.channelPressure {
      changes.append(Pressure(tick: tick, pitch: nil, value: opening.channelPressure))
    }
    for key in Set(keyPressures.keys).union(opening.keyPressures.keys).sorted()
    where keyPressures[key] != opening.keyPressures[key] {
      changes.append(Pressure(tick: tick, pitch: key, value: opening.keyPressures[key] ?? 0))
    }
    return changes
  }

  /// This, and the controllers of `earlier` that were not touched since and that have no default to reset to.
  func inheriting(from earlier: ControlState) -> ControlState {
    var result = self
    for (controller, value) in earlier.controllers
    where controllers[controller] == nil && Self.defaultValue(of: controller) == nil {
      result.controllers[controller] = value
    }
    return result
  }
}
