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

/// A piece that holds the same music as one that came before.
public struct DuplicatePiece: Sendable, Hashable, Codable {
  /// The piece that was left out.
  public var piece: String
  /// The piece that stands for it.
  public var original: String
}

/// What the building of a corpus found; it is kept with the corpus.
public struct CorpusReport: Sendable, Hashable, Codable {
  /// How many files were found.
  public var files = 0
  /// Sixteen hexadecimal digits that stand for the bytes of all files, in order; see `CorpusBuilder.sourceFingerprint(of:)`.
  public var sourceFingerprint = ""
  /// Files that could not be read, by path.
  public var skipped: [SkippedFile] = []
  /// Pieces that were left out as copies.
  public var duplicates: [DuplicatePiece] = []
  /// What the grid could not say, over all pieces.
  public var normalization = NormalizationReport()
  /// Names of tracks for which a program was given, and that no track without a program has.
  public var unusedPrograms: [String] = []
  /// How many pieces were read as 4/4 because their only metre is 1/4.
  public var piecesReadInFourFour = 0
  /// The name of each piece: its file, and for a tune book the number and title of the tune.
  public var pieceNames: [String] = []

  private enum CodingKeys: String, CodingKey {
    case files, sourceFingerprint, skipped, duplicates
    // The name in files; it was there before the API's.
    case normalization = "normalisation"
    case unusedPrograms, piecesReadInFourFour, pieceNames
  }
}
