public import ArgumentParser
internal import Corpora
internal import Groundwork
internal import Music
internal import Tokenization

/// How music files become a corpus; shared by `corpus build` and `train`.
struct CorpusOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Part of the pieces set aside for validation (default: 0.1).", valueName: "part"))
  var valid: Double?

  @Option(
    help: ArgumentHelp(
      "Part of the pieces set aside for testing (default: 0.1; 0 if train builds the corpus).",
      valueName: "part"))
  var test: Double?

  @Option(
    help: ArgumentHelp(
      "General MIDI programs, by track name, for tracks without one: MELODY=73,BRIDGE=48.", valueName: "list")
  )
  var programs: ProgramList?

  @Option(
    help: ArgumentHelp(
      "Pieces that occur twice: exact drops the copies, none keeps them.", valueName: "how"))
  var deduplicate: CorpusBuilder.Deduplication?

  @Flag(help: "Skip damaged files instead of using what can be read of them.")
  var strict = false

  @OptionGroup var choice: TokenizerChoice
  @OptionGroup var alignment: AlignmentOption
  @OptionGroup var tokenizer: TokenizerOptions

  func validate() throws {
    for (name, share) in [("--valid", valid), ("--test", test)] {
      if let share, !(0..<1).contains(share) {
        throw ValidationError("\(name) is a part of the pieces, from 0 to below 1, not \(share).")
      }
    }
  }

  /// The request that these options make.
  func request(_ input: InputOptions) -> CorpusRequest {
    CorpusRequest(
      valid: valid, test: test, programs: programs?.programs, deduplicate: deduplicate?.rawValue,
      metre: tokenizer.metre, strict: strict ? true : nil, sizeLimit: input.sizeLimit?.bytes,
      tokenizer: choice.tokenizer, align: alignment.align?.isOn)
  }
}

/// `MELODY=73,BRIDGE=48` on the command line.
struct ProgramList: ExpressibleByArgument {
  var programs: [String: Int] = [:]

  init?(argument: String) {
    for entry in argument.split(separator: ",") {
      let parts = entry.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let program = Int(parts[1]), (0...127).contains(program) else { return nil }
      programs[String(parts[0])] = program
    }
    guard !programs.isEmpty else { return nil }
  }
}

extension CorpusBuilder.Deduplication: ExpressibleByArgument {}

/// Whether beats and bar lines are sought; shared by `corpus build`, `train` and `tokenize`.
struct AlignmentOption: ParsableArguments {
  enum Choice: String, ExpressibleByArgument, CaseIterable {
    case on, off

    var isOn: Bool { self == .on }
  }

  @Option(
    help: ArgumentHelp(
      "Shift pieces whose notes lie off the beats they are written by: on or off (default: on).",
      valueName: "choice"))
  var align: Choice?
}
