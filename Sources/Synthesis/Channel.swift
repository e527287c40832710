/// The state of a channel: its program and controllers, as General MIDI and the recommended practices define them.
///
/// It is copied where it changes (`ChannelCourse`), so it holds no references.
struct Channel: BitwiseCopyable {
  /// The number that system-exclusive messages know it by, 0...15; −1 for none.
  var midiChannel: Int
  var isDrum: Bool
  var program: Int
  /// Grows with every change of a controller, so that a voice knows when to look.
  private(set) var revision = 0
  /// The place of its sound among the prepared ones; −1 for silence.
  var sound = -1
  private(set) var controllers = InlineArray<128, UInt8>(repeating: 0)
  private(set) var keyPressures = InlineArray<128, UInt8>(repeating: 0)
  private(set) var pressure = 0
  private(set) var wheel = 0
  /// Semitones of the pitch wheel at its ends.
  private(set) var bendRange: Float = 2
  private var fineTuning: Float = 0
  private var coarseTuning: Float = 0
  private var parameter = ParameterSelection.none
  private var dataEntry: (coarse: Int, fine: Int) = (0, 0)

  /// A parameter that data entry sets: registered, not registered, or none.
  private struct ParameterSelection: Equatable, BitwiseCopyable {
    var isRegistered: Bool
    var coarse: Int
    var fine: Int

    static let none = ParameterSelection(isRegistered: true, coarse: 127, fine: 127)

    func isRegistered(_ number: Int) -> Bool { isRegistered && coarse == 0 && fine == number }
  }

  init(_ setup: ChannelSetup) {
    midiChannel = setup.midiChannel ?? -1
    isDrum = setup.isDrum
    program = setup.program
    for (controller, value) in Self.defaults { controllers[controller] = value }
  }

  /// What controllers are when nobody has moved them, where that is not 0.
  private static let defaults: [(Int, UInt8)] = [(7, 100), (8, 64), (10, 64), (11, 127), (91, 40)]

  /// What a controller asks for besides a change of the channel's values.
  enum Effect {
    case none
    /// The sustain pedal was released.
    case releaseSustained
    /// Keys are released; the pedal still holds.
    case releaseAll
    /// Silence at once.
    case silence
  }

  @inline(__always)
  func controller(_ number: Int) -> Int { Int(controllers[number]) }

  /// The sound that is selected.
  var address: PresetAddress { PresetAddress(program: isDrum ? 0 : program, isDrum: isDrum) }
  /// Whether the sustain pedal is down.
  var pedalIsDown: Bool { controllers[64] >= 64 }
  /// Semitones that tuning parameters add to every key.
  var tuning: Float { fineTuning + coarseTuning }
  /// Semitones of the pitch wheel and the tuning parameters together.
  var bend: Float { Float(wheel) / 8192 * bendRange + tuning }
  /// How much vibrato is requested, 0...1.
  var vibrato: Float { Float(max(Int(controllers[1]), pressure)) / 127 }

  /// The pressure on a key, 0...127.
  @inline(__always)
  func pressure(ofKey key: Int) -> Int { Int(keyPressures[key]) }

  mutating func setWheel(_ value: Int) {
    wheel = min(max(value, -8192), 8191)
    revision += 1
  }

  mutating func setPressure(_ value: Int) {
    pressure = value & 127
    revision += 1
  }

  mutating func setPressure(_ value: Int, ofKey key: Int) {
    keyPressures[key & 127] = UInt8(value & 127)
    revision += 1
  }

