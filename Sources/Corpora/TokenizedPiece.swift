internal import Groundwork
public import Tokenization

/// A piece that is tokens already, such as another program's.
public struct TokenizedPiece: Sendable, Hashable {
  /// What it is called in the corpus's report.
  public var name: String
  /// Its ids, from the one that begins a piece to the one that ends it.
  public var ids: [Int32]
  /// How long it sounds, in seconds; 0 if that is not known.
  public var seconds: Double
  /// How many notes it has; 0 if that is not known.
  public var noteCount: Int
  /// How many bars it has; 0 if that is not known.
  public var barCount: Int

  /// A piece. Its length in seconds is finite and at least 0; its counts are within 0 ..< 2³².
  public init(name: String, ids: [Int32], seconds: Double = 0, noteCount: Int = 0, barCount: Int = 0) {
    precondition(seconds.isFinite && seconds >= 0, "a piece cannot last \(seconds) seconds")
    precondition(
      UInt32(exactly: noteCount) != nil && UInt32(exactly: barCount) != nil,
      "a piece cannot have \(noteCount) notes in \(barCount) bars")
    self.name = name
    self.ids = ids
    self.seconds = seconds
    self.noteCount = noteCount
    self.barCount = barCount
  }
}

extension Corpus {
  /// Writes a corpus of pieces that are tokens already to the folder `output`, in place of one that is there. All pieces are kept,
  /// copies too; `CorpusBuilder` is for files of music.
  ///
  /// - Parameters:
  ///   - pieces: The pieces.
  ///   - tokenizer: What the ids are ids of.
  ///   - fractions: How much is set aside for validation and test.
  ///   - output: The corpus's folder; it is made where it is not there.
  /// - Throws: `FileError.unwritable`; `CorpusError.invalidFractions`, and `.invalidPiece` for one that is not framed by the
  ///   ids that begin and end a piece, or has ids outside the vocabulary. Where it throws, no corpus was written.
  public static func write(
    _ pieces: [TokenizedPiece], tokenizer: any Tokenizer, fractions: SplitFractions = SplitFractions(),
    to output: String
  ) throws {
    try fractions.validate()
    let vocabulary = tokenizer.vocabulary
    for piece in pieces {
      guard piece.ids.withUnsafeBufferPointer({ isFramed($0, in: vocabulary) }) else {
        throw CorpusError.invalidPiece(name: piece.name)
      }
    }
    let hashes = pieces.map { piece in
      var hash = StableHash()
      piece.ids.withUnsafeBufferPointer { hash.combine($0) }
      return hash.value
    }
    let splits = fractions.splits(ofHashes: hashes)
    let contents = pieces.indices.map { index in
      let piece = pieces[index]
      return CorpusFile.Content(
        ids: piece.ids, hash: hashes[index], seconds: piece.seconds, noteCount: piece.noteCount,
        barCount: piece.barCount, split: splits[index])
    }
    var report = CorpusReport()
    report.pieceNames = pieces.map(\.name)
    try withFolder(output) { () throws(FileError) in
      try CorpusFile.write(contents, vocabulary: vocabulary, report: report, to: "\(output)/\(fileName)")
    }
  }

  /// Whether ids begin with the one that begins a piece, end with the one that ends it, and are music in between.
  static func isFramed(_ ids: UnsafeBufferPointer<Int32>, in vocabulary: Vocabulary) -> Bool {
    let roles = vocabulary.roles
    guard ids.count >= 2, ids[0] == roles.beginning, ids[ids.count - 1] == roles.end else {
      return false
    }
    // Loops without lookups, which run over several ids at once.
    let size = UInt32(vocabulary.count)
    var isValid = true
    if let first = roles.firstMusicID.map(UInt32.init) {
      for index in 1..<ids.count - 1 {
        let id = UInt32(bitPattern: ids[index])
        isValid = isValid && id >= first && id < size
      }
      return isValid
    }
    let (beginning, end, padding) = (roles.beginning, roles.end, roles.padding ?? roles.end)
    for index in 1..<ids.count - 1 {
      let id = ids[index]
      let isSpecial = id == beginning || id == end || id == padding
      isValid = isValid && !isSpecial && UInt32(bitPattern: id) < size
    }
    return isValid
  }
}
