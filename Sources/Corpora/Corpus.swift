public import Groundwork
public import Tokenization

/// A collection as ids: pieces, each from the id that begins a piece to the one that ends it, with their vocabulary and their splits.
///
/// It is one file, mapped into memory, in a folder of its own (`CORPUS/corpus.gruppetto`). Everything in it is checked when it is
/// opened: lengths, order, that every id is in the vocabulary and every piece is framed, and the hash of it all.
public final class Corpus: Sendable {
  /// The name of the file in the corpus's folder.
  public static let fileName = "corpus.gruppetto"

  /// The file that it was opened from.
  public let path: String
  /// The tokens of its ids.
  public let vocabulary: Vocabulary
  /// The tokenizer that made them.
  public let tokenizer: any Tokenizer
  /// The pieces, in the order of their files.
  public let pieces: [CorpusPiece]
  /// Sixteen hexadecimal digits that differ between corpora of different content: vocabulary, ids, splits.
  public let fingerprint: String

  private let file: MappedFile
  private let sections: CorpusFile.Sections

  /// Opens the corpus in the folder `path`, or the corpus file `path`.
  ///
  /// All of it is read, which for large corpora may take seconds.
  /// - Parameters:
  ///   - path: The folder or the file.
  ///   - tokenizers: The tokenizers that its vocabulary may name.
  ///   - cancellation: Asks to give up.
  ///   - progress: called with how much was read, where there is more than a little.
  /// - Throws: `FileError`, `CorpusError.notACorpus`, `.wrongVersion`, `.damaged`, `.cancelled`, `TokenizationError` for its
  ///   vocabulary.
  public convenience init(
    path: String, tokenizers: TokenizerRegistry = .standard, cancellation: Cancellation? = nil,
    progress: ProgressHandler? = nil
  ) throws {
    try self.init(path: path, cancellation: cancellation, progress: progress) {
      json throws(TokenizationError) in
      try Vocabulary(json: json, tokenizers: tokenizers)
    }
  }

  /// Opens a corpus; `read` makes a vocabulary of its text.
  init(
    path: String, cancellation: Cancellation?, progress: ProgressHandler?,
    read: ([UInt8]) throws(TokenizationError) -> Vocabulary
  ) throws {
    let filePath = isFolder(path) ? "\(path)/\(Self.fileName)" : path
    guard fileExists(filePath) else {
      throw fileExists(path) ? CorpusError.notACorpus(path: path) : FileError.notFound(path: path)
    }
    file = try MappedFile(path: filePath)
    self.path = filePath
    let bytes = file.bytes
    sections = try CorpusFile.sections(of: bytes, path: filePath)
    pieces = try CorpusFile.pieces(in: bytes, sections, path: filePath)

    let content = UnsafeRawBufferPointer(
      rebasing: bytes[sections.vocabulary.lowerBound..<sections.report.lowerBound])
    let hash = try Self.hash(of: content, cancellation: cancellation, progress: progress)
    guard hash == sections.contentHash else {
      throw CorpusError.damaged(
        path: filePath, offset: 48, reason: "the content does not match its checksum")
    }
    fingerprint = hexadecimal(sections.contentHash)
    vocabulary = try read(Array(bytes[sections.vocabulary]))
    guard vocabulary.count == sections.vocabularySize else {
      throw CorpusError.damaged(
        path: filePath, offset: 12,
        reason: "the vocabulary has \(vocabulary.count) tokens instead of \(sections.vocabularySize)")
    }
    tokenizer = try vocabulary.makeTokenizer()
    try checkIDs()
  }

  /// Whether there is a corpus at `path`: a corpus file, or a folder with one.
  public static func exists(at path: String) -> Bool {
    isFolder(path)
      ? fileExists("\(path)/\(fileName)")
      : firstBytes(of: path, count: CorpusFile.magic.count) == CorpusFile.magic
  }

  /// All ids, the pieces one after another; valid while this object is alive.
  package var ids: UnsafeBufferPointer<Int32> {
    UnsafeRawBufferPointer(rebasing: file.bytes[sections.ids]).assumingMemoryBound(to: Int32.self)
  }

  /// How many ids there are in all pieces.
  public var tokenCount: Int { sections.idCount }

  /// The indices of the pieces of a split.
  public func pieces(in split: Split) -> [Int] {
    pieces.indices.filter { pieces[$0].split == split }
  }

  /// The ids of a piece; valid while this object is alive.
  package func idBuffer(ofPiece piece: Int) -> UnsafeBufferPointer<Int32> {
    UnsafeBufferPointer(rebasing: ids[pieces[piece].ids])
  }

  /// The ids of a piece, from the one that begins it to the one that ends it.
  public func ids(ofPiece piece: Int) -> [Int32] { Array(idBuffer(ofPiece: piece)) }

  /// What the building of the corpus found.
  /// - Throws: `CorpusError.damaged`.
  public func report() throws(CorpusError) -> CorpusReport {
    let bytes = Array(file.bytes[sections.report])
    var hash = StableHash()
    bytes.withUnsafeBytes { hash.combine(bytes: $0) }
    guard hash.value == sections.reportHash,
      let report = try? JSONFormat.decode(CorpusReport.self, from: bytes),
      report.pieceNames.count == pieces.count
    else {
      throw .damaged(path: path, offset: sections.report.lowerBound, reason: "the report cannot be read")
    }
    return report
  }

  /// The hash of the content, block by block.
  private static func hash(
    of content: UnsafeRawBufferPointer, cancellation: Cancellation?, progress: ProgressHandler?
  ) throws(CorpusError) -> UInt64 {
    // Of whole words, so that the blocks' hash is that of all; and small enough to be read in much less than a second.
    let blockSize = 1 << 24
    var hash = StableHash()
    for start in stride(from: 0, to: content.count, by: blockSize) {
      if cancellation?.isRequested == true { throw .cancelled }
      let end = min(start + blockSize, content.count)
      hash.combine(bytes: UnsafeRawBufferPointer(rebasing: content[start..<end]))
      guard content.count > blockSize else { break }
      progress?(
        ProgressReport(
          activity: "opening", completed: Double(end) / 1e6, total: Double(content.count) / 1e6, unit: "MB"))
    }
    return hash.value
  }

  private func checkIDs() throws(CorpusError) {
    for (number, piece) in pieces.enumerated() {
      guard Self.isFramed(idBuffer(ofPiece: number), in: vocabulary) else {
        throw .damaged(
          path: path, offset: sections.ids.lowerBound + 4 * piece.ids.lowerBound,
          reason: "a piece is not framed by the ids that begin and end it, or has ids outside the vocabulary")
      }
    }
  }
}

func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
