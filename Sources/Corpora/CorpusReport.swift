public import Tokenization

/// A file that is not in a corpus, and why.
public struct SkippedFile: Sendable, Hashable, Codable {
  /// Its path, as it was found.
  public var file: String
  /// Why, in words.
  public var reason: String

  /// A skipped file.
  public init(file: String, reason: String) {
    self.file = file
    self.reason = reason
  }
}

/// A file that is damaged and gave music all the same.
public struct DamagedFile: Sendable, Hashable, Codable {
  /// Its path, as it was found.
  public var file: String
  /// The number of problems that its reader reported.
  public var faults: Int
  /// The first of them, in words.
  public var first: String
}

/// A piece that holds the same music as one that came before.
public struct DuplicatePiece: Sendable, Hashable, Codable {
  /// The piece that was left out.
  public var piece: String
  /// The piece that represents it.
  public var original: String
}

/// What the building of a corpus found; it is kept with the corpus.
public struct CorpusReport: Sendable, Hashable, Codable {
  /// How many files were found.
  public var files = 0
  /// A fingerprint, sixteen hexadecimal digits, of the bytes of all files, in order; see `CorpusBuilder.sourceFingerprint(of:)`.
  public var sourceFingerprint = ""
  /// Files that could not be read, by path.
  public var skipped: [SkippedFile] = []
  /// Files that are damaged and in the corpus all the same.
  public var damaged: [DamagedFile] {
    get { damagedFiles ?? [] }
    set { damagedFiles = newValue.isEmpty ? nil : newValue }
  }
  /// Nil if there are none, as in reports that were written before they were counted.
  private var damagedFiles: [DamagedFile]?
  /// Whether beats and bar lines were sought in each piece.
  public var isAligned: Bool {
    get { alignment != nil }
    set { alignment = newValue ? alignment ?? 0 : nil }
  }
  /// How many pieces were moved to where their beats are.
  public var alignedPieces: Int {
    get { alignment ?? 0 }
    set { alignment = newValue }
  }
  /// Nil where beats were not sought, as in reports that were written before they could be.
  private var alignment: Int?
  /// How many pieces follow no steady beat, in a collection most of whose pieces do: they are learned from, and not validated on.
  public var freePieces: Int {
    get { free ?? 0 }
    set { free = newValue == 0 ? nil : newValue }
  }
  /// Nil if there are none, as in reports that were written before they were counted.
  private var free: Int?
  /// Pieces that were left out as copies.
  public var duplicates: [DuplicatePiece] = []
  /// What the grid could not represent, over all pieces.
  public var normalization = NormalizationReport()
  /// Names of tracks for which a program was given, and that no track without a program has.
  public var unusedPrograms: [String] = []
  /// How many pieces were read as 4/4 because their only metre is 1/4.
  public var piecesReadInFourFour = 0
  /// The name of each piece: its file, and for a tune book the number and title of the tune.
  public var pieceNames: [String] = []

  /// A report of nothing yet.
  public init() {}

  private enum CodingKeys: String, CodingKey {
    case files, sourceFingerprint, skipped, damagedFiles, duplicates
    case alignment = "alignedPieces"
    case free = "freePieces"
    // Files keep the spelling that they were first written in.
    case normalization = "normalisation"
    case unusedPrograms, piecesReadInFourFour, pieceNames
  }
}
