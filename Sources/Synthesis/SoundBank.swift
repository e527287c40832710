package import SoundFonts

/// Sounds that programs select: the built-in instruments, a SoundFont, or several of such in a stack.
public protocol SoundBank: Sendable {
  /// What a user would call it.
  var name: String { get }

  /// The sound of exactly this address; nil where the bank has none.
  ///
  /// It may take time and memory, as a compressed sample does: it is called while a rendering is prepared, never by the
  /// audio thread.
  func preset(at address: PresetAddress) -> SoundPreset?
}

/// Where a sound is in a bank.
public struct PresetAddress: Sendable, Hashable, BitwiseCopyable {
  /// The bank, 0...16,383: 0 is General MIDI, others are variations.
  public var bank: Int
  /// The program, 0...127; of drums the kit.
  public var program: Int
  /// Whether keys are drums: in a SoundFont bank 128.
  public var isDrum: Bool

  /// An address; by default in the bank of General MIDI.
  public init(bank: Int = 0, program: Int, isDrum: Bool = false) {
    self.bank = bank
    self.program = program
    self.isDrum = isDrum
  }

  /// Where to look, one after the other: at the address itself, at the same program without its variation, at
  /// the same family's capital tone (Roland GS, “variation tones”: a bank that is missing falls back to that below it), at the
  /// first program.
  package var choices: [PresetAddress] {
    var choices = [self]
    func add(_ address: PresetAddress) { if !choices.contains(address) { choices.append(address) } }
    if !isDrum, bank > 0 { add(PresetAddress(bank: bank & ~7, program: program)) }
    add(PresetAddress(program: program, isDrum: isDrum))
    // Kits come in groups of eight, the first of which is the one that the others vary.
    if isDrum { add(PresetAddress(program: program & ~7, isDrum: true)) }
    add(PresetAddress(program: 0, isDrum: isDrum))
    return choices
  }
}

/// A sound of a bank.
public struct SoundPreset: Sendable {
  /// What it is called.
  public var name: String
  /// What makes it sound.
  package var content: Content

  /// What can make a sound.
  package enum Content: Sendable {
    /// An instrument for all keys.
    case instrument(Instrument)
    /// An instrument for each of 128 keys; nil where a key is silent.
    case kit([Instrument?])
    /// The zones of a SoundFont's preset.
    case zones(of: SoundFontPreset)
  }

  package init(name: String, content: Content) {
    self.name = name
    self.content = content
  }
}

extension SoundBank {
  /// The sound that is played for an address: that of the first of its `choices` that is there.
  public func sound(for address: PresetAddress) -> SoundPreset? {
    for choice in address.choices {
      if let preset = preset(at: choice) { return preset }
    }
    return nil
  }
}

/// Several banks, of which each is asked where those before it have no sound.
public struct StackedSoundBank: SoundBank {
  /// The banks, first the one that is asked first.
  public var banks: [any SoundBank]

  /// A stack.
  public init(_ banks: [any SoundBank]) { self.banks = banks }

  /// Their names.
  public var name: String { banks.map(\.name).joined(separator: ", ") }

  /// The sound of the first bank that has one at exactly this address.
  public func preset(at address: PresetAddress) -> SoundPreset? {
    for bank in banks {
      if let preset = bank.preset(at: address) { return preset }
    }
    return nil
  }
}
