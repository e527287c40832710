internal import ArgumentParser
internal import Groundwork
internal import Music
internal import SoundFonts
internal import Synthesis

/// `gruppetto instruments`: lists the instruments.
struct Instruments: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the instruments and their General MIDI programs, or hear them.",
    discussion: """
      Examples:

        gruppetto instruments --json
        gruppetto instruments /usr/share/sounds/sf2/default-GM.sf2
        gruppetto instruments --audition instruments
      """)

  @Argument(
    help:
      "SoundFont (.sf2, .sf3) or DLS bank (.dls) whose presets are listed or auditioned, instead of the instruments that ship."
  )
  var bank: String?

  @Option(help: ArgumentHelp("Folder of presets (default: the one that ships).", valueName: "folder"))
  var presets: String?

  @Option(
    help: ArgumentHelp(
      "Folder to write: a scale, a chord and a phrase on each instrument, with a page to listen through them.",
      valueName: "folder"))
  var audition: String?

  @OptionGroup var common: CommonOptions

  func run() throws {
    let library = try InstrumentLibrary(folder: try Resources.presets(named: presets) + "/instruments")
    if let audition {
      var sound = LoadedSound()
      // Built-in sounds in the place of presets that a bank lacks would be taken for the bank's.
      if let bank { sound.add(try SoundFont(path: bank)) } else { sound.add(library) }
      return try write(sound, to: audition)
    }
    if let bank { return try list(SoundFont(path: bank)) }
    struct Entry: Encodable {
      var name: String
      var family: String
      var programs: [Int]
      var drumKeys: [Int]
    }
    let entries = library.instruments.map {
      Entry(name: $0.name, family: $0.family.rawValue, programs: $0.programs, drumKeys: $0.drumKeys)
    }
    struct Report: Encodable {
      var instruments: [Entry]
    }
    try common.report(Report(instruments: entries)) {
      let rows = library.instruments.flatMap { instrument in
        instrument.programs.map {
          ["\($0)", GeneralMIDI.programName($0) ?? "", instrument.name, instrument.family.rawValue]
        }
          + instrument.drumKeys.map {
            ["drum \($0)", GeneralMIDI.drumName($0) ?? "", instrument.name, "drums"]
          }
      }
      return Readable.table([["program", "General MIDI", "instrument", "family"]] + rows, rightAligned: [0])
    }
  }

  /// Lists the presets of a bank, and what is wrong with it.
  private func list(_ bank: SoundFont) throws {
    struct Entry: Encodable {
      var bank: Int
      var program: Int
      var name: String
    }
    struct Remark: Encodable {
      var rule: String
      var offset: Int?
      var message: String
    }
    struct Report: Encodable {
      var file: String
      var name: String
      var version: String
      var presets: [Entry]
      var warnings: [Remark]
    }
    let version = "\(bank.version.major)." + (bank.version.minor < 10 ? "0" : "") + "\(bank.version.minor)"
    let diagnostics = bank.diagnostics
    let report = Report(
      file: bank.path, name: bank.name, version: version,
      presets: bank.presets.map { Entry(bank: $0.bank, program: $0.program, name: $0.name) },
      warnings: diagnostics.map { Remark(rule: $0.rule, offset: $0.offset, message: $0.message) })
    for diagnostic in diagnostics where !common.json { common.remark("\(bank.path): \(diagnostic)") }
    try common.report(report) {
      "\(bank.name) (\(bank.format)), \(Readable.plural(bank.presets.count, "preset"))\n"
        + Readable.table(
          [["bank", "program", "preset"]] + bank.presets.map { ["\($0.bank)", "\($0.program)", $0.name] },
          rightAligned: [0, 1])
    }
  }

  /// Lets every program, and the drums, be heard.
  private func write(_ sound: LoadedSound, to folder: String) throws {
    var entries = (0..<128).map { program in
      Audition.Entry(
        program: program, name: GeneralMIDI.programName(program) ?? "",
        family: GeneralMIDI.familyName(ofProgram: program) ?? "")
    }
    entries.append(Audition.Entry(program: nil, name: "Drums, keys 35 to 81", family: "Drums"))
    var missing: [Audition.Entry] = []
    entries.removeAll { entry in
      guard sound.preset(at: entry.address) == nil else { return false }
      missing.append(entry)
      return true
    }
    guard !entries.isEmpty else {
      throw UsageError(
        "\(sound.name) has neither programs in bank 0 nor drums, so there is nothing to listen to")
    }
    let count = try Audition(folder: folder, common: common).write(entries, sound)
    struct Report: Encodable {
      var folder: String
      var instruments: Int
      /// What the bank lacks and the page leaves out: programs, and whether there are no drums.
      var missingPrograms: [Int]
      var lacksDrums: Bool
    }
    let report = Report(
      folder: folder, instruments: count, missingPrograms: missing.compactMap(\.program),
      lacksDrums: missing.contains { $0.program == nil })
    try common.report(report) {
      "\(folder)/index.html: \(Readable.plural(count, "instrument")) to listen through in a browser"
        + (missing.isEmpty
          ? "" : "\nnot in \(sound.name): " + missing.map(\.label).joined(separator: ", "))
    }
  }
}