  mutating func control(_ controller: Int, _ value: Int) -> Effect {
    revision += 1
    let pedalWasDown = pedalIsDown
    switch controller {
    case 6: setData(coarse: value, fine: nil)
    case 38: setData(coarse: nil, fine: value)
    case 96: stepData(by: 1)
    case 97: stepData(by: -1)
    case 98: select(isRegistered: false, coarse: nil, fine: value)
    case 99: select(isRegistered: false, coarse: value, fine: nil)
    case 100: select(isRegistered: true, coarse: nil, fine: value)
    case 101: select(isRegistered: true, coarse: value, fine: nil)
    case 120: return .silence
    case 121: return resetControllers()
    case 123...127: return .releaseAll
    default: break
    }
    controllers[controller & 127] = UInt8(value & 127)
    return pedalWasDown && !pedalIsDown ? .releaseSustained : .none
  }

  private mutating func select(isRegistered: Bool, coarse: Int?, fine: Int?) {
    if parameter.isRegistered != isRegistered { parameter = .none }
    parameter.isRegistered = isRegistered
    if let coarse { parameter.coarse = coarse }
    if let fine { parameter.fine = fine }
    dataEntry =
      parameter.isRegistered(0) ? (Int(bendRange), Int((bendRange - bendRange.rounded(.down)) * 100 + 0.5)) : (64, 0)
  }

  private mutating func stepData(by step: Int) {
    setData(coarse: min(max(dataEntry.coarse + step, 0), 127), fine: dataEntry.fine)
  }

  private mutating func setData(coarse: Int?, fine: Int?) {
    if let coarse { dataEntry = (coarse, 0) }
    if let fine { dataEntry.fine = fine }
    if parameter.isRegistered(0) {
      bendRange = min(24, Float(dataEntry.coarse) + Float(dataEntry.fine) / 100)
    } else if parameter.isRegistered(1) {
      fineTuning = Float(dataEntry.coarse * 128 + dataEntry.fine - 8192) / 8192
    } else if parameter.isRegistered(2) {
      coarseTuning = isDrum ? 0 : Float(dataEntry.coarse - 64)
    }
  }

  /// Reset All Controllers leaves volume, pan, program and effects alone (MMA RP-015).
  private mutating func resetControllers() -> Effect {
    let pedalWasDown = pedalIsDown
    controllers[1] = 0
    for controller in 64...69 { controllers[controller] = 0 }
    controllers[11] = 127
    pressure = 0
    keyPressures = InlineArray(repeating: 0)
    wheel = 0
    parameter = .none
    return pedalWasDown ? .releaseSustained : .none
  }

  /// Releases the pedals at the end of the piece, whatever the file says.
  mutating func liftPedals() {
    controllers[64] = 0
    controllers[66] = 0
    controllers[69] = 0
  }

  /// Makes the center as loud as without panning: √2.
  private static let center: Float = 1.414_213_6

  /// What the voices of built-in instruments are multiplied by: left, right, reverb, chorus.
  var gains: SIMD4<Float> {
    // Volume and expression in decibels: 40·log₁₀(value / 127), as General MIDI recommends.
    let loudness = Float(controller(7) * controller(11)) / (127 * 127)
    let gain = loudness * loudness * (controllers[67] >= 64 ? 0.7 : 1)
    let angle = Float(max(controller(10) - 1, 0)) / 126 * .pi / 2
    return SIMD4(
      gain * cosine(angle) * Self.center, gain * sine(angle) * Self.center, gain * Float(controller(91)) / 40,
      gain * Float(controller(93)) / 127)
  }
}

/// What a channel of a synthesizer is at the beginning.
public struct ChannelSetup: Sendable, Hashable {
  /// The number by which system-exclusive messages know it, 0...15; nil where none does.
  public var midiChannel: Int?
  /// Whether its keys are drums.
  public var isDrum: Bool
  /// Its program, 0...127.
  public var program: Int

  /// A channel; by default of program 0.
  public init(midiChannel: Int? = nil, isDrum: Bool = false, program: Int = 0) {
    self.midiChannel = midiChannel
    self.isDrum = isDrum
    self.program = program
  }

  /// The sixteen channels of General MIDI: the tenth has the drums.
  public static let generalMIDI = (0..<16).map { ChannelSetup(midiChannel: $0, isDrum: $0 == 9) }
}
