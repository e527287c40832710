internal import ArgumentParser
internal import Groundwork
internal import SoundFonts
internal import Synthesis

/// Which instruments play; shared by the commands that write or play sound.
struct SoundBankOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "SoundFont (.sf2, .sf3) or DLS bank (.dls) that plays; builtin: the instruments that ship; auto: the system's General MIDI bank if there is one, otherwise builtin. Of several, each plays what those before it lack; in the end, builtin does (default: auto, or GRUPPETTO_SOUND).",
      valueName: "bank"))
  var sound: [String] = []

  func validate() throws {
    guard !sound.contains("") else {
      throw ValidationError("--sound needs a SoundFont, builtin or auto; it is empty.")
    }
  }

  /// The names that are no paths.
  static let builtIn = "builtin", automatic = "auto"

  /// What was asked for here, or else by the environment.
  var names: [String] {
    guard sound.isEmpty else { return sound }
    return [FileName.environment("GRUPPETTO_SOUND") ?? Self.automatic]
  }

  /// Opens the banks, and says what the system has.
  /// - Parameters:
  ///   - presets: The folder of presets, if one was named.
  ///   - common: Says it.
  /// - Throws: `SoundFontError`, `InstrumentError`, `FileError`.
  func load(presets: String?, common: CommonOptions?) throws -> LoadedSound {
    let loaded = try load(presets: presets)
    if let common { loaded.tell(common) }
    return loaded
  }

  /// Opens the banks, and leaves it to the caller when what there is to say of them is said: after what is wrong with the input.
  /// - Parameter presets: The folder of presets, if one was named.
  /// - Throws: `SoundFontError`, `InstrumentError`, `FileError`.
  func load(presets: String?) throws -> LoadedSound {
    let library = try InstrumentLibrary(folder: try Resources.presets(named: presets) + "/instruments")
    var loaded = LoadedSound()
    if sound.isEmpty, let name = names.first, name != Self.builtIn, name != Self.automatic, !fileExists(name)
    {
      throw MissingBank(path: name)
    }
    for name in names where !loaded.names.contains(name) {
      switch name {
      case Self.builtIn: loaded.add(library)
      case Self.automatic:
        if let bank = Self.systemBank(&loaded.remarks) {
          loaded.add(bank)
          loaded.remarks.append(
            "Played by \(bank.name) (\(bank.path)); --sound builtin for the built-in instruments.")
        }
      default: loaded.add(try Self.bank(name, &loaded.remarks))
      }
    }
    loaded.add(library)
    return loaded
  }

  private static func bank(_ path: String, _ remarks: inout [String]) throws(SoundFontError) -> SoundFont {
    let bank = try SoundFont(path: path)
    let damage = bank.diagnostics.filter { $0.severity == .damage }
    if let first = damage.first {
      remarks.append("\(path): \(first)" + (damage.count > 1 ? " (and \(damage.count - 1) more)" : ""))
    }
    return bank
  }

  /// The first of the system's banks that can be read.
  private static func systemBank(_ remarks: inout [String]) -> SoundFont? {
    for path in SoundFont.systemBanks {
      do throws(SoundFontError) {
        // What is damaged in the system's own bank is not the user's.
        var damage: [String] = []
        return try bank(path, &damage)
      } catch {
        remarks.append(error.message)
      }
    }
    return nil
  }
}

/// The environment names a bank that is not there.
private struct MissingBank: DiagnosableError {
  var path: String
  var kind: FailureKind { .missingInput }
  var file: String? { path }
  var message: String {
    "\(path): no such SoundFont, though GRUPPETTO_SOUND names it; change or unset GRUPPETTO_SOUND, or give --sound"
  }
}

/// The banks that play, each what those before it lack.
struct LoadedSound: SoundBank {
  private var stack = StackedSoundBank([])
  /// What each bank is called on the command line: a path, or `builtin`.
  private(set) var names: [String] = []
  private var fingerprints: [String] = []
  /// What there is to say of them.
  var remarks: [String] = []

  /// Says what there is to say of the banks.
  func tell(_ common: CommonOptions) { for remark in remarks { common.remark(remark) } }

  mutating func add(_ bank: SoundFont) { add(bank, name: bank.path, fingerprint: bank.fingerprint) }

  mutating func add(_ library: InstrumentLibrary) {
    guard !names.contains(SoundBankOptions.builtIn) else { return }
    add(library, name: SoundBankOptions.builtIn, fingerprint: library.fingerprint)
  }

  private mutating func add(_ bank: any SoundBank, name: String, fingerprint: String) {
    stack.banks.append(bank)
    names.append(name)
    fingerprints.append(fingerprint)
  }

  var name: String { stack.name }

  func preset(at address: PresetAddress) -> SoundPreset? { stack.preset(at: address) }

  /// The banks as they were named, without the built-in instruments at their end, or `builtin` alone: what `--json` and records tell.
  var chosen: [String] {
    names.count > 1 && names.last == SoundBankOptions.builtIn ? names.dropLast() : names
  }

  /// The fingerprint of all of them; of the built-in instruments alone theirs.
  var fingerprint: String {
    guard fingerprints.count > 1 else { return fingerprints.first ?? "" }
    var fingerprint = Fingerprint()
    for part in fingerprints { fingerprint.add(part) }
    return fingerprint.text
  }
}
