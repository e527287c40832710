public import Analysis
internal import Arithmetic
public import Groundwork
internal import Music
internal import Notation
public import Tokenization

/// Makes a corpus of files of music.
///
/// The result depends on the files and the settings alone, not on the number of threads.
public struct CorpusBuilder: Sendable {
  /// What to do with pieces that occur more than once.
  public enum Deduplication: String, Sendable, Hashable, CaseIterable {
    /// Of pieces with the same tokens the first is kept.
    case exact
    /// All are kept.
    case none
  }

  /// The fewest notes of a collection that a network could learn from.
  public static let leastNotes = 300

  /// How scores become tokens.
  public var tokenizer: any TokenizerConfiguration
  /// How much is set aside for validation and test.
  public var fractions: SplitFractions
  /// What to do with pieces that occur more than once.
  public var deduplication: Deduplication
  /// General MIDI programs, 0...127, for tracks by name, in any case. They hold for tracks that have no program or program 0, which
  /// exporters write for lack of one.
  public var programs: [String: Int]
  /// Whether files that are damaged are left out, rather than used as far as they can be read.
  public var leavesOutDamaged = false
  /// What is done to each piece before it is tokenized.
  public var preparation = ScorePreparation()
  /// The most bytes of a file that is read; a larger one is left out and named.
  public var sizeLimit = SizeLimit.music
  /// What each piece is to say of itself at its beginning: density and register, which are counted. `styles` is found in the files.
  public var attributes = PieceAttributes()
  /// Where the styles come from that pieces say they are of; nil for none.
  public var styles: PieceStyles?
  /// How many threads read files.
  public var threadCount: Int
  /// Whether tokens without information in this collection are dropped: those that name the program where there is only one, or only
  /// drums, which would be a fifth of all tokens.
  public var dropsSoleProgram = true

  /// A builder; as given here it takes the standard grid, a tenth each for validation and test, and no piece twice.
  public init(
    tokenizer: any TokenizerConfiguration = TokenizerRegistry.defaultConfiguration,
    fractions: SplitFractions = SplitFractions(),
    deduplication: Deduplication = .exact, programs: [String: Int] = [:], threadCount: Int = 1
  ) {
    self.tokenizer = tokenizer
    self.fractions = fractions
    self.deduplication = deduplication
    self.programs = programs
    self.threadCount = threadCount
  }

  /// Builds the corpus of all music in `paths`, files and folders, in the folder `output`, in place of one that is there.
  ///
  /// Files that cannot be read are left out and named in the corpus's report; so are damaged files that can be, as in it or,
  /// with `leavesOutDamaged`, as left out.
  /// - Throws: `FileError`; `CorpusError.noMusicFiles`, `.nothingReadable`, `.tooSmall`, `.invalidFractions`, `.cancelled`;
  ///   `TokenizationError.invalidConfiguration`. Where it throws, no corpus was written.
  @discardableResult
  public func build(
    from paths: [String], to output: String, cancellation: Cancellation? = nil,
    progress: ProgressHandler? = nil
  ) throws -> Corpus {
    try fractions.validate()
    let files = try MusicFiles(in: paths)
    guard !files.paths.isEmpty else { throw CorpusError.noMusicFiles(paths: paths) }
    let found = styles?.styles(of: files.paths) ?? [:]
    let reader = PieceReader(
      tokenizer: try statingTokenizer(styles: found), preparation: preparation, programs: programs,
      sizeLimit: sizeLimit, leavesOutDamaged: leavesOutDamaged, styles: found)
    let readings = try read(files.paths, with: reader, cancellation: cancellation, progress: progress)

    var collection = PieceCollection(deduplication: deduplication)
    collection.report.files = files.paths.count
    collection.report.isAligned = preparation.aligns
    collection.report.skipped = files.skipped
    collection.report.sourceFingerprint = Self.fingerprint(ofSources: readings.map(\.sourceHash))
    for reading in readings { collection.add(reading) }
    let used = readings.reduce(into: Set<String>()) { $0.formUnion($1.usedPrograms) }
    collection.report.unusedPrograms = programs.keys.filter { !used.contains($0.lowercased()) }.sorted()
    guard !collection.pieces.isEmpty else {
      throw CorpusError.nothingReadable(skipped: collection.report.skipped)
    }
    try collection.split(fractions, with: reader.tokenizer)
    var tokenizer =
      dropsSoleProgram
      ? try collection.droppingConstantTokens(of: reader.tokenizer) : reader.tokenizer
    if !readings.contains(where: \.namesPrograms), let cells = tokenizer as? CellsTokenizer {
      tokenizer = try cells.leavingProgramsOpen()
    }
    let vocabulary = tokenizer.vocabulary
    let notes = collection.pieces.reduce(0) { $0 + $1.noteCount }
    guard notes >= Self.leastNotes else {
      throw CorpusError.tooSmall(notes: notes, pieces: collection.pieces.count, needed: Self.leastNotes)
    }
    try withFolder(output) { () throws(FileError) in
      try CorpusFile.write(
        collection.pieces, vocabulary: vocabulary, report: collection.report,
        to: "\(output)/\(Corpus.fileName)")
    }
    // It is known what was written, also where no registry knows it.
    return try Corpus(path: output, cancellation: cancellation, progress: progress) { _ in vocabulary }
  }

