internal import Analysis
internal import Composing
internal import Groundwork
internal import MIDI
internal import Music
internal import Notation
internal import Synthesis

/// A piece as it is written: the composition, or an original piece followed by the new bars.
struct WrittenPiece {
  let composition: Composition
  let score: Score
  /// The original with the new bars in it; nil where there is none.
  let midi: MIDIFile?

  init(_ composition: Composition, behind original: GivenPrimer?) throws {
    self.composition = composition
    midi = try original.map { original in
      try (original.midi ?? MIDIFile(score: original.score)).continued(
        by: composition.score, from: composition.newMusicTick, offset: -original.prepared.shiftAtEnd)
    }
    score = try midi.map { midi throws(ScoreError) in try Score(midi: midi) } ?? composition.score
  }
}

/// Writes pieces in all their formats, each with the record of what it was made with.
struct PieceWriter {
  /// The piece that stays unchanged before the new bars, if there is one.
  var original: GivenPrimer?
  /// The record of the first piece, as notes.
  var record: CompositionRecord
  /// Whether records are written.
  var hasMetadata: Bool
  var sound: SoundOptions
  /// The instruments; nil where nothing is rendered.
  var library: InstrumentLibrary?
  var common: CommonOptions

  /// Writes a piece and reports it, even if only some of its files could be written.
  func write(
    _ composition: Composition, to files: [OutputFile], reports: inout [CompositionReport]
  ) throws {
    let piece = try WrittenPiece(composition, behind: original)
    var written: [OutputFile] = []
    do {
      for file in files {
        try write(piece, to: file)
        written.append(file)
      }
    } catch {
      if !written.isEmpty { reports.append(try tell(piece, in: written)) }
      throw error
    }
    reports.append(try tell(piece, in: written))
  }

  private func tell(_ piece: WrittenPiece, in files: [OutputFile]) throws -> CompositionReport {
    let composition = piece.composition
    let report = CompositionReport(
      files: files.map(\.path), seed: composition.seed, weights: record.settings.weights,
      bars: piece.score.bars.count, notes: piece.score.noteCount,
      tokens: composition.tokens, seconds: piece.score.seconds, nllPerToken: composition.nllPerToken,
      stopReason: composition.stopReason)
    if common.json { return report }
    if files.contains(where: \.isStandardOutput) {
      common.remark(report.text)
    } else {
      try common.report(report) { report.text }
    }
    return report
  }

  /// The text about a piece that goes into its file; nil without metadata.
  private func metadata(
    of piece: WrittenPiece, sound: CompositionRecord.Sound? = nil
  ) -> String? {
    guard hasMetadata else { return nil }
    var record = record
    record.seed = piece.composition.seed
    record.sound = sound
    return record.text
  }

  private func write(_ piece: WrittenPiece, to file: OutputFile) throws {
    switch file.form {
    case .midi:
      var midi = try piece.midi ?? MIDIFile(score: piece.score)
      if let text = metadata(of: piece) { midi.addText(text) }
      if file.isStandardOutput {
        try Console.write(midi.encoded())
      } else {
        try replaceFile(at: file.path, with: midi.encoded())
      }
    case .picture:
      let picture = PianoRoll().svg(of: piece.score, title: record.title, metadata: metadata(of: piece))
      try replaceFile(at: file.path, with: picture)
    case .sound:
      guard let library else { return }
      let made = try sound.record(of: file.path, library: library)
      _ = try sound.write(
        piece.score, library: library, to: file.path, comment: metadata(of: piece, sound: made),
        progress: common.progress)
    }
  }
}
