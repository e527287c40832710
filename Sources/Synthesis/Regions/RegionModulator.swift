internal import SoundFonts

/// The curves of modulators for 128 values of a controller, from 0 to 1.
struct ModulatorCurves: BitwiseCopyable {
  /// Slow at first: −40/96·log₁₀(1 − x), at most 1 (SoundFont 2.04, §9.5.3).
  let concave: UnsafePointer<Float>
  /// Fast at first: the concave curve turned around.
  let convex: UnsafePointer<Float>
  let linear: UnsafePointer<Float>

  static let last = 127

  init(arena: Arena) {
    let rising = arena.allocate(Self.last + 1, of: Float(0))
    let falling = arena.allocate(Self.last + 1, of: Float(0))
    let line = arena.allocate(Self.last + 1, of: Float(0))
    for index in 0...Self.last { rising[index] = Self.concave(Float(index) / Float(Self.last)) }
    for index in 0...Self.last {
      falling[index] = 1 - rising[Self.last - index]
      line[index] = Float(index) / Float(Self.last)
    }
    concave = UnsafePointer(rising)
    convex = UnsafePointer(falling)
    linear = UnsafePointer(line)
  }

  static func concave(_ x: Float) -> Float { x >= 1 ? 1 : min(1, -40 / 96 * logarithm10(1 - x)) }
}

/// A modulator as a voice evaluates it.
struct RegionModulator: BitwiseCopyable {
  var source: Source
  var amountSource: Source
  var destination: Int
  var amount: Float
  var isAbsolute: Bool
  /// How many links lie between it and a generator: above 0 it adds to the source of the one that follows with a link less.
  var depth = 0

  /// A controller and its curve.
  struct Source: BitwiseCopyable {
    enum Controller: BitwiseCopyable {
      case one, velocity, key, keyPressure, channelPressure, wheel, wheelRange, link
      case midi(Int)
    }

    var controller: Controller
    var isNegative: Bool
    var isBipolar: Bool
    var isSwitch: Bool
    var isLinear: Bool
    var curve: UnsafePointer<Float>
  }

  /// Changes nothing.
  static var none: RegionModulator {
    let source = Source(
      controller: .one, isNegative: false, isBipolar: false, isSwitch: false, isLinear: true, curve: zeros)
    return RegionModulator(source: source, amountSource: source, destination: 0, amount: 0, isAbsolute: false)
  }

  private nonisolated(unsafe) static let zeros: UnsafePointer<Float> = {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 128)
    memory.initialize(repeating: 0, count: 128)
    return UnsafePointer(memory)
  }()
}

extension RegionModulator {
  /// A modulator behind those that feed it, so that these are known when it is computed; nothing for one that has no effect, since its
  /// source or its curve is none that is known.
  static func list(_ modulator: Modulator, depth: Int = 0, curves: ModulatorCurves) -> [RegionModulator] {
    guard modulator.amount != 0, modulator.source != .none, depth <= Modulator.deepestLink,
      let source = Source(modulator.source, curves: curves),
      let amountSource = Source(modulator.amountSource, curves: curves)
    else { return [] }
    let own = RegionModulator(
      source: source, amountSource: amountSource, destination: modulator.destination.rawValue,
      amount: Float(modulator.amount), isAbsolute: modulator.isAbsolute, depth: depth)
    return modulator.inputs.flatMap { list($0, depth: depth + 1, curves: curves) } + [own]
  }

  /// Adds to the generators what a list of modulators gives.
  @inline(__always)
  static func apply(
    _ list: UnsafePointer<RegionModulator>, count: Int, to values: inout InlineArray<60, Float>,
    _ note: NoteControls, _ channel: UnsafePointer<Channel>
  ) {
    // What feeds the next modulator of each depth.
    var sums = InlineArray<10, Float>(repeating: 0)
    for index in 0..<count {
      let modulator = list + index
      let depth = modulator.pointee.depth
      let value = modulator.pointee.value(note, channel, link: sums[depth + 1])
      if modulator.pointee.source.isLink { sums[depth + 1] = 0 }
      if depth == 0 {
        values[modulator.pointee.destination] += value
      } else {
        sums[depth] += value
      }
    }
  }

