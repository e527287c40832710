internal import ArgumentParser
internal import Groundwork
internal import MIDI
internal import Music
internal import Notation
internal import Tokenization

/// `gruppetto detokenize`: ids or tokens back to a MIDI file.
struct DetokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "detokenize",
    abstract: "Turn tokens back into a MIDI file.",
    discussion: """
      Reads the output of `tokenize --json`: an object with `ids` or `tokens`.

      Example:

        gruppetto tokenize tune.mid --json | gruppetto detokenize - -o same.mid
      """)

  @Argument(help: "JSON file of tokens; - is standard input.")
  var file: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The MIDI file to write; - is standard output.", valueName: "file"))
  var output: String

  @OptionGroup var tokenizer: TokenizerOptions
  @OptionGroup var input: InputOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let target = try OutputFile(output)
    guard target.form == .midi else { throw UsageError("\(output): the ending must be .mid") }
    try target.checkFolder()
    let score = try readScore()
    let bytes = try MIDIFile(score: score).encoded()
    if target.isStandardOutput { return try Console.write(bytes) }
    try replaceFile(at: output, with: bytes)
    struct Report: Encodable {
      var file: String
      var notes: Int
      var bars: Int
    }
    try common.report(Report(file: output, notes: score.noteCount, bars: score.bars.count)) {
      "\(output): \(Readable.plural(score.noteCount, "note")) in \(Readable.plural(score.bars.count, "bar"))"
    }
  }

  /// The music of the file's tokens, read by the tokenizer that the file names.
  private func readScore() throws -> Score {
    let limit = input.limit(SizeLimit.standard)
    let bytes = try file == "-" ? Console.readStandardInput(limit: limit) : readFile(file, limit: limit)
    let read: TokenizedFile
    do throws(JSONFile.Failure) {
      read = try JSONFile.decode(TokenizedFile.self, from: bytes, path: file)
    } catch {
      throw NoTokens(path: file, reason: "it is not a JSON object as `gruppetto tokenize --json` prints it")
    }
    let configuration: any TokenizerConfiguration
    do throws(TokenizationError) {
      configuration = try tokenizer.configuration(named: read.tokenizer ?? TokenizerRegistry.defaultName)
    } catch {
      throw NoTokens(path: file, reason: error.message)
    }
    let reader = try configuration.makeTokenizer()
    if let ids = read.ids { return try reader.decode(ids) }
    if let tokens = read.tokens { return try reader.decode(reader.vocabulary.ids(of: tokens)) }
    throw NoTokens(path: file, reason: "it has neither `ids` nor `tokens`")
  }
}

/// A file without the tokens that it should hold.
struct NoTokens: DiagnosableError {
  var path: String
  var reason: String
  var kind: FailureKind { .badInput }
  var message: String { "\(path): no tokens here: \(reason)" }
  var file: String? { path }
}
