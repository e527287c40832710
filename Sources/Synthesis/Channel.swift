/// The state of a channel: its program and controllers, as General MIDI and the recommended practices define them.
///
/// It is copied where it changes (`ChannelCourse`), so it holds no references.
struct Channel: BitwiseCopyable {
  /// The number that system-exclusive messages know it by, 0...15; −1 for none.
  let midiChannel: Int
  private let setup: Setup
  private(set) var isDrum: Bool
  private(set) var program: Int
  private var bank = 0
  private(set) var system = SoundSystem.unknown
  /// Grows with every change of a controller, so that a voice knows when to look.
  private(set) var revision = 0
  /// The place of its sound among the prepared ones; −1 for silence.
  var sound = -1
  private(set) var controllers = InlineArray<128, UInt8>(repeating: 0)
  private(set) var keyPressures = InlineArray<128, UInt8>(repeating: 0)
  private(set) var pressure = 0
  private(set) var wheel = 0
  /// What is chosen by controllers 98 to 101, and what data entry has made of it.
  private(set) var parameters = ParameterState()
  /// Semitones for the notes of an octave, from C on.
  private(set) var octaveTuning = InlineArray<12, Float>(repeating: 0)
  /// The volume of the whole synthesizer, 0...1.
  private var masterVolume: Float = 1
  /// The keys that are down in mono mode; the latest sounds.
  var melody = MelodyKeys()
  /// Whether only one note sounds at a time.
  private(set) var isMono = false
  /// The key that was struck last, from which a portamento begins; −1 before the first.
  var lastKey = -1
  var lastVelocity = 100
  /// The key that controller 84 has a portamento begin from, once; −1 for none.
  var portamentoKey = -1

  private struct Setup: BitwiseCopyable {
    var isDrum: Bool
    var program: Int
  }

  init(_ setup: ChannelSetup) {
    midiChannel = setup.midiChannel ?? -1
    self.setup = Setup(isDrum: setup.isDrum, program: setup.program & 127)
    isDrum = setup.isDrum
    program = setup.program & 127
    setDefaults()
  }

  private mutating func setDefaults() {
    controllers = InlineArray(repeating: 0)
    for (controller, value) in Self.defaults { controllers[controller] = value }
  }

  /// What controllers are when nobody has moved them, where that is not 0.
  private static let defaults: [(Int, UInt8)] =
    [(7, 100), (8, 64), (10, 64), (11, 127), (91, 40)] + (70...79).map { ($0, 64) }

  /// What a controller asks for besides a change of the channel's values.
  enum Effect {
    case none
    /// The sustain pedal was released.
    case releaseSustained
    /// The sostenuto pedal went down, or up.
    case holdKeys
    case releaseHeld
    /// Keys are released; the pedal still holds.
    case releaseAll
    /// Silence at once.
    case silence
    /// Another tuning holds.
    case tune
    /// A generator of SoundFonts is to be changed.
    case setGenerator(GeneratorChange)
  }

  @inline(__always)
  func controller(_ number: Int) -> Int { Int(controllers[number]) }

  /// Whether any of the sound controllers 71 to 78 is off its middle.
  var hasSoundControllers: Bool {
    for number in SoundControllers.numbers where controllers[number] != 64 { return true }
    return false
  }

  /// The sound that is selected.
  var address: PresetAddress { PresetAddress(bank: isDrum ? 0 : bank, program: program, isDrum: isDrum) }
  /// Whether the sustain pedal is down.
  var pedalIsDown: Bool { controllers[64] >= 64 }
  /// Whether notes that overlap are slurred: in mono mode, and while the legato pedal is down.
  var isLegato: Bool { isMono || controllers[68] >= 64 }
  /// Whether the soft pedal is down.
  var isSoft: Bool { controllers[67] >= 64 }
  /// Semitones of the pitch wheel at its ends.
  var bendRange: Float { parameters.bendRange }
  /// The tuning program that parameter 3 has chosen; −1 for none.
  var tuningProgram: Int { parameters.tuningProgram }
  /// Semitones that tuning parameters add to every key.
  var tuning: Float { parameters.fineTuning + (isDrum ? 0 : parameters.coarseTuning) }
  /// Semitones of the pitch wheel and the tuning parameters together.
  var bend: Float { Float(wheel) / 8192 * bendRange + tuning }
  /// How much vibrato is requested, 1 being 50 cents.
  var vibrato: Float {
    max(Float(controllers[1]) * parameters.modulationRange / 0.5, Float(pressure)) / 127
  }
  /// How long a portamento takes, in seconds; 0 where there is none. The standard leaves the law open: this one has the cube of the
  /// time controller, up to four seconds.
  var portamentoTime: Float {
    let place = Float(controllers[5]) / 127
    return 4 * place * place * place
  }
  /// Whether notes glide from the one before.
  var hasPortamento: Bool { controllers[65] >= 64 }

