internal import Arithmetic
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
    let work = WorkQueue<FileReading>(count: files.paths.count)
    ThreadTeam(threadCount: max(1, min(threadCount, files.paths.count))).run { _ in
      while cancellation?.isRequested != true, let index = work.take() {
        let finished = work.finish(index, reader.read(files.paths[index]))
        progress?(
          ProgressReport(
            activity: "reading", completed: Double(finished), total: Double(files.paths.count), unit: "files")
        )
      }
    }
    if cancellation?.isRequested == true { throw CorpusError.cancelled }
    let readings = work.results.compactMap(\.self)
    let skipped = files.skipped + readings.flatMap(\.skipped)
    var seen: Set<[Int32]> = []
    var pieces: [TokenizedPiece] = []
    for (name, encoding, _) in readings.flatMap(\.pieces) {
      guard deduplication == .none || seen.insert(encoding.ids).inserted else { continue }
      pieces.append(
        TokenizedPiece(
          name: name, ids: encoding.ids, seconds: encoding.seconds, noteCount: encoding.noteCount,
          barCount: encoding.barCount))
    }
    guard !pieces.isEmpty else { throw CorpusError.nothingReadable(skipped: skipped) }
    return (pieces, skipped)
  }
}
