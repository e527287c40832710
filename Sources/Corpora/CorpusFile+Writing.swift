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
    let json = padded(vocabulary.json())
    let reportBytes = encode(report)
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

    var ids: [Int32] = []
    ids.reserveCapacity(idCount + 1)
    for piece in pieces { ids += piece.ids }
    if idCount % 2 == 1 { ids.append(0) }

    var contentHash = StableHash()
    var reportHash = StableHash()
    json.withUnsafeBytes { contentHash.combine(bytes: $0) }
    index.withUnsafeBytes { contentHash.combine(bytes: $0) }
    ids.withUnsafeBytes { contentHash.combine(bytes: $0) }
    reportBytes.withUnsafeBytes { reportHash.combine(bytes: $0) }

    var header = magic
    append(UInt64(vocabulary.count) << 32 | UInt64(version), to: &header)
    append(UInt64(pieces.count), to: &header)
    append(UInt64(idCount), to: &header)
    append(UInt64(vocabulary.json().count), to: &header)
    append(UInt64(reportBytes.count), to: &header)
    append(contentHash.value, to: &header)
    append(reportHash.value, to: &header)

    let replacement = try AtomicReplacement(path: path)
    try replacement.write(header)
    try replacement.write(json)
    try replacement.write(index)
    var failure: FileError?
    ids.withUnsafeBytes { bytes in
      do throws(FileError) { try replacement.write(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
    try replacement.write(reportBytes)
    try replacement.commit()
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

  private static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + Array(repeating: 0, count: aligned(bytes.count) - bytes.count)
  }
}