  /// The pressure on a key, 0...127.
  @inline(__always)
  func pressure(ofKey key: Int) -> Int { Int(keyPressures[key]) }

  /// Makes the center as loud as without panning: √2.
  private static let center: Float = 1.414_213_6

  /// The factor of the master volume and the soft pedal.
  var level: Float { masterVolume * masterVolume * (isSoft ? 0.7 : 1) }

  /// How much of the left and right is left by the balance.
  var balance: SIMD2<Float> {
    let place = Float(controllers[8]) - 64
    return SIMD2(place > 0 ? 1 - place / 63 : 1, place < 0 ? 1 + place / 64 : 1)
  }

  /// What the voices of built-in instruments are multiplied by: left, right, reverb, chorus.
  var gains: SIMD4<Float> {
    // Volume and expression in decibels: 40·log₁₀(value / 127), as General MIDI recommends.
    let loudness = Float(controller(7) * controller(11)) / (127 * 127)
    let gain = loudness * loudness * level
    let angle = Float(max(controller(10) - 1, 0)) / 126 * .pi / 2
    let balance = balance
    return SIMD4(
      gain * cosine(angle) * Self.center * balance.x, gain * sine(angle) * Self.center * balance.y,
      gain * Float(controller(91)) / 40, gain * Float(controller(93)) / 127)
  }
}

// MARK: - Messages

extension Channel {
  mutating func setProgram(_ value: Int) {
    program = value & 127
    revision += 1
    let (coarse, fine) = (controller(0), controller(32))
    switch system {
    case .unknown, .gs: bank = coarse
    case .generalMIDI: bank = 0
    case .generalMIDI2:
      if coarse == 120 || coarse == 121 { isDrum = coarse == 120 }
      bank = fine
    case .xg:
      // Channel 10 begins with drums, until a bank is chosen for it.
      if coarse > 0 { isDrum = coarse >= 126 }
      bank = fine
    }
  }

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

  /// Whether a controller's next value changes more than this state.
  func reachesFurther(_ controller: Int) -> Bool {
    (controller == 6 || controller == 38 || controller == 96 || controller == 97) && parameters.reachesFurther
  }

  mutating func control(_ controller: Int, _ value: Int) -> Effect {
    revision += 1
    let (sustained, held) = (pedalIsDown, controllers[66] >= 64)
    if controller == 68, !isMono, (value >= 64) != isLegato { melody = MelodyKeys() }
    switch controller {
    case 6, 38, 96, 97: return parameters.enter(controller, value)
    case 98...101: parameters.choose(controller, value)
    case 84: portamentoKey = value & 127
    case 120: return .silence
    case 121: return resetControllers()
    case 126, 127:
      isMono = controller == 126
      melody = MelodyKeys()
      return .releaseAll
    case 123...125: return .releaseAll
    default: break
    }
    controllers[controller & 127] = UInt8(value & 127)
    if sustained, !pedalIsDown { return .releaseSustained }
    let holds = controllers[66] >= 64
    return holds == held ? .none : holds ? .holdKeys : .releaseHeld
  }

  /// Reset All Controllers leaves volume, pan, program and effects alone (MMA RP-015).
  private mutating func resetControllers() -> Effect {
    let pedalWasDown = pedalIsDown || controllers[66] >= 64
    controllers[1] = 0
    for controller in 64...69 { controllers[controller] = 0 }
    controllers[11] = 127
    pressure = 0
    keyPressures = InlineArray(repeating: 0)
    wheel = 0
    portamentoKey = -1
    parameters.chooseNone()
    return pedalWasDown ? .releaseSustained : .none
  }

  /// Releases the pedals at the end of the piece, whatever the file says.
  mutating func liftPedals() {
    controllers[64] = 0
    controllers[66] = 0
    controllers[69] = 0
  }

  /// Takes what a system-exclusive message says to this channel.
  mutating func take(_ message: SystemExclusive) {
    revision += 1
    switch message {
    case .reset(let system):
      self = Channel(
        ChannelSetup(
          midiChannel: midiChannel < 0 ? nil : midiChannel, isDrum: setup.isDrum, program: setup.program),
        sound: sound, revision: revision)
      self.system = system
    case .drumPart(let channel, let isDrum):
      if channel == midiChannel { self.isDrum = isDrum }
    case .masterVolume(let volume): masterVolume = volume
    case .octaveTuning(let channels, let semitones):
      if midiChannel < 0 || channels >> UInt16(midiChannel) & 1 != 0 { octaveTuning = semitones }
    case .masterFineTuning, .masterCoarseTuning, .keyTunings, .allTunings: break
    }
  }

  private init(_ setup: ChannelSetup, sound: Int, revision: Int) {
    self.init(setup)
    self.sound = sound
    self.revision = revision
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
