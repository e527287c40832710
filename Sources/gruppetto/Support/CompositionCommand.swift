public import ArgumentParser
internal import Arithmetic
internal import Composing
internal import Foundation
internal import Groundwork
internal import MIDI
internal import Music
internal import Notation
internal import Synthesis

/// How tokens are sampled; shared by `generate` and `continue`.
struct SamplingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Preset of presets/sampling: default, careful or adventurous.", valueName: "name"))
  var preset = "default"

  @Option(help: ArgumentHelp("Sampling temperature: above 1 bolder, below 1 more cautious.", valueName: "t"))
  var temperature: Double?

  @Option(help: ArgumentHelp("Choose among the k most probable tokens; 0 for all.", valueName: "k"))
  var topK: Int?

  @Option(
    help: ArgumentHelp(
      "Choose among the most probable tokens that together have this probability; 1 for all.", valueName: "p")
  )
  var topP: Double?

  @Option(
    help: ArgumentHelp(
      "Choose among tokens with at least this ratio to the highest probability; 0 for all.", valueName: "p"))
  var minP: Double?

  @Flag(
    inversion: .prefixedNo,
    help: "Apply these within each kind of token (pitches, durations and so on), or to all tokens together.")
  var byRole: Bool?

  /// The preset, with what was given instead.
  func resolved(presets: String?) throws -> SamplingPreset {
    var sampling = try SamplingPreset(
      named: preset, folder: try Resources.presets(named: presets) + "/sampling")
    sampling.temperature = temperature ?? sampling.temperature
    sampling.topK = topK ?? sampling.topK
    sampling.topP = topP ?? sampling.topP
    sampling.minP = minP ?? sampling.minP
    sampling.byRole = byRole ?? sampling.byRole
    _ = try sampling.filters()
    return sampling
  }
}

/// What a composition may share with the training pieces; shared by `generate` and `continue`.
struct NoveltyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Share fewer than n notes in a row with any training piece, in any key.", valueName: "n"))
  var avoidCopying: Int?

  @Option(
    help: ArgumentHelp(
      "Corpus whose training pieces are not copied (default: the one in the model's folder).",
      valueName: "folder"))
  var corpus: String?

  func validate() throws {
    if let avoidCopying, avoidCopying < AvoidCopying.leastNotes {
      throw ValidationError(
        "--avoid-copying is a number of notes from \(AvoidCopying.leastNotes), not \(avoidCopying).")
    }
    guard corpus == nil || avoidCopying != nil else {
      throw ValidationError("--corpus names what --avoid-copying compares with; give both, or drop --corpus.")
    }
  }

  /// The constraints on pieces by a model.
  func constraints(on model: MusicModel, common: CommonOptions) throws -> [any TokenConstraint] {
    guard let avoidCopying else { return [] }
    do {
      let passages = try model.trainingPassages(
        corpus: corpus, cancellation: Interruption.cancellation(), progress: common.progress)
      return [AvoidCopying(passages, tokenizer: model.tokenizer, limit: avoidCopying)]
    } catch ComposingError.noTrainingPieces(let name) {
      throw MissingCorpus(model: name)
    }
  }
}

/// A model without the music that it was trained on, where that is needed.
struct MissingCorpus: DiagnosableError {
  var model: String
  var kind: FailureKind { .missingInput }
  var message: String {
    "\(model): has no corpus in its folder, so what it copies of its training pieces cannot be found; "
      + "name the corpus that it was trained on with --corpus FOLDER"
  }
  var file: String? { model }
}

/// The number format of the network's weights; shared by `generate` and `continue`.
struct WeightOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Number format of the weights in memory; float16 and int8 (quantized) are faster, but a seed may give another piece.",
      valueName: "format"))
  var weights = WeightFormat.float32
}

extension WeightFormat: ExpressibleByArgument {}

/// Where compositions go, and how many there are.
struct CompositionOutputs: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "File to write: .mid, .wav, .flac, .ogg or .svg; repeat -o to write the same piece in several formats.",
      valueName: "file"))
  var output: [String]

  @Option(help: ArgumentHelp("Number of pieces; the file names are numbered.", valueName: "n"))
  var count = 1

  func validate() throws {
    guard !output.isEmpty else { throw ValidationError("Name the file to write with -o FILE.") }
    guard (1...10_000).contains(count) else {
      throw ValidationError("--count is a number from 1 to 10000, not \(count).")
    }
  }

  /// Checks the number of bars.
  static func check(bars: Int?) throws {
    if let bars, !(1...Composer.mostBars).contains(bars) {
      throw ValidationError("--bars is a number from 1 to \(Composer.mostBars), not \(bars).")
    }
  }
}

