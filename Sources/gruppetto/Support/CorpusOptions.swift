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

  @Option(
    help: ArgumentHelp(
      "What pieces say of themselves, for `generate --ask`: style, density, register (default: nothing).",
      valueName: "list"))
  var attributes: AttributeList?

  @Option(
    help: ArgumentHelp(
      "Comma-separated table of files and their styles, for --attributes style (default: the names of their folders).",
      valueName: "file"))
  var styles: String?

  @OptionGroup var choice: TokenizerChoice
  @OptionGroup var alignment: AlignmentOption
  @OptionGroup var tokenizer: TokenizerOptions

  func validate() throws {
    for (name, share) in [("--valid", valid), ("--test", test)] {
      if let share, !(0..<1).contains(share) {
        throw ValidationError("\(name) is a part of the pieces, from 0 to below 1, not \(share).")
      }
    }
    guard styles == nil || attributes?.kinds.contains(.style) == true else {
      throw ValidationError("--styles is for --attributes style; give both, or drop --styles.")
    }
  }

  /// The request that these options make.
  /// - Throws: `FileError`, `UsageError` for a table of styles that is none.
  func request(_ input: InputOptions) throws -> CorpusRequest {
    let table = try styles.map { path in
      guard let styles = PieceStyles.table(csv: String(decoding: try readFile(path), as: UTF8.self)) else {
        throw UsageError("\(path): has no line with a file and its style, separated by a comma")
      }
      return styles
    }
    return CorpusRequest(
      valid: valid, test: test, programs: programs?.programs, deduplicate: deduplicate?.rawValue,
      metre: tokenizer.metre, strict: strict ? true : nil, sizeLimit: input.sizeLimit?.bytes,
      tokenizer: choice.tokenizer, align: alignment.align?.isOn,
      attributes: attributes?.kinds.map(\.rawValue), styles: table)
  }
}

/// `density,style` on the command line.
struct AttributeList: ExpressibleByArgument {
  var kinds: [PieceAttribute.Kind] = []

  init?(argument: String) {
    for name in argument.split(separator: ",") {
      guard let kind = PieceAttribute.Kind(rawValue: String(name)) else { return nil }
      if !kinds.contains(kind) { kinds.append(kind) }
    }
    guard !kinds.isEmpty else { return nil }
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