  /// What it adds to its destination.
  /// - Parameter link: What the modulators that feed it have given.
  @inline(__always)
  func value(_ note: NoteControls, _ channel: UnsafePointer<Channel>, link: Float) -> Float {
    let product =
      amount * source.value(note, channel, link: link) * amountSource.value(note, channel, link: 0)
    return isAbsolute ? abs(product) : product
  }

  /// Whether it looks at a MIDI controller.
  func reads(controller number: Int) -> Bool { source.reads(number) || amountSource.reads(number) }
}

/// What modulators know of a note.
struct NoteControls: BitwiseCopyable {
  /// The key that was pressed, by which its pressure is known.
  var pressedKey: Int
  /// The key and velocity that a zone may have replaced.
  var key: Int
  var velocity: Int
}

extension RegionModulator.Source {
  init?(_ source: ModulatorSource, curves: ModulatorCurves) {
    guard let curve = source.curve else { return nil }
    if source.isMIDIController {
      controller = .midi(source.number)
    } else {
      switch source.generalController {
      case .some(.none): controller = .one
      case .velocity: controller = .velocity
      case .key: controller = .key
      case .keyPressure: controller = .keyPressure
      case .channelPressure: controller = .channelPressure
      case .pitchWheel: controller = .wheel
      case .pitchWheelSensitivity: controller = .wheelRange
      case .link: controller = .link
      case nil: return nil
      }
    }
    isNegative = source.isNegative
    isBipolar = source.isBipolar
    isSwitch = curve == .switched
    isLinear = curve == .linear
    self.curve =
      switch curve {
      case .linear, .switched: curves.linear
      case .concave: curves.concave
      case .convex: curves.convex
      }
  }

  @inline(__always)
  var isLink: Bool { if case .link = controller { true } else { false } }

  func reads(_ number: Int) -> Bool { if case .midi(number) = controller { true } else { false } }

  /// Its value between 0 and 1, or −1 and 1 (SoundFont 2.04, §9.5.3).
  @inline(__always)
  func value(_ note: NoteControls, _ channel: UnsafePointer<Channel>, link: Float) -> Float {
    let raw: Int
    switch controller {
    case .one: return 1
    case .velocity: raw = note.velocity
    case .key: raw = note.key
    case .keyPressure: raw = channel.pointee.pressure(ofKey: note.pressedKey)
    case .channelPressure: raw = channel.pointee.pressure
    case .wheel: return wheel(channel.pointee.wheel)
    case .wheelRange: return linear(channel.pointee.bendRange)
    case .midi(let number): raw = channel.pointee.controller(number)
    case .link: raw = Int(min(max(link, 0), 127) + 0.5)
    }
    if isSwitch {
      let isOn = (raw >= 64) != isNegative
      return isOn ? 1 : isBipolar ? -1 : 0
    }
    if !isBipolar { return curve[isNegative ? ModulatorCurves.last - raw : raw] }
    // The middle of a controller is 64, and its end one step below that of a whole turn.
    let place = Float(raw - 64) / 64
    return bipolar(isNegative ? -place : place)
  }

  /// A value from −1 to 1 along the curve, which is the same in both directions.
  @inline(__always)
  private func bipolar(_ place: Float) -> Float {
    if isLinear { return place }
    let index = min(ModulatorCurves.last, Int(abs(place) * Float(ModulatorCurves.last) + 0.5))
    return place < 0 ? -curve[index] : curve[index]
  }

  @inline(__always)
  private func wheel(_ value: Int) -> Float {
    let place = Float(isNegative ? -value : value) / 8192
    if isSwitch { return place >= 0 ? 1 : isBipolar ? -1 : 0 }
    if isBipolar { return bipolar(place) }
    return curve[min(ModulatorCurves.last, max(0, Int((place + 1) / 2 * Float(ModulatorCurves.last) + 0.5)))]
  }

  /// A number of steps that need not be whole.
  @inline(__always)
  private func linear(_ value: Float) -> Float {
    let place = min(max(value / Float(ModulatorCurves.last), 0), 1)
    let turned = isNegative ? 1 - place : place
    return isBipolar ? 2 * turned - 1 : turned
  }
}
