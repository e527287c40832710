internal import Groundwork
internal import Tokenization

extension CorpusFile {
  /// A piece on its way into a file.
  struct Content {
    var ids: [Int32]
    var hash: UInt64
    var seconds: Double
    var noteCount: Int
    var barCount: Int
    var split: Split
  }

  /// Writes a corpus file in place of the one at `path`.
  static func write(
    _ pieces: [Content], vocabulary: Vocabulary, report: CorpusReport, to path: String
  ) throws(FileError) {
    let json = vocabulary.json()
    let text = json + Array(repeating: 0, count: aligned(json.count) - json.count)
    let reportBytes = encode(report)
    let index = encode(pieces)

    var contentHash = StableHash()
    var reportHash = StableHash()
    text.withUnsafeBytes { contentHash.combine(bytes: $0) }
    index.withUnsafeBytes { contentHash.combine(bytes: $0) }
    forEachBlock(of: pieces) { contentHash.combine(bytes: $0) }
    reportBytes.withUnsafeBytes { reportHash.combine(bytes: $0) }

    var header = magic
    append(UInt64(vocabulary.count) << 32 | UInt64(version), to: &header)
    append(UInt64(pieces.count), to: &header)
    append(UInt64(pieces.reduce(0) { $0 + $1.ids.count }), to: &header)
    append(UInt64(json.count), to: &header)
    append(UInt64(reportBytes.count), to: &header)
    append(contentHash.value, to: &header)
    append(reportHash.value, to: &header)

    let replacement = try AtomicReplacement(path: path)
    try replacement.write(header)
    try replacement.write(text)
    try replacement.write(index)
    var failure: FileError?
    forEachBlock(of: pieces) { bytes in
      guard failure == nil else { return }
      do throws(FileError) { try replacement.write(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    try replacement.write(reportBytes)
    try replacement.commit()
  }

  /// The ids of all pieces in blocks of whole words, without a copy of them all; the last word is filled up with a zero.
  private static func forEachBlock(of pieces: [Content], _ body: (UnsafeRawBufferPointer) -> Void) {
    let blockSize = 1 << 16
    var block: [Int32] = []
    block.reserveCapacity(blockSize)
    for piece in pieces {
      var rest = piece.ids[...]
      while !rest.isEmpty {
        let part = rest.prefix(blockSize - block.count)
        block += part
        rest = rest.dropFirst(part.count)
        guard block.count == blockSize else { continue }
        block.withUnsafeBytes(body)
        block.removeAll(keepingCapacity: true)
      }
    }
    if block.count % 2 == 1 { block.append(0) }
    block.withUnsafeBytes(body)
  }

  /// The index.
  private static func encode(_ pieces: [Content]) -> [UInt8] {
    var index: [UInt8] = []
    index.reserveCapacity(pieces.count * entrySize)
    var idCount = 0
    for piece in pieces {
      append(UInt64(idCount), to: &index)
      append(UInt64(piece.ids.count), to: &index)
      append(piece.hash, to: &index)
      append(piece.seconds.bitPattern, to: &index)
      append(UInt64(piece.barCount) << 32 | UInt64(piece.noteCount), to: &index)
      append(UInt64(Split.allCases.firstIndex(of: piece.split) ?? 0), to: &index)
      idCount += piece.ids.count
    }
    return index
  }

  private static func encode(_ report: CorpusReport) -> [UInt8] {
    do {
      return try JSONFormat.encode(report)
    } catch {
      preconditionFailure("strings and integers can always be written as JSON: \(error)")
    }
  }

  private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
  }
}
