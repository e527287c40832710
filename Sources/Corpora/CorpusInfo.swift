internal import Tokenization

/// A corpus in figures: what `corpus info` tells. Its JSON has the names of the command line's manual.
public struct CorpusInfo: Sendable, Hashable, Codable {
  /// Pieces and tokens of one split.
  public struct SplitSize: Sendable, Hashable, Codable {
    /// How many pieces.
    public var pieces = 0
    /// How many tokens, with those that begin and end a piece.
    public var tokens = 0
  }

  /// How much of one kind of tokens occurs.
  public struct KindUse: Sendable, Hashable, Codable {
    /// The kind: what is before the underscore, such as `Pitch`.
    public var kind: String
    /// How many tokens of the kind the vocabulary has.
    public var size: Int
    /// How many of them occur.
    public var used: Int
    /// How often they occur.
    public var occurrences: Int
  }

  /// How many pieces there are.
  public var pieces: Int
  /// How many tokens, with those that begin and end a piece.
  public var tokens: Int
  /// How many notes.
  public var notes: Int
  /// How many bars.
  public var bars: Int
  /// How long all pieces sound, in hours.
  public var hours: Double
  /// The tokenizer's name.
  public var tokenizer: String
  /// How many tokens the vocabulary has.
  public var vocabulary: Int
  /// How many of them occur.
  public var vocabularyUsed: Int
  /// The use of the vocabulary by kind, in the order of the vocabulary.
  public var use: [KindUse]
  /// The splits by name: train, valid, test.
  public var splits: [String: SplitSize]
  /// Tokens in the shortest piece, the middle one and the longest.
  public var tokensPerPiece: [Int]
  /// Files that are not in the corpus, and why.
  public var skipped: [SkippedFile]
  /// Files that are damaged and in the corpus all the same.
  public var damaged: [DamagedFile]
  /// Pieces left out as copies of others.
  public var duplicates: [DuplicatePiece]
  /// What was changed to fit the grid, in sentences.
  public var changes: [String]
  /// How many pieces were read as 4/4 because their only metre is 1/4, which the time signature of the request overrides.
  public var piecesReadInFourFour: Int
  /// How many pieces were moved to where their beats are; nil where beats were not sought.
  public var alignedPieces: Int?
  /// A fingerprint of the content, sixteen hexadecimal digits.
  public var fingerprint: String
}

extension Corpus {
  /// The corpus in figures.
  /// - Throws: `CorpusError.damaged`.
  public func info() throws(CorpusError) -> CorpusInfo {
    let report = try report()
    var counts = [Int](repeating: 0, count: vocabulary.count)
    for id in ids { counts[Int(id)] += 1 }
    var splits: [String: CorpusInfo.SplitSize] = [:]
    for split in Split.allCases { splits[split.rawValue] = .init() }
    for piece in pieces {
      splits[piece.split.rawValue]?.pieces += 1
      splits[piece.split.rawValue]?.tokens += piece.tokenCount
    }
    let lengths = pieces.map(\.tokenCount).sorted()
    return CorpusInfo(
      pieces: pieces.count, tokens: tokenCount, notes: pieces.reduce(0) { $0 + $1.noteCount },
      bars: pieces.reduce(0) { $0 + $1.barCount }, hours: pieces.reduce(0) { $0 + $1.seconds } / 3_600,
      tokenizer: vocabulary.configuration.name, vocabulary: vocabulary.count,
      vocabularyUsed: counts.count { $0 > 0 }, use: use(counts), splits: splits,
      tokensPerPiece: lengths.isEmpty
        ? [] : [lengths[0], lengths[lengths.count / 2], lengths[lengths.count - 1]],
      skipped: report.skipped, damaged: report.damaged, duplicates: report.duplicates,
      changes: changes(in: report),
      piecesReadInFourFour: report.piecesReadInFourFour,
      alignedPieces: report.isAligned ? report.alignedPieces : nil, fingerprint: fingerprint)
  }

  private func changes(in report: CorpusReport) -> [String] {
    var changes: [String] = []
    var normalization = report.normalization
    if report.piecesReadInFourFour > 0 {
      // With the number of pieces, it need not be repeated for each.
      normalization.assumedTimeSignature = nil
      changes.append(
        "\(report.piecesReadInFourFour) of \(pieces.count) pieces have only the time signature 1/4 and are read as 4/4"
      )
    }
    if report.alignedPieces > 0 {
      changes.append(
        "\(report.alignedPieces) of \(pieces.count) pieces were shifted so that their beats and bars fall on the grid"
      )
    }
    if report.freePieces > 0 {
      changes.append(
        "\(report.freePieces) of \(pieces.count) pieces follow no steady beat: they are learned from, and not validated on"
      )
    }
    changes += normalization.sentences
    changes += report.unusedPrograms.map { "no track without a program is named '\($0)'" }
    return changes
  }

  private func use(_ counts: [Int]) -> [CorpusInfo.KindUse] {
    var kinds: [CorpusInfo.KindUse] = []
    for (token, count) in zip(vocabulary.tokens, counts) {
      let kind = String(token.prefix { $0 != "_" })
      if kinds.last?.kind != kind { kinds.append(.init(kind: kind, size: 0, used: 0, occurrences: 0)) }
      kinds[kinds.count - 1].size += 1
      kinds[kinds.count - 1].used += count > 0 ? 1 : 0
      kinds[kinds.count - 1].occurrences += count
    }
    return kinds
  }
}
