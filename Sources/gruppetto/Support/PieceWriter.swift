internal import Analysis
internal import Arithmetic
internal import Audio
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
  /// The original with the new music in it; nil where there is none.
  let midi: MIDIFile?
  /// How many cells were filled in, and how many of them are not as they were; nil for new music.
  let cells: (written: Int, changed: Int)?
  /// Which of several steps from one piece to another it is, from 0; nil for none.
  let step: Int?

  /// - Parameter isPlain: Whether parts without a program stay so, instead of getting one that suits them.
  init(_ composition: Composition, behind original: GivenPrimer?, isPlain: Bool) throws {
    self.composition = composition
    midi = try original.map { original in
      try (original.midi ?? MIDIFile(score: original.score)).continued(
        by: composition.score, from: composition.newMusicTick, offset: -original.prepared.shiftAtEnd)
    }
    score =
      try midi.map { midi throws(ScoreError) in try Score(midi: midi) }
      ?? (isPlain ? composition.score : composition.score.withFittingPrograms())
    cells = nil
    step = nil
  }

  /// A piece of which a part was filled in.
  init(_ composition: Composition, _ job: FillJob, number: Int) throws {
    self.composition = composition
    (score, midi) = try job.finished(composition)
    cells = job.cells(of: composition)
    step = job.step ?? (job.fillings.count > 1 ? number % job.fillings.count : nil)
  }
}

/// Writes pieces in all their formats, each with the record of what it was made with.
struct PieceWriter {
  /// The piece that stays unchanged before the new bars, if there is one.
  var original: GivenPrimer?
  /// What is filled in, where the pieces are not new.
  var job: FillJob?
  /// The record of the first piece, as notes.
  var record: CompositionRecord
  /// Whether records are written.
  var hasMetadata: Bool
  var sound: SoundOptions
  /// The instruments; nil where nothing is rendered.
  var library: LoadedSound?
  /// How many threads render several files.
  var threadCount: Int
  var common: CommonOptions

  /// A piece and the files that it goes into.
  struct Job {
    var piece: WrittenPiece
    var files: [OutputFile]
  }

  /// A composition as it is written.
  /// - Parameters:
  ///   - composition: The composition.
  ///   - number: Its number among those that are made, from 0.
  func piece(_ composition: Composition, number: Int) throws -> WrittenPiece {
    guard let job else {
      return try WrittenPiece(composition, behind: original, isPlain: sound.performance.plain)
    }
    return try WrittenPiece(composition, job, number: number)
  }

  /// Writes pieces and reports them, even if only some of their files could be written.
  /// - Parameters:
  ///   - jobs: The pieces and their files.
  ///   - cancellation: Stops the rendering of several files.
  ///   - reports: Gets what was written.
  ///   - completed: Is given each piece all of whose files were written.
  /// - Throws: `ComposingError.interrupted` after the pieces that were rendered before are written; what a file cannot be written for.
  func write(
    _ jobs: [Job], cancellation: Cancellation, reports: inout [CompositionReport], completed: (Job) -> Void
  ) throws {
    let sounds = jobs.flatMap { job in job.files.filter { $0.form == .sound }.map { (job.piece, $0) } }
    // One file tells its progress in seconds, several in files.
    let rendered = sounds.count > 1 ? try render(sounds, cancellation: cancellation) : [:]
    func isInterrupted(_ file: OutputFile) -> Bool {
      if case .success(false) = rendered[file] { true } else { false }
    }
    for job in jobs where !job.files.contains(where: isInterrupted) {
      var written: [OutputFile] = []
      do {
        for file in job.files {
          switch rendered[file] {
          case .success: break
          case .failure(let error): throw error
          case nil: try write(job.piece, to: file)
          }
          written.append(file)
        }
      } catch {
        if !written.isEmpty { reports.append(try tell(job.piece, in: written)) }
        throw error
      }
      reports.append(try tell(job.piece, in: written))
      completed(job)
    }
    if rendered.keys.contains(where: isInterrupted) { throw ComposingError.interrupted }
  }