/// The result of one composition, as `--json` prints it.
struct CompositionReport: Encodable {
  var files: [String]
  var seed: UInt64
  var weights: WeightFormat
  var bars: Int
  var notes: Int
  var tokens: Int
  var seconds: Double
  var nllPerToken: Double
  var stopReason: CompositionStop
  /// Where a piece was filled in, how many bars of parts were written, and how many of them are not as they were.
  var writtenCells: Int?
  var changedCells: Int?

  var text: String {
    let cells = writtenCells.map { ", \(changedCells ?? 0) of \($0) bars of parts changed" } ?? ""
    let reason =
      switch stopReason {
      case .barsWritten: ""
      case .modelEnded: ", where the model ended the piece"
      case .barLimit: ", the limit without --bars"
      case .tokenLimit: ", the limit of tokens without bars"
      }
    return
      "\(files.joined(separator: ", ")): \(Readable.plural(bars, "bar"))\(reason)\(cells), \(Readable.plural(notes, "note")), "
      + "\(Readable.clock(seconds)), \(Readable.decimal(nllPerToken, 2)) nats per token, seed \(seed)"
  }
}

/// Composes with a model and writes the pieces; what `generate` and `continue` have in common.
struct CompositionCommand {
  var model: String
  var outputs: CompositionOutputs
  var options: CompositionOptions
  var novelty: NoveltyOptions
  /// The tempo and the time signature that are asked for.
  var plan = PlanOptions.none
  var weights: WeightFormat
  var threadCount: Int
  var sound: SoundOptions
  var common: CommonOptions
  /// The file of the music to continue, if there is any.
  var primerPath: String?
  /// The original piece, which stays unchanged before the new bars.
  var original: MIDIFile?
  /// How much later the original's music is in it than in what the model reads, in ticks of the original.
  var originalOffset = 0
  /// Makes what is filled in, where the pieces are not new.
  var job: FillJob.Maker?
  /// The title of the pieces in pictures and files.
  var title: String

  func run() throws {
    let targets = try checkedTargets()
    // A missing folder is reported now rather than after composing.
    let library = targets.contains { $0.form == .sound } ? try sound.instruments() : nil
    let model = try MusicModel(path: model)
    let constraints = try plan.constraints(model.tokenizer) + novelty.constraints(on: model, common: common)
    let composer = try Composer(model: model, format: weights)
    let job = try job?(composer, options.seed)
    if job != nil, !model.looksAhead {
      common.remark(
        "\(self.model): was not trained to fill in, and knows only what is before a gap; train with --infilling 0.5 for one that does"
      )
    }
    var reports: [CompositionReport] = []
    var outputs = outputs
    outputs.count = job?.pieceCount ?? outputs.count
    let pieces = Composer.seeds(from: options.seed, count: outputs.count).enumerated().map { index, seed in
      var options = options
      options.seed = seed
      options.constraints += constraints
      options.filling = job.map { $0.fillings[index % $0.fillings.count] }
      options.ending = job == nil ? plan.ending(model.tokenizer) : nil
      return options
    }
    for first in stride(from: 0, to: pieces.count, by: piecesAtOnce) {
      let part = first..<min(first + piecesAtOnce, pieces.count)
      // A new one for each part: rendering the previous part has installed its own signal handlers.
      let cancellation = Interruption.cancellation()
      let results = compose(Array(pieces[part]), job, composer, cancellation)
      // Complete pieces are written and reported even if others failed.
      do {
        for (index, result) in zip(part, results) {
          guard case .success(let piece) = result else { continue }
          try finish(
            try plan.playing(piece), job, number: index + 1, of: outputs.count, targets, library: library,
            reports: &reports)
        }
        for case .failure(let error) in results where error.kind != .interrupted { throw named(error) }
        guard reports.count == part.upperBound, !(cancellation.isRequested && reports.count < pieces.count)
        else { throw ComposingError.interrupted }
      } catch {
        if common.json, !reports.isEmpty { try tell(reports) }
        guard (error as? any DiagnosableError)?.kind == .interrupted else { throw error }
        throw interruption(after: reports.count { $0.files.count == targets.count })
      }
    }
    if common.json { try tell(reports) }
  }

  /// The message after Ctrl-C before the last piece; with the seed the others can be composed again.
  private func interruption(after count: Int) -> InterruptedError {
    InterruptedError(
      "interrupted; \(count) of \(Readable.plural(outputs.count, "piece")) written, seed \(options.seed)")
  }

