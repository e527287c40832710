public import ArgumentParser
internal import Composing
internal import Corpora
internal import Groundwork
internal import Tokenization

/// `gruppetto style`: styles that a model learns from a few pieces.
struct StyleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "style",
    abstract: "Learn a style from a few pieces, for a model to compose in.",
    subcommands: [StyleLearn.self, StyleInfo.self])
}

/// `gruppetto style learn`: a style from a few pieces.
struct StyleLearn: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "learn",
    abstract: "Learn what a few pieces have in common, in a small file beside the model.",
    discussion: """
      The model stays as it is; the style is for this model alone, and for
      `gruppetto generate --style`. One piece is enough, more are better.

      Example:

        gruppetto style learn model waltz1.mid waltz2.mid waltz3.mid -o waltz.style
        gruppetto generate model --style waltz.style --bars 16 -o tune.mid
      """)

  @Argument(help: "Folder of a trained model.")
  var model: String

  @Argument(
    help: ArgumentHelp(
      "Pieces of the style: MIDI files, tune books, folders of them.", valueName: "piece"))
  var pieces: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("File of the style to write.", valueName: "style"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "How much of the network the style changes: state, biases or low-rank (default: the more pieces, the more).",
      valueName: "depth"))
  var depth: StyleDepth?

  @Option(help: ArgumentHelp("Number of learning steps at most.", valueName: "n"))
  var steps = StyleLearning().mostSteps

  @OptionGroup var seed: SeedOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var threads: ThreadOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard StyleLearning.stepCounts.contains(steps) else {
      throw ValidationError(
        "--steps is a number from 1 to \(Readable.count(StyleLearning.stepCounts.upperBound)), not \(steps).")
    }
  }

  func run() throws {
    try OutputFile.checkFolder(of: output)
    let model = try MusicModel(path: model)
    var builder = CorpusBuilder(threadCount: threads.count)
    builder.sizeLimit = input.music
    builder.preparation = try model.preparation()
    let cancellation = Interruption.cancellation()
    let read = try builder.pieces(
      in: pieces, as: model.tokenizer, cancellation: cancellation, progress: common.progress)
    for file in read.skipped.prefix(5) { common.remark("\(file.file) is left out: \(file.reason)") }
    if read.skipped.count > 5 {
      common.remark("and \(Readable.plural(read.skipped.count - 5, "more file"))")
    }
    let depth = depth ?? .usual(forPieces: read.pieces.count), seed = seed.drawn()
    let learned = try model.learnStyle(
      from: read.pieces.map(\.ids), name: output,
      settings: StyleLearning(depth: depth, mostSteps: steps, seed: seed),
      threadCount: threads.count, cancellation: cancellation, progress: common.progress)
    try learned.style.write(to: output)
    let report = StyleReport(file: output, learned: learned, seed: seed)
    try common.report(report) { report.text }
  }
}

/// `gruppetto style info`: what a style's file says of itself.
struct StyleInfo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show what a style was learned from, and for which model.",
    discussion: """
      Example:

        gruppetto style info waltz.style
      """)

  @Argument(help: "File of a style.")
  var style: String

  @OptionGroup var common: CommonOptions

  func run() throws {
    let style = try Style(path: style)
    let report = StyleReport(file: style.name, style: style)
    try common.report(report) { report.text }
  }
}

/// A style, as `--json` prints it.
struct StyleReport: Encodable {
  var file: String
  var depth: StyleDepth
  var pieces: Int
  var bytes: Int
  var model: String
  var weights: String
  var steps: Int?
  var tokens: Int?
  var seed: UInt64?
  /// Nats a token of pieces that were held out, without the style and with it.
  var heldOutBefore: Double?
  var heldOutAfter: Double?

  init(file: String, style: Style) {
    self.file = file
    depth = style.depth
    pieces = style.pieceCount
    bytes = style.byteCount
    model = style.modelName
    weights = style.modelChecksum
  }

  init(file: String, learned: LearnedStyle, seed: UInt64) {
    self.init(file: file, style: learned.style)
    steps = learned.steps
    tokens = learned.tokens
    self.seed = seed
    heldOutBefore = learned.heldOut?.before
    heldOutAfter = learned.heldOut?.after
  }

  var text: String {
    var lines = [
      "\(file): a style of \(Readable.plural(pieces, "piece")) for \(model) (weights \(weights)), "
        + "\(depth.words), \(Readable.count(bytes)) bytes"
    ]
    if let before = heldOutBefore, let after = heldOutAfter {
      lines.append(
        "  pieces that were held out: \(Readable.decimal(before, 3)) nats per token without it, "
          + "\(Readable.decimal(after, 3)) with it")
    }
    if let steps, let seed { lines.append("  \(Readable.plural(steps, "step")), seed \(seed)") }
    if steps == 0 {
      lines.append("  nothing was found that these pieces have in common; the style changes nothing")
    }
    return lines.joined(separator: "\n")
  }
}

extension StyleDepth: ExpressibleByArgument {
  /// The depth of that name; `low-rank` is one of them.
  init?(argument: String) {
    self.init(rawValue: argument == "low-rank" ? "lowRank" : argument)
  }

  /// The names that can be typed.
  static var allValueStrings: [String] { ["state", "biases", "low-rank"] }
  /// What a help page shows as the default.
  var defaultValueDescription: String { self == .lowRank ? "low-rank" : rawValue }

  fileprivate var words: String {
    switch self {
    case .state: "the state alone"
    case .biases: "state and biases"
    case .lowRank: "state, biases and a change of low rank of the weights"
    }
  }
}
