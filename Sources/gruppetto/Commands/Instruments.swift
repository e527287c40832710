internal import ArgumentParser
internal import Music
internal import Synthesis

/// `gruppetto instruments`: lists the instruments.
struct Instruments: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the instruments and their General MIDI programs.",
    discussion: """
      Example:

        gruppetto instruments --json
      """)

  @Option(help: ArgumentHelp("Folder of presets (default: the one that ships).", valueName: "folder"))
  var presets: String?

  @OptionGroup var common: CommonOptions

  func run() throws {
    let library = try InstrumentLibrary(folder: try Resources.presets(named: presets) + "/instruments")
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
}
