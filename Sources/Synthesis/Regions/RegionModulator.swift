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

  /// A controller and its curve.
  struct Source: BitwiseCopyable {
    enum Controller: BitwiseCopyable {
      case one, velocity, key, keyPressure, channelPressure, wheel, wheelRange
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
  /// nil for one that has no effect, since its source or its curve is none that is known.
  init?(_ modulator: Modulator, curves: ModulatorCurves) {
    guard modulator.amount != 0, modulator.source != .none,
      let source = Source(modulator.source, curves: curves),
      let amountSource = Source(modulator.amountSource, curves: curves)
    else { return nil }
    self.init(
      source: source, amountSource: amountSource, destination: modulator.destination.rawValue,
      amount: Float(modulator.amount), isAbsolute: modulator.isAbsolute)
  }

  /// What it adds to its destination.
  @inline(__always)
  func value(_ note: NoteControls, _ channel: UnsafePointer<Channel>) -> Float {
    let product = amount * source.value(note, channel) * amountSource.value(note, channel)
    return isAbsolute ? abs(product) : product
  }
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
      case .link, nil: return nil
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

  /// Its value between 0 and 1, or −1 and 1 (SoundFont 2.04, §9.5.3).
  @inline(__always)
  func value(_ note: NoteControls, _ channel: UnsafePointer<Channel>) -> Float {
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
