internal import Analysis
internal import ArgumentParser
internal import Groundwork
internal import Music
internal import Notation
internal import Tokenization

/// `gruppetto tokenize`: music as the ids that a network sees.
struct TokenizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenize",
    abstract: "Show music as the tokens and ids that a network reads.",
    discussion: """
      `detokenize` turns tokens back into music.

      Examples:

        gruppetto tokenize tune.mid
        gruppetto tokenize tune.mid --json | gruppetto detokenize - -o same.mid
      """)

  @Argument(help: "MIDI file or tune book; - is standard input.")
  var file: String

  @OptionGroup var choice: TokenizerChoice
  @OptionGroup var tokenizer: TokenizerOptions
  @OptionGroup var alignment: AlignmentOption
  @OptionGroup var piece: PieceOption
  @OptionGroup var input: InputOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let preparation = ScorePreparation(
      aligns: alignment.align?.isOn ?? true, timeSignature: tokenizer.timeSignature)
    let prepared = preparation.prepare(
      try MusicInput.readOne(file, piece: piece.piece, input: input, common: common))
    if let sentence = prepared.alignment?.sentence { common.remark("\(file): \(sentence)") }
    let configuration = try tokenizer.configuration(named: choice.name)
    let tokenizer = try configuration.makeTokenizer()
    let encoding = try UnusableFile.naming(file) { try tokenizer.encode(prepared.score) }
    for sentence in encoding.report.sentences { common.remark("\(file): \(sentence)") }
    if encoding.report.assumedTimeSignature == .fourFourForOneFour {
      common.remark("\(file): --metre overrides this")
    }
    ProgressLine.shared.clear()
    let listing = try TokenListing(ids: encoding.ids, vocabulary: tokenizer.vocabulary)
    try common.json ? listing.printJSON(file: file, tokenizer: configuration.name) : listing.print()
  }
}

/// Prints ids and their tokens block by block, because a long file has tens of millions.
private struct TokenListing {
  let ids: [Int32]
  /// The text of each token of the vocabulary, plain and as JSON.
  private let plain: [[UInt8]], quoted: [[UInt8]]

  init(ids: [Int32], vocabulary: Vocabulary) throws {
    self.ids = ids
    plain = vocabulary.tokens.map { Array($0.utf8) }
    quoted = try vocabulary.tokens.map { try JSONFormat.encodeLine($0) }
  }

  /// One line for each id.
  func print() throws {
    var block = Block()
    for id in ids {
      block.bytes += Array("\(id) ".utf8) + plain[Int(id)] + [0x0A]
      try block.writeIfFull()
    }
    try block.write()
  }

  /// One object, as `TokenizedFile` has it.
  func printJSON(file: String, tokenizer: String) throws {
    let name = String(decoding: try JSONFormat.encodeLine(file), as: UTF8.self)
    var block = Block()
    block.bytes += Array("{\"file\":\(FileName.printable(json: name)),\"ids\":[".utf8)
    for (index, id) in ids.enumerated() {
      block.bytes += Array((index == 0 ? "\(id)" : ",\(id)").utf8)
      try block.writeIfFull()
    }
    block.bytes += Array("],\"tokenizer\":\"\(tokenizer)\",\"tokens\":[".utf8)
    for (index, id) in ids.enumerated() {
      if index > 0 { block.bytes.append(UInt8(ascii: ",")) }
      block.bytes += quoted[Int(id)]
      try block.writeIfFull()
    }
    block.bytes += Array("]}\n".utf8)
    try block.write()
    Console.noteJSON()
  }

  private struct Block {
    var bytes: [UInt8] = []

    mutating func writeIfFull() throws { if bytes.count >= 1 << 16 { try write() } }

    mutating func write() throws {
      try Console.write(bytes)
      bytes.removeAll(keepingCapacity: true)
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

/// The choice of a tokenizer.
struct TokenizerChoice: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How music is written as tokens: \(TokenizerRegistry.standard.names.joined(separator: " or ")) "
        + "(default: \(TokenizerRegistry.defaultName)).",
      valueName: "name"))
  var tokenizer: String?

  func validate() throws {
    guard let tokenizer, !TokenizerRegistry.standard.names.contains(tokenizer) else { return }
    throw ValidationError(
      "--tokenizer is \(TokenizerRegistry.standard.names.joined(separator: " or ")), not \(tokenizer).")
  }

  /// The tokenizer's name.
  var name: String { tokenizer ?? TokenizerRegistry.defaultName }
}

/// The options of the tokenizer.
struct TokenizerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Time signature to use instead of the file's, such as 3/4.", valueName: "metre")
  )
  var metre: String?

  func validate() throws {
    if let metre, TimeSignature(metre) == nil {
      throw ValidationError("--metre is written like 3/4, not \(metre).")
    }
  }

  var timeSignature: TimeSignature? { metre.flatMap { TimeSignature($0) } }

  /// The settings of the tokenizer of this name.
  func configuration(
    named name: String = TokenizerRegistry.defaultName
  ) throws(TokenizationError) -> any TokenizerConfiguration {
    try TokenizerRegistry.standard.configuration(named: name, timeSignature: timeSignature)
  }
}