  /// The tokenizer of pieces that say what is asked for of themselves.
  private func statingTokenizer(styles found: [String: String]) throws -> any Tokenizer {
    var stated = attributes
    if styles != nil {
      stated.styles = Set(found.values).sorted()
      guard !stated.styles.isEmpty else {
        throw CorpusError.invalidRequest(
          path: nil,
          reason:
            "none of the files has a style; put them into a folder for each style, or name the styles in a table"
        )
      }
    }
    guard let configuration = tokenizer.stating(stated) else {
      throw CorpusError.invalidRequest(
        path: nil, reason: "the tokens of \(tokenizer.name) have no room for what a piece says of itself")
    }
    return try configuration.makeTokenizer()
  }

  /// What tells the files of music in `paths` from others: it changes with any byte of any file, and with a file that comes or goes,
  /// but not with the place where they are. A corpus's report has it of the files that it was built from.
  ///
  /// Every file is read, which for a large collection may take a while.
  /// - Parameters:
  ///   - paths: Files and folders, as they were given when the corpus was built.
  ///   - sizeLimit: The most bytes of a file that is read, as it was when the corpus was built.
  ///   - cancellation: Asks the work to stop.
  ///   - progress: Is told how many files were read.
  /// - Throws: `FileError.notFound`; `CorpusError.cancelled`.
  public static func sourceFingerprint(
    of paths: [String], sizeLimit: Int = SizeLimit.music, cancellation: Cancellation? = nil,
    progress: ProgressHandler? = nil
  ) throws -> String {
    let files = try MusicFiles(in: paths).paths
    var hashes: [UInt64] = []
    for path in files {
      if cancellation?.isRequested == true { throw CorpusError.cancelled }
      hashes.append((try? MusicFile.bytes(of: path, limit: sizeLimit)).map(StableHash.value) ?? 0)
      progress?(
        ProgressReport(
          activity: "comparing", completed: Double(hashes.count), total: Double(files.count), unit: "files"))
    }
    return fingerprint(ofSources: hashes)
  }

  private static func fingerprint(ofSources hashes: [UInt64]) -> String {
    var hash = StableHash()
    for source in hashes { hash.combine(source) }
    return hexadecimal(hash.value)
  }

  /// Reads files, several side by side.
  /// - Throws: `CorpusError.cancelled`.
  func read(
    _ paths: [String], with reader: PieceReader, cancellation: Cancellation?, progress: ProgressHandler?
  ) throws(CorpusError) -> [FileReading] {
    let readings = parallelMap(
      paths, activity: "reading", unit: "files", threadCount: threadCount, cancellation: cancellation,
      progress: progress
    ) { reader.read($0) }
    guard let readings, cancellation?.isRequested != true else { throw .cancelled }
    return readings
  }
}
