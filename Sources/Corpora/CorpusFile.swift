internal import Groundwork

/// The layout of a corpus file: all little-endian, every section begins at a multiple of 8 bytes.
///
///     offset  size  field
///     0       8     magic, "gruppcps"
///     8       4     version, 1
///     12      4     number of tokens in the vocabulary
///     16      8     number of pieces P
///     24      8     number of ids N
///     32      8     bytes of the vocabulary (JSON, as in vocabulary.json)
///     40      8     bytes of the report (JSON)
///     48      8     hash of the vocabulary, the index and the ids: the corpus's fingerprint
///     56      8     hash of the report
///     64            vocabulary, filled up with zeros
///                   index: P entries of 48 bytes
///                   ids: N × 4 bytes, the pieces one after another, each with the ids that begin and end it; filled up with zeros
///                   report, to the end of the file
///
/// An entry of the index: first id (8), number of ids (8), hash of the content (8), seconds as a double (8), notes (4),
/// bars (4), split (1: 0 train, 1 valid, 2 test), seven zeros. The hash is `StableHash`.
struct CorpusFile {
  static let magic = Array("gruppcps".utf8)
  static let version = 1
  static let headerSize = 64
  static let entrySize = 48

  /// The sections of a file, checked against its size.
  struct Sections {
    var vocabulary: Range<Int>
    var index: Range<Int>
    var ids: Range<Int>
    var report: Range<Int>
    var vocabularySize: Int
    var pieceCount: Int
    var idCount: Int
    var contentHash: UInt64
    var reportHash: UInt64
  }

  /// Reads and checks the header.
  static func sections(of bytes: UnsafeRawBufferPointer, path: String) throws(CorpusError) -> Sections {
    guard bytes.count >= headerSize, bytes.prefix(magic.count).elementsEqual(magic) else {
      throw .notACorpus(path: path)
    }
    func word(_ offset: Int) -> UInt64 {
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    let version = Int(UInt32(truncatingIfNeeded: word(8)))
    guard version == Self.version else {
      throw .wrongVersion(path: path, found: version, expected: Self.version)
    }
    func size(_ offset: Int, itemSize: Int) throws(CorpusError) -> Int {
      guard let count = Int(exactly: word(offset)), count <= bytes.count / itemSize else {
        throw .damaged(
          path: path, offset: offset, reason: "a length of \(word(offset)) is longer than the file")
      }
      return count
    }
    let pieceCount = try size(16, itemSize: entrySize)
    let idCount = try size(24, itemSize: 4)
    let vocabulary = headerSize..<headerSize + (try size(32, itemSize: 1))
    let reportSize = try size(40, itemSize: 1)
    // Each of these is at most the file's size, so that the sums cannot overflow.
    let indexStart = aligned(vocabulary.upperBound)
    let index = indexStart..<indexStart + pieceCount * entrySize
    let ids = index.upperBound..<index.upperBound + idCount * 4
    let reportStart = aligned(ids.upperBound)
    let report = reportStart..<reportStart + reportSize
    guard report.upperBound == bytes.count else {
      throw .damaged(
        path: path, offset: bytes.count,
        reason: "the file has \(bytes.count) bytes instead of \(report.upperBound)")
    }
    return Sections(
      vocabulary: vocabulary, index: index, ids: ids, report: report,
      vocabularySize: Int(UInt32(truncatingIfNeeded: word(8) >> 32)), pieceCount: pieceCount,
      idCount: idCount,
      contentHash: word(48), reportHash: word(56))
  }

  /// Reads and checks the index.
  static func pieces(
    in bytes: UnsafeRawBufferPointer, _ sections: Sections, path: String
  ) throws(CorpusError) -> [CorpusPiece] {
    var pieces: [CorpusPiece] = []
    pieces.reserveCapacity(sections.pieceCount)
    var next = 0
    for number in 0..<sections.pieceCount {
      let offset = sections.index.lowerBound + number * entrySize
      func word(_ place: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + place, as: UInt64.self))
      }
      guard word(0) == UInt64(next), word(8) >= 2, word(8) <= UInt64(sections.idCount - next) else {
        throw .damaged(
          path: path, offset: offset, reason: "piece \(number) does not follow the one before it")
      }
      let seconds = Double(bitPattern: word(24))
      guard seconds.isFinite, seconds >= 0, word(40) < 3 else {
        throw .damaged(path: path, offset: offset, reason: "piece \(number) has no valid length or split")
      }
      let count = Int(word(8))
      pieces.append(
        CorpusPiece(
          ids: next..<next + count, hash: word(16), seconds: seconds,
          noteCount: Int(UInt32(truncatingIfNeeded: word(32))),
          barCount: Int(UInt32(truncatingIfNeeded: word(32) >> 32)), split: Split.allCases[Int(word(40))]))
      next += count
    }
    guard next == sections.idCount else {
      throw .damaged(
        path: path, offset: sections.index.upperBound,
        reason: "the pieces have \(next) ids in all, and there are \(sections.idCount)")
    }
    return pieces
  }

  static func aligned(_ offset: Int) -> Int { (offset + 7) & ~7 }
}

/// A piece in a corpus.
public struct CorpusPiece: Sendable, Hashable {
  /// The range of its ids among all ids.
  package var ids: Range<Int>
  /// The hash of its content, which decides its split.
  public var hash: UInt64
  /// How long it sounds, in seconds.
  public var seconds: Double
  /// How many notes it has.
  public var noteCount: Int
  /// How many bars it has.
  public var barCount: Int
  /// What it is for.
  public var split: Split

  /// How many ids it has, with those that begin and end it.
  public var tokenCount: Int { ids.count }
}
