package import Groundwork
package import Tokenization

extension CorpusBuilder {
  /// Reads all music in `paths`, files and folders, as pieces of the ids of a tokenizer that there is already, such as a model's;
  /// no corpus is written. Copies are left out as `deduplication` has it; files that cannot be used are named.
  /// - Throws: `FileError`; `CorpusError.noMusicFiles`, `.nothingReadable`, `.cancelled`.
  package func pieces(
    in paths: [String], as tokenizer: any Tokenizer, cancellation: Cancellation? = nil,
    progress: ProgressHandler? = nil
  ) throws -> (pieces: [TokenizedPiece], skipped: [SkippedFile]) {
    let files = try MusicFiles(in: paths)
    guard !files.paths.isEmpty else { throw CorpusError.noMusicFiles(paths: paths) }
    let reader = PieceReader(
      tokenizer: tokenizer, preparation: preparation, programs: programs, sizeLimit: sizeLimit,
      leavesOutDamaged: leavesOutDamaged)
    let readings = try read(files.paths, with: reader, cancellation: cancellation, progress: progress)
    let skipped = files.skipped + readings.flatMap(\.skipped)
    var seen: Set<[Int32]> = []
    var pieces: [TokenizedPiece] = []
    for piece in readings.flatMap(\.pieces) {
      let encoding = piece.encoding
      guard deduplication == .none || seen.insert(encoding.ids).inserted else { continue }
      pieces.append(
        TokenizedPiece(
          name: piece.name, ids: encoding.ids, seconds: encoding.seconds, noteCount: encoding.noteCount,
          barCount: encoding.barCount))
    }
    guard !pieces.isEmpty else { throw CorpusError.nothingReadable(skipped: skipped) }
    return (pieces, skipped)
  }
}
