internal import SoundFonts

/// The registered and non-registered parameters of a channel: which is chosen, and what data entry has made of it.
struct ParameterState: BitwiseCopyable {
  /// Semitones of the pitch wheel at its ends.
  private(set) var bendRange: Float = 2
  private(set) var fineTuning: Float = 0
  private(set) var coarseTuning: Float = 0
  /// −1 where none was chosen.
  private(set) var tuningProgram = -1
  /// Semitones of the modulation wheel at its end (General MIDI 2).
  private(set) var modulationRange: Float = 0.5

  private enum Kind: BitwiseCopyable { case none, registered, other }
  private var kind = Kind.none
  private var upper = 127
  private var lower = 127
  /// The generator that NRPN 120 has chosen, in steps of 100 and more.
  private var generator = 0
  private var coarse = 0
  private var fine = 0

  private enum Registered {
    static let bendRange = 0, fineTuning = 1, coarseTuning = 2, tuningProgram = 3, modulation = 5
  }

  /// The upper half of the parameters that are generators of SoundFonts (SoundFont 2.04, §9.6), and of those of the AWE32.
  private static let soundFont = 120
  private static let awe = 127

  /// Whether data entry changes more than this state.
  var reachesFurther: Bool {
    switch kind {
    case .none: false
    case .registered: upper == 0 && lower == Registered.tuningProgram
    case .other: upper == Self.soundFont || upper == Self.awe
    }
  }

  mutating func chooseNone() { (kind, upper, lower) = (.none, 127, 127) }

  mutating func choose(_ controller: Int, _ value: Int) {
    let next: Kind = controller >= 100 ? .registered : .other
    if kind != next { (upper, lower, generator) = (127, 127, 0) }
    kind = next
    if controller & 1 == 1 {
      upper = value
      generator = 0
    } else if kind == .other, upper == Self.soundFont, value >= 100 {
      // 100, 101 and 102 count hundreds, thousands and ten thousands.
      generator += value == 100 ? 100 : value == 101 ? 1000 : value == 102 ? 10_000 : 0
    } else {
      lower = value
    }
    if upper == 127, lower == 127 { kind = .none }
    (coarse, fine) = (64, 0)
    guard kind == .registered, upper == 0 else { return }
    if lower == Registered.bendRange {
      coarse = Int(bendRange)
      fine = Int((bendRange - Float(coarse)) * 100 + 0.5)
    }
    if lower == Registered.fineTuning { setData(Int((fineTuning * 8192).rounded()) + 8192) }
    if lower == Registered.coarseTuning { coarse = 64 + Int(coarseTuning) }
    if lower == Registered.tuningProgram { coarse = max(0, tuningProgram) }
    if lower == Registered.modulation { setData(Int((modulationRange * 128).rounded())) }
  }

  private mutating func setData(_ value: Int) { (coarse, fine) = (value >> 7, value & 127) }

  /// One step up or down: of the smallest unit, but of semitones and of programs a whole one (RP-018).
  private mutating func step(by amount: Int) {
    let isRegistered = kind == .registered && upper == 0
    if isRegistered, lower == Registered.bendRange {
      let cents = min(max(coarse * 100 + fine + amount, 0), 12_799)
      (coarse, fine) = (cents / 100, cents % 100)
    } else if isRegistered, lower == Registered.fineTuning || lower == Registered.modulation {
      setData(min(max(coarse << 7 + fine + amount, 0), 16_383))
    } else {
      coarse = min(max(coarse + amount, 0), 127)
    }
  }

  mutating func enter(_ controller: Int, _ value: Int) -> Channel.Effect {
    guard kind != .none else { return .none }
    switch controller {
    case 6: coarse = value
    case 38: fine = value
    default: step(by: controller == 96 ? 1 : -1)
    }
    guard kind == .registered else { return other(controller) }
    // The coarse half alone is a whole value, whatever the fine one was (RP-018).
    if controller == 6 { fine = 0 }
    guard upper == 0 else { return .none }
    switch lower {
    case Registered.bendRange: bendRange = min(96, Float(coarse) + Float(fine) / 100)
    case Registered.fineTuning: fineTuning = Float(coarse * 128 + fine - 8192) / 8192
    case Registered.coarseTuning: coarseTuning = Float(coarse - 64)
    case Registered.tuningProgram:
      tuningProgram = coarse
      return .tune
    case Registered.modulation: modulationRange = Float(coarse) + Float(fine) / 128
    default: break
    }
    return .none
  }

  private mutating func other(_ controller: Int) -> Channel.Effect {
    // The fine half comes first (§9.6.2); the coarse one is what sets the value.
    guard controller != 38 else { return .none }
    if upper == Self.soundFont {
      let change = GeneratorChange(offset: coarse << 7 + fine - 8192, of: generator + lower)
      (fine, generator) = (0, 0)
      return change.map { .setGenerator($0) } ?? .none
    }
    guard upper == Self.awe else { return .none }
    return GeneratorChange(awe: lower, value: coarse).map { .setGenerator($0) } ?? .none
  }
}

/// What a parameter does to a generator of SoundFonts.
struct GeneratorChange: BitwiseCopyable {
  var generator: Int
  var value: Float
  /// Whether the value takes the generator's place; otherwise it is added.
  var isAbsolute: Bool

  /// - Parameters:
  ///   - steps: Between −8,192 and 8,191.
  ///   - generator: By its number; nil comes of one that cannot be changed while a note sounds.
  init?(offset steps: Int, of generator: Int) {
    // Steps of generators whose range is wider than the controllers' are larger.
    let scale: Int
    switch generator {
    case 5...8, 10, 11, 21, 23, 25...28, 30, 33...36, 38: scale = 2
    case 22, 24: scale = 4
    case 9, 13, 15...17, 29, 31, 32, 37, 39, 40, 48, 51, 52: scale = 1
    default: return nil
    }
    self.init(generator: generator, value: Float(steps * scale), isAbsolute: false)
  }

  /// The AWE32's own parameters for the filter, as later cards of its maker have them: 100 Hz and 7,646 cents above it, and up to 20 dB.
  init?(awe number: Int, value: Int) {
    let place = Float(value & 127) / 127
    switch number {
    case 21:
      self.init(generator: Generator.filterCutoff.rawValue, value: 4335 + 7646 * place, isAbsolute: true)
    case 22: self.init(generator: Generator.filterResonance.rawValue, value: 200 * place, isAbsolute: true)
    default: return nil
    }
  }

  private init(generator: Int, value: Float, isAbsolute: Bool) {
    self.generator = generator
    self.value = value
    self.isAbsolute = isAbsolute
  }
}

/// The keys that are down in mono mode, the latest last; the oldest is forgotten where there are too many.
struct MelodyKeys: BitwiseCopyable {
  private var keys = InlineArray<8, UInt8>(repeating: 0)
  private var count = 0

  /// The latest key; nil if none is down.
  var latest: Int? { count > 0 ? Int(keys[count - 1]) : nil }

  mutating func press(_ key: Int) {
    lift(key)
    if count == 8 {
      for index in 1..<8 { keys[index - 1] = keys[index] }
      count = 7
    }
    keys[count] = UInt8(key & 127)
    count += 1
  }

  mutating func lift(_ key: Int) {
    var kept = 0
    for index in 0..<count where Int(keys[index]) != key {
      keys[kept] = keys[index]
      kept += 1
    }
    count = kept
  }
}
