internal import Groundwork
public import Tokenization

/// A piece that is tokens already, such as another program's.
public struct TokenizedPiece: Sendable, Hashable {
  /// What it is called in the corpus's report.
  public var name: String
  /// Its ids, from `BOS_None` to `EOS_None`.
  public var ids: [Int32]
  /// How long it sounds, in seconds; 0 where that is not known.
  public var seconds: Double
  /// How many notes it has; 0 where that is not known.
  public var noteCount: Int
  /// How many bars it has; 0 where that is not known.
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
  /// - Throws: `FileError.unwritable`; `CorpusError.invalidFractions`, and `.invalidPiece` for one that is not framed by `BOS_None`
  ///   and `EOS_None` or has ids outside the vocabulary. Where it throws, no corpus was written.
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

  /// Whether ids begin with `BOS_None`, end with `EOS_None`, and are music in between.
  static func isFramed(_ ids: UnsafeBufferPointer<Int32>, in vocabulary: Vocabulary) -> Bool {
    guard ids.count >= 2, ids[0] == vocabulary.bosID, ids[ids.count - 1] == vocabulary.eosID else {
      return false
    }
    let size = UInt32(vocabulary.count)
    var isValid = true
    for index in 1..<ids.count - 1 {
      // BOS and EOS are 1 and 2, PAD is 0: inside a piece there is none of them.
      let id = UInt32(bitPattern: ids[index])
      isValid = isValid && id > 2 && id < size
    }
    return isValid
  }
}
