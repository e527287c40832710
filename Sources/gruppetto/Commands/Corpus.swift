internal import ArgumentParser
internal import Corpora
internal import Groundwork
internal import Tokenization

/// `gruppetto corpus`: collections of tokenized music.
struct CorpusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "corpus",
    abstract: "Build, inspect and export collections of music.",
    subcommands: [CorpusBuild.self, CorpusInfoCommand.self, CorpusExport.self, CorpusList.self])
}

/// `gruppetto corpus info`: statistics of a corpus.
struct CorpusInfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show the pieces, tokens, hours, splits, skipped files and vocabulary of a corpus.",
    discussion: """
      Example:

        gruppetto corpus info folk.corpus
      """)

  @Argument(help: "The corpus.")
  var corpus: String

  @OptionGroup var common: CommonOptions

  func run() throws {
    let info = try Corpus(path: corpus, progress: common.progress).info()
    try common.report(info) { CorpusText.text(info, path: corpus) }
  }
}

/// `gruppetto corpus export`: a corpus as flat arrays for other programs.
struct CorpusExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the splits of a corpus as flat arrays of ids for other programs.",
    discussion: """
      Writes train.npy, valid.npy and test.npy (int32, each piece from BOS to EOS)
      and vocabulary.json.

      Example:

        gruppetto corpus export folk.corpus --npy arrays
      """)

  @Argument(help: "The corpus.")
  var corpus: String

  @Option(
    help: ArgumentHelp("Folder to write to; it is created if needed.", valueName: "folder"))
  var npy: String

  @OptionGroup var common: CommonOptions

  func run() throws {
    let opened = try Corpus(path: corpus, progress: common.progress)
    let written = try opened.exportNumPy(to: npy)
    struct Report: Encodable {
      var folder: String
      var files: [String]
      var vocabulary: Int
      var bos: Int32
    }
    try common.report(
      Report(
        folder: npy, files: written, vocabulary: opened.vocabulary.count,
        bos: opened.vocabulary.roles.beginning)
    ) {
      "\(npy): \(written.joined(separator: ", ")); \(opened.vocabulary.count) tokens in the vocabulary, BOS is \(opened.vocabulary.roles.beginning)"
    }
  }
}

/// `gruppetto corpus list`: lists public collections.
struct CorpusList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List public collections of music and how to get them.",
    discussion: """
      Example:

        gruppetto corpus list
      """)

  @OptionGroup var common: CommonOptions

  func run() throws {
    let collections = try Catalog(path: try Resources.catalog()).collections
    struct Report: Encodable {
      var collections: [Catalog.Collection]
    }
    try common.report(Report(collections: collections)) {
      collections.map { entry in
        var facts = [entry.format]
        if let pieces = entry.pieces { facts.append(Readable.plural(pieces, "piece")) }
        if let hours = entry.hours { facts.append("\(Readable.decimal(hours, 0)) hours") }
        if let size = entry.downloadSize { facts.append(size) }
        return """
          \(entry.name)
            \(entry.description)
            \(facts.joined(separator: ", "))
            license: \(entry.licence)\(entry.licenceNote.map { " (\($0))" } ?? "")
            \(entry.homePage)
            \(entry.afterDownload)
          """
      }.joined(separator: "\n\n")
    }
  }
}

/// A corpus as text.
enum CorpusText {
  static func text(_ info: CorpusInfo, path: String) -> String {
    var lines = [
      "\(path): \(Readable.plural(info.pieces, "piece")), \(Readable.count(info.tokens)) tokens, "
        + "\(Readable.count(info.notes)) notes, \(Readable.count(info.bars)) bars, \(Readable.decimal(info.hours, 1)) hours"
    ]
    for split in Split.allCases {
      guard let size = info.splits[split.rawValue] else { continue }
      lines.append(
        "  \(split.rawValue): \(Readable.plural(size.pieces, "piece")), \(Readable.count(size.tokens)) tokens"
      )
    }
    if info.tokensPerPiece.count == 3 {
      let (least, middle, most) = (info.tokensPerPiece[0], info.tokensPerPiece[1], info.tokensPerPiece[2])
      lines.append("  tokens per piece: minimum \(least), median \(middle), maximum \(most)")
    }
    lines.append(
      "  vocabulary (\(info.tokenizer)): \(info.vocabulary) tokens, of which \(info.vocabularyUsed) occur")
    let rows = info.use.map {
      ["    \($0.kind)", "\($0.used) of \($0.size)", Readable.count($0.occurrences)]
    }
    lines.append(Readable.table(rows, rightAligned: [1, 2]))
    lines += changes(info)
    lines += omissions(info, limit: 20)
    return lines.joined(separator: "\n")
  }

  /// The changes made to fit the grid.
  static func changes(_ info: CorpusInfo) -> [String] {
    info.changes.map { "  \($0)" }
      + (info.piecesReadInFourFour > 0 ? ["  (--metre sets the time signature of all files)"] : [])
  }

  /// What was left out of the corpus and why, and the damaged files, at most `limit` lines of each kind.
  static func omissions(_ info: CorpusInfo, limit: Int) -> [String] {
    var lines: [String] = []
    if !info.duplicates.isEmpty {
      lines.append("  \(Readable.plural(info.duplicates.count, "piece")) left out as a copy of another")
    }
    lines += info.skipped.prefix(limit).map { Readable.line("  skipped \($0.file): \($0.reason)") }
    if info.skipped.count > limit { lines.append("  … and \(info.skipped.count - limit) more files skipped") }
    if !info.damaged.isEmpty {
      lines.append(
        "  \(Readable.plural(info.damaged.count, "file")) damaged; what can be read of them is used (--strict skips them)"
      )
    }
    lines += info.damaged.prefix(limit).map { damaged in
      Readable.line("  damaged \(damaged.file): \(damaged.first)")
        + (damaged.faults > 1 ? " (and \(Readable.plural(damaged.faults - 1, "more fault")))" : "")
    }
    if info.damaged.count > limit { lines.append("  … and \(info.damaged.count - limit) more files damaged") }
    return lines
  }
}
