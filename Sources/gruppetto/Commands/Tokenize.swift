internal import ArgumentParser
internal import Groundwork
internal import Music
internal import Notation
internal import Tokenization

/// `gruppetto tokenize`: music as the ids that a network sees.
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Show music as the ids and tokens that a network sees.",
    discussion: """
      `detokenize` is the way back. Example:

        gruppetto tokenize tune.mid
        gruppetto tokenize tune.mid --json | gruppetto detokenize - -o same.mid
      """)

  @Argument(help: "A MIDI file or tune book; - is standard input.")
  var file: String

  @OptionGroup var tokenizer: TokenizerOptions
  @OptionGroup var piece: PieceOption
  @OptionGroup var common: CommonOptions

  func run() throws {
    let score = try MusicInput.readOne(file, piece: piece.piece, common: common)
    let remi = try tokenizer.makeTokenizer()
    let encoding = try remi.encode(score)
    let tokens = encoding.ids.map { remi.vocabulary.token(of: $0) ?? "?" }
    for sentence in encoding.report.sentences { common.remark("\(file): \(sentence)") }
    try common.report(TokenizedFile(file: file, tokenizer: tokenizer.name, ids: encoding.ids, tokens: tokens))
    {
      zip(encoding.ids, tokens).map { "\($0) \($1)" }.joined(separator: "\n")
    }
  }
}

/// What `tokenize --json` prints and `detokenize` reads.
struct TokenizedFile: Codable {
  var file: String?
  var tokenizer: String?
  var ids: [Int32]?
  var tokens: [String]?
}

/// Which tokens music is written in.
struct TokenizerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The metre to read by where the file's own is wrong, such as 3/4.", valueName: "metre")
  )
  var metre: String?

  var name: String { "remi" }

  func validate() throws {
    if let metre, TimeSignature(metre) == nil {
      throw ValidationError("--metre is written like 3/4, not \(metre).")
    }
  }

  var timeSignature: TimeSignature? { metre.flatMap { TimeSignature($0) } }

  func makeTokenizer() throws(TokenizationError) -> REMITokenizer {
    try REMITokenizer(configuration: REMIConfiguration(timeSignature: timeSignature))
  }
}