  /// Renders several files side by side.
  /// - Returns: For each file whether it was written, which it was not after an interruption, or why it could not be.
  private func render(
    _ sounds: [(WrittenPiece, OutputFile)], cancellation: Cancellation
  ) throws -> [OutputFile: Result<Bool, AudioError>] {
    guard let library else { return [:] }
    let renderings = try sounds.map { try rendering(of: $0.0, to: $0.1, library: library) }
    let work = WorkQueue<Result<Bool, AudioError>>(count: renderings.count)
    let progress = common.progress
    ThreadTeam(threadCount: max(1, min(threadCount, renderings.count))).run { _ in
      while !cancellation.isRequested, let index = work.take() {
        let result = Result { () throws(AudioError) in
          try renderings[index].run(library, cancellation: cancellation, progress: nil) != nil
        }
        let count = work.finish(index, result)
        progress?(
          ProgressReport(
            activity: "rendering", completed: Double(count), total: Double(renderings.count), unit: "files"))
      }
    }
    return Dictionary(
      uniqueKeysWithValues: zip(sounds, work.results).map { ($0.1, $1 ?? .success(false)) })
  }

  private func rendering(
    of piece: WrittenPiece, to file: OutputFile, library: LoadedSound
  ) throws -> Rendering {
    let made = try sound.record(of: file.path, library: library)
    let comment = metadata(of: piece, sound: made)
    let tags = hasMetadata ? record.tags(seed: piece.composition.seed, comment: comment) : SoundTags()
    return try sound.rendering(of: piece.score, to: file.path, tags: tags)
  }

  private func tell(_ piece: WrittenPiece, in files: [OutputFile]) throws -> CompositionReport {
    let composition = piece.composition
    let report = CompositionReport(
      files: files.map(\.path), seed: composition.seed, weights: record.settings.weights,
      bars: piece.score.bars.count, notes: piece.score.noteCount,
      tokens: composition.tokens, seconds: piece.score.seconds, nllPerToken: composition.nllPerToken,
      stopReason: composition.stopReason, writtenCells: piece.cells?.written,
      changedCells: piece.cells?.changed)
    if common.json { return report }
    if files.contains(where: \.isStandardOutput) {
      common.remark(report.text)
    } else {
      try common.report(report) { report.text }
    }
    return report
  }

  /// The text about a piece that goes into its file; nil without metadata.
  func metadata(of piece: WrittenPiece, sound: CompositionRecord.Sound? = nil) -> String? {
    guard hasMetadata else { return nil }
    var record = record
    record.seed = piece.composition.seed
    record.sound = sound
    if let step = piece.step { record.settings.change?.step = step }
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
      let rendering = try rendering(of: piece, to: file, library: library)
      _ = try rendering.write(library, progress: common.progress)
    case .folder: preconditionFailure("a folder is written file by file")
    }
  }
}

// MARK: - Facts

extension PieceWriter {
  /// What a piece was made with, in words.
  func facts(of piece: WrittenPiece) -> [(name: String, value: String)] {
    var record = record
    record.seed = piece.composition.seed
    return record.facts + [("Seed", "\(record.seed)")]
  }
}

extension CompositionRecord {
  /// The tags of a sound file of a piece.
  /// - Parameters:
  ///   - seed: The piece's seed.
  ///   - comment: The text of the whole record.
  func tags(seed: UInt64, comment: String?) -> SoundTags {
    SoundTags(
      title: title, artist: "gruppetto, model \(ModelFolder(path: model.path).name), seed \(seed)",
      software: Gruppetto.signature, comment: comment)
  }

  /// What all pieces of a batch were made with, in words.
  var facts: [(name: String, value: String)] {
    let sampling = settings.sampling
    var filters = ["temperature \(sampling.temperature)"]
    if sampling.topK > 0 { filters.append("top-k \(sampling.topK)") }
    if sampling.topP < 1 { filters.append("top-p \(sampling.topP)") }
    if sampling.minP > 0 { filters.append("min-p \(sampling.minP)") }
    if sampling.byRole { filters.append("by role") }
    let asked = [
      settings.bars.map { Readable.plural($0, "bar") }, settings.form.map { "form \($0)" },
      settings.timeSignature, settings.tempo.map { "\(Readable.decimal($0, 0)) quarters a minute" },
      settings.primer.map { "after \($0.path)" },
      settings.avoidCopying.map { "under \($0.notes) notes copied" },
    ].compactMap(\.self)
    return [
      ("Model", "\(model.path) \(model.fingerprint)"), ("Program", program),
      ("Sampling", filters.joined(separator: ", ")),
      ("Asked for", asked.isEmpty ? "nothing" : asked.joined(separator: ", ")),
    ]
  }
}
