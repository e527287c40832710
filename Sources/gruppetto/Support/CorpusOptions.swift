public import ArgumentParser
internal import Corpora
internal import Groundwork
internal import Tokenization

/// How files of music become a corpus; shared by `corpus build` and `train`.
struct CorpusOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The share of the pieces that is set aside for validation (default: 0.1).", valueName: "share"))
  var valid: Double?

  @Option(
    help: ArgumentHelp(
      "The share of the pieces that is set aside for the test (default: 0.1, and 0 where train builds the corpus).",
      valueName: "share"))
  var test: Double?

  @Option(
    help: ArgumentHelp(
      "General MIDI programs for tracks by name that have none: MELODY=73,BRIDGE=48.", valueName: "list"))
  var programs: ProgramList?

  @Option(
    help: ArgumentHelp(
      "What to do with pieces that occur twice: exact leaves copies out, none keeps them.", valueName: "how"))
  var deduplicate: CorpusBuilder.Deduplication?

  @OptionGroup var tokenizer: TokenizerOptions

  func validate() throws {
    for (name, share) in [("--valid", valid), ("--test", test)] {
      if let share, !(0..<1).contains(share) {
        throw ValidationError("\(name) is a share of the pieces from 0 to below 1, not \(share).")
      }
    }
  }

  /// Whether anything was asked for.
  var areGiven: Bool { request != CorpusRequest() }

  /// What was asked for.
  var request: CorpusRequest {
    CorpusRequest(
      valid: valid, test: test, programs: programs?.programs, deduplicate: deduplicate?.rawValue,
      metre: tokenizer.metre)
  }
}

/// How a corpus shall be made, in a form that a model's folder keeps until it is there.
struct CorpusRequest: Codable, Hashable {
  var valid: Double?
  var test: Double?
  var programs: [String: Int]?
  var deduplicate: String?
  var metre: String?

  func builder(testShare: Double, threads: Int) -> CorpusBuilder {
    CorpusBuilder(
      tokenizer: REMIConfiguration(metre: metre.flatMap { TimeSignature($0) }),
      fractions: SplitFractions(valid: valid ?? 0.1, test: test ?? testShare),
      deduplication: deduplicate.flatMap(CorpusBuilder.Deduplication.init) ?? .exact,
      programs: programs ?? [:],
      threadCount: threads)
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
