internal import ArgumentParser
internal import Groundwork
internal import Music
internal import Synthesis

/// `gruppetto instruments`: lists the instruments.
struct Instruments: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the instruments and their General MIDI programs, or hear them.",
    discussion: """
      Examples:

        gruppetto instruments --json
        gruppetto instruments --audition instruments
      """)

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
    if let audition { return try write(library, to: audition) }
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

  /// Lets every program, and the drums, be heard.
  private func write(_ library: InstrumentLibrary, to folder: String) throws {
    var entries = (0..<128).map { program in
      Audition.Entry(
        program: program, name: GeneralMIDI.programName(program) ?? "",
        family: GeneralMIDI.familyName(ofProgram: program) ?? "")
    }
    entries.append(Audition.Entry(program: nil, name: "Drums, keys 35 to 81", family: "Drums"))
    let count = try Audition(folder: folder, common: common).write(entries, library)
    struct Report: Encodable {
      var folder: String
      var instruments: Int
    }
    try common.report(Report(folder: folder, instruments: count)) {
      "\(folder)/index.html: \(Readable.plural(count, "instrument")) to listen through in a browser"
    }
  }
}