  private func tell(_ reports: [CompositionReport]) throws {
    struct Reports: Encodable {
      var pieces: [CompositionReport]
    }
    if outputs.count == 1, reports.count == 1, !Typed.hasOption("--morph") {
      try Console.printJSON(reports[0])
    } else {
      try Console.printJSON(Reports(pieces: reports))
    }
  }

  /// An error about the primer with its file's name, other errors as they are.
  private func named(_ error: ComposingError) -> any Error {
    switch error {
    case .unusablePrimer, .primerTooLong: primerPath.map { UnusableFile(path: $0, cause: error) } ?? error
    default: error
    }
  }

  /// The number of pieces composed before the first of them is written.
  private var piecesAtOnce: Int { 32 * threadCount }

  private func compose(
    _ pieces: [CompositionOptions], _ job: FillJob?, _ composer: Composer, _ cancellation: Cancellation
  ) -> [Result<Composition, ComposingError>] {
    if let job, job.tries > 1 {
      return composer.compose(
        pieces, tries: job.tries, choice: job.choice, threadCount: threadCount, cancellation: cancellation,
        progress: common.progress)
    }
    // A single piece reports its progress in bars.
    if pieces.count == 1 {
      return [
        Result { () throws(ComposingError) in
          try composer.compose(pieces[0], cancellation: cancellation, progress: common.progress)
        }
      ]
    }
    return composer.compose(
      pieces, threadCount: threadCount, cancellation: cancellation, progress: common.progress)
  }

  /// What is written: the composition, or the original piece followed by the new bars.
  private struct Piece {
    let composition: Composition
    let score: Score
    let midi: MIDIFile?
    /// How many cells were filled in, and how many of them are not as they were.
    let cells: (written: Int, changed: Int)?

    init(_ composition: Composition, _ job: FillJob?, behind original: MIDIFile?, offset: Int) throws {
      self.composition = composition
      if let job {
        (score, midi) = try job.finished(composition)
        cells = job.cells(of: composition)
        return
      }
      cells = nil
      midi = try original?.continued(by: composition.score, from: composition.newMusicTick, offset: offset)
      score = try midi.map { midi throws(ScoreError) in try Score(midi: midi) } ?? composition.score
    }
  }

  /// Writes a piece and reports it, even if only some of its files could be written.
  private func finish(
    _ piece: Composition, _ job: FillJob?, number: Int, of count: Int, _ targets: [OutputFile],
    library: InstrumentLibrary?, reports: inout [CompositionReport]
  ) throws {
    let piece = try Piece(piece, job, behind: original, offset: originalOffset)
    var files: [OutputFile] = []
    do {
      for file in targets.map({ $0.numbered(number, of: count) }) {
        try write(piece, to: file, library: library)
        files.append(file)
      }
    } catch {
      if !files.isEmpty { reports.append(try tell(piece, in: files)) }
      throw error
    }
    reports.append(try tell(piece, in: files))
  }

  private func tell(_ piece: Piece, in files: [OutputFile]) throws -> CompositionReport {
    let composition = piece.composition
    let report = CompositionReport(
      files: files.map(\.path), seed: composition.seed, weights: weights,
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

  /// The files to write, checked so that none is refused after the work is done.
  private func checkedTargets() throws -> [OutputFile] {
    let targets = try outputs.output.map { try OutputFile($0) }
    guard Set(targets.map(\.plainPath)).count == targets.count else {
      throw UsageError("two -o options name the same file")
    }
    if !targets.contains(where: { $0.form == .sound }),
      let option = ["--bits", "--rate", "--gain", "--plain", "--from-start"].first(where: Typed.hasOption)
    {
      throw UsageError("\(option) applies to sound, but no -o names a sound file (.wav, .flac or .ogg)")
    }
    for target in targets {
      if target.form == .sound { try sound.check(target.path) }
      try target.checkFolder()
      if outputs.count > 1, target.isStandardOutput {
        throw UsageError("--count writes several files, but -o - is one stream; name a file")
      }
      if target.isStandardOutput, common.json {
        throw UsageError("--json and -o - both write to standard output; choose one")
      }
    }
    return targets
  }

  private func write(_ piece: Piece, to file: OutputFile, library: InstrumentLibrary?) throws {
    let score = piece.score
    switch file.form {
    case .midi:
      let bytes = try (piece.midi ?? MIDIFile(score: score)).encoded()
      if file.isStandardOutput {
        try Console.write(bytes)
      } else {
        try replaceFile(at: file.path, with: bytes)
      }
    case .picture: try replaceFile(at: file.path, with: PianoRoll().svg(of: score, title: title))
    case .sound:
      guard let library else { return }
      _ = try sound.write(score, library: library, to: file.path, progress: common.progress)
    }
  }
}
