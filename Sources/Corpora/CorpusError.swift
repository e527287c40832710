public import Groundwork

/// Why a collection could not be made into a corpus, or a corpus could not be used.
public enum CorpusError: DiagnosableError, Equatable {
  /// Nowhere in what was named is a file that could be music.
  case noMusicFiles(paths: [String])
  /// There were files, and none of them could be used.
  case nothingReadable(skipped: [SkippedFile])
  /// The collection is too small to learn from.
  case tooSmall(notes: Int, pieces: Int, needed: Int)
  /// Fractions that are no fractions, or leave nothing for training.
  case invalidFractions(valid: Double, test: Double)
  /// A piece of tokens that is not framed by the ids that begin and end a piece or has ids outside the vocabulary.
  case invalidPiece(name: String)
  /// There is no corpus at the path.
  case notACorpus(path: String)
  /// The corpus was written by another version.
  case wrongVersion(path: String, found: Int, expected: Int)
  /// The corpus is damaged; `offset` is where that shows.
  case damaged(path: String, offset: Int, reason: String)
  /// A catalog that cannot be used.
  case invalidCatalog(path: String, reason: String)
  /// A request for a corpus that is invalid, in the file that keeps it or, without a path, of a caller.
  case invalidRequest(path: String?, reason: String)
  /// The work was stopped on request.
  case cancelled

  /// Whose fault it is.
  public var kind: FailureKind {
    switch self {
    case .invalidFractions: .usage
    case .invalidRequest(nil, _): .usage
    case .cancelled: .interrupted
    default: .badInput
    }
  }

  /// What was found, and what to do about it.
  public var message: String { problemWithRemedies }

  /// There is no corpus where one was expected: one can be built.
  public var remedies: [Remedy] {
    if case .notACorpus = self { [.buildCorpus] } else { [] }
  }

  /// What was found.
  public var problem: String {
    switch self {
    case .noMusicFiles(let paths):
      "\(paths.joined(separator: ", ")): no music files found; their names must end in \(MusicFiles.endingList)"
    case .nothingReadable(let skipped):
      (skipped.count == 1
        ? "the file could not be used: " : "none of the \(skipped.count) files could be used, for example ")
        + (skipped.first.map { "\($0.file): \($0.reason)" } ?? "")
    case .tooSmall(let notes, let pieces, let needed):
      "the collection has \(notes) \(notes == 1 ? "note" : "notes") in \(pieces) \(pieces == 1 ? "piece" : "pieces"), "
        + "but at least \(needed) notes are needed for training; add more music"
    case .invalidFractions(let valid, let test):
      "parts of \(valid) for validation and \(test) for testing leave nothing for training; both must be at least 0 "
        + "and their sum below 1"
    case .invalidPiece(let name):
      "\(name): the ids of a piece must start with the id of the beginning, end with that of the end, and have only other ids of the vocabulary between"
    case .notACorpus(let path):
      "\(path): is not a corpus"
    case .wrongVersion(let path, let found, let expected):
      "\(path): is a corpus of version \(found), but this program reads version \(expected); build it again"
    case .damaged(let path, let offset, let reason):
      "\(path): the corpus is damaged at byte \(offset): \(reason); build it again"
    case .invalidCatalog(let path, let reason):
      "\(path): the catalog cannot be used: \(reason)"
    case .invalidRequest(let path, let reason): (path.map { $0 + ": " } ?? "") + reason
    case .cancelled: "stopped"
    }
  }

  /// The corpus or catalog that it is about.
  public var file: String? {
    switch self {
    case .notACorpus(let path), .wrongVersion(let path, _, _), .damaged(let path, _, _),
      .invalidCatalog(let path, _):
      path
    case .invalidRequest(let path, _): path
    default: nil
    }
  }

  /// Where the damage shows.
  public var offset: Int? {
    if case .damaged(_, let offset, _) = self { offset } else { nil }
  }
}
