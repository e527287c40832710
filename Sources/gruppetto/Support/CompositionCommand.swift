internal import Analysis
internal import Composing
internal import Corpora
internal import Evaluation
internal import Groundwork
internal import Notation
internal import Synthesis

/// Composes with a model and writes the pieces; what `generate` and `continue` have in common.
struct CompositionCommand {
  /// The model's folder.
  var model: String
  var outputs: CompositionOutputs
  /// The seed of the first piece.
  var seed: UInt64
  /// What is asked of the pieces.
  var request: (MusicModel) throws -> CompositionRequest
  /// The piece that is made again, if one is.
  var repeated: PieceToRepeat?
  /// The page to write that explains each note, if one is.
  var explanation: String?
  var threadCount: Int
  var sound: SoundOptions
  var common: CommonOptions

  func run() throws {
    let targets = try checkedTargets()
    // A missing folder is reported now rather than after composing.
    let library = targets.contains(where: \.hasSound) ? try sound.instruments(common) : nil
    let plain = try MusicModel(path: model)
    try SteeringOptions.check(plain)
    try checkRepetition(by: plain, library: library)
    var request = try request(plain)
    let model = try request.applied(to: plain)
    let composer = try Composer(model: model, format: request.settings.weights)
    let job = try job(of: &request, by: composer)
    var command = self
    command.outputs.count = job?.pieceCount ?? outputs.count
    try command.run(request, job, composer, plain: plain, targets, library)
  }

  /// Composes and writes what is asked for.
  private func run(
    _ request: CompositionRequest, _ job: FillJob?, _ composer: Composer, plain: MusicModel,
    _ targets: [OutputFile], _ library: LoadedSound?
  ) throws {
    let model = composer.model
    let held = try request.held(by: model.tokenizer)
    let writer = PieceWriter(
      original: request.primer.flatMap { $0.source.isKept ? $0 : nil }, job: job,
      record: record(of: request, by: plain),
      hasMetadata: outputs.metadata, sound: sound, library: library, threadCount: threadCount, common: common)
    let folders = try targets.filter { $0.form == .folder }.map {
      try BatchFolder($0, model: model, start: sound.performance.start, common: common)
    }
    let pieces = try options(of: request, held, job, by: model)
    var reports: [CompositionReport] = []
    do {
      try write(pieces, by: composer, request, held, writer, targets, folders, &reports)
      for folder in folders { try folder.writePage(writer.record) }
    } catch {
      if common.json, !reports.isEmpty { try tell(reports) }
      guard (error as? any DiagnosableError)?.kind == .interrupted else { throw error }
      for folder in folders { try folder.writePage(writer.record) }
      throw interruption(after: reports.count { $0.files.count == files(1, targets).count })
    }
    if common.json { try tell(reports) }
  }

  /// Composes and writes the pieces, some at a time.
  private func write(
    _ pieces: [CompositionOptions], by composer: Composer, _ request: CompositionRequest, _ held: HeldLimits,
    _ writer: PieceWriter, _ targets: [OutputFile], _ folders: [BatchFolder],
    _ reports: inout [CompositionReport]
  ) throws {
    for first in stride(from: 0, to: pieces.count, by: piecesAtOnce) {
      let part = first..<min(first + piecesAtOnce, pieces.count)
      // A new one for each part: rendering the previous part has installed its own signal handlers.
      let cancellation = Interruption.cancellation()
      let results = compose(Array(pieces[part]), writer.job, composer, cancellation)
      // Complete pieces are written and reported even if others failed.
      let jobs = try zip(part, results).compactMap { index, result -> PieceWriter.Job? in
        guard case .success(let piece) = result else { return nil }
        return PieceWriter.Job(
          piece: try writer.piece(try held.finished(piece), number: index), files: files(index + 1, targets))
      }
      try writer.write(jobs, cancellation: cancellation, reports: &reports) { job in
        for folder in folders { folder.add(job) }
      }
      for case .failure(let error) in results where error.kind != .interrupted {
        throw named(error, request)
      }
      guard reports.count == part.upperBound, !(cancellation.isRequested && reports.count < pieces.count)
      else { throw ComposingError.interrupted }
      if let explanation, let job = jobs.first {
        try explain(job.piece, by: pieces[0], composer, writer, request, at: explanation)
      }
    }
  }

  /// The files of the piece of a number, from 1.
  private func files(_ number: Int, _ targets: [OutputFile]) -> [OutputFile] {
    targets.flatMap { $0.files(number, of: outputs.count) }
  }

  /// The message after Ctrl-C before the last piece; with the seed the others can be composed again.
  private func interruption(after count: Int) -> InterruptedError {
    InterruptedError(
      "interrupted; \(count) of \(Readable.plural(outputs.count, "piece")) written, seed \(seed)")
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
  private func named(_ error: ComposingError, _ request: CompositionRequest) -> any Error {
    switch error {
    case .unusablePrimer, .primerTooLong:
      request.primer.map { UnusableFile(path: $0.source.path, cause: error) } ?? error
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

  /// What is filled in, where the pieces are not new; it is written down in the request.
  private func job(of request: inout CompositionRequest, by composer: Composer) throws -> FillJob? {
    guard let maker = request.job else { return nil }
    let seed = request.settings.change?.seed ?? seed
    var job = try maker(composer, seed)
    if !composer.model.looksAhead {
      common.remark(
        "\(model): was not trained to fill in, and knows only what is before a gap; train with --infilling 0.5 for one that does"
      )
    }
    if let repeated, let made = request.settings.change {
      guard made.files == job.files else {
        throw OtherSource(path: repeated.path, source: made.files.keys.sorted().joined(separator: " or "))
      }
      if let step = made.step, job.fillings.indices.contains(step) {
        job.fillings = [job.fillings[step]]
        job.step = step
      }
    }
    request.settings.change?.seed = seed
    request.settings.change?.files = job.files
    return job
  }
}

// MARK: - Why it is so

extension CompositionCommand {
  /// Writes the page that explains each note of a piece.
  private func explain(
    _ piece: WrittenPiece, by options: CompositionOptions, _ composer: Composer, _ writer: PieceWriter,
    _ request: CompositionRequest, at path: String
  ) throws {
    let cancellation = Interruption.cancellation()
    let index =
      try request.passages
      ?? trainingPassages(of: composer.model, remark: "where notes are copied from is not shown")
    let explanation = try PieceExplanation(
      of: piece.composition, by: options, with: composer, passages: index, cancellation: cancellation,
      progress: common.progress)
    let page = ExplanationPage(
      explanation, title: writer.record.title, facts: writer.facts(of: piece),
      metadata: writer.metadata(of: piece))
    try replaceFile(at: path, with: page.html)
    if !common.json {
      try common.report(path) { "\(path): why each of its notes is there" }
    }
  }

  /// The training pieces of a model; nil, with a remark, if they are not in its folder.
  private func trainingPassages(of model: MusicModel, remark: String) throws -> PassageIndex? {
    do {
      return try model.trainingPassages(cancellation: Interruption.cancellation(), progress: common.progress)
    } catch let error as ComposingError {
      guard case .noTrainingPieces = error else { throw error }
      common.remark("\(self.model): has no corpus in its folder, so \(remark)")
      return nil
    }
  }
}

// MARK: - What is made

extension CompositionCommand {
  /// What is asked of each piece.
  private func options(
    of request: CompositionRequest, _ held: HeldLimits, _ job: FillJob?, by model: MusicModel
  ) throws(ComposingError) -> [CompositionOptions] {
    let options = try request.settings.options(
      seed: seed, tokenizer: model.tokenizer, primer: request.primer?.prepared.score,
      passages: request.passages, held: held)
    return Composer.seeds(from: seed, count: outputs.count).enumerated().map { index, seed in
      var options = options
      options.seed = seed
      if let job {
        options.filling = job.fillings[index % job.fillings.count]
        options.constraints += job.constraints
        // What is filled in ends where the piece goes on.
        (options.search, options.ending) = (nil, nil)
      }
      return options
    }
  }

  /// The record of the first piece, as notes.
  private func record(of request: CompositionRequest, by model: MusicModel) -> CompositionRecord {
    let name = ModelFolder(path: self.model).name
    let primer = request.primer.flatMap { $0.source.isKept ? $0 : nil }
    // A piece that is made again keeps the names of what it was made of.
    return CompositionRecord(
      program: Gruppetto.signature,
      model: repeated?.record.model
        ?? CompositionRecord.Model(path: self.model, fingerprint: outputs.metadata ? model.fingerprint : ""),
      seed: seed,
      title: repeated?.record.title ?? primer.map { "\($0.title), continued by \(name)" }
        ?? request.title.map { "\($0) by \(name)" }
        ?? "A piece by \(name)",
      settings: request.settings)
  }

  /// Checks that a piece can be made again with these parts.
  private func checkRepetition(by model: MusicModel, library: LoadedSound?) throws {
    guard let repeated else { return }
    try repeated.record.require(
      CompositionRecord.Model(path: self.model, fingerprint: model.fingerprint), path: repeated.path)
    if let library, let made = repeated.record.sound?.instruments, made != library.fingerprint {
      throw CompositionRecordError.otherInstruments(
        path: repeated.path, made: made, given: library.fingerprint)
    }
    for difference in repeated.record.differences(program: Gruppetto.signature) {
      common.remark("\(repeated.path): \(difference); the piece may come out differently")
    }
  }

  /// The files to write, checked so that none is refused after the work is done.
  private func checkedTargets() throws -> [OutputFile] {
    let targets = try outputs.output.map { try OutputFile($0, pieces: outputs.count) }
    guard Set(targets.map(\.plainPath)).count == targets.count else {
      throw UsageError("two -o options name the same file")
    }
    if let explanation { try OutputFile.checkFolder(of: explanation) }
    if !targets.contains(where: \.hasSound),
      let option =
        (["--bits", "--rate", "--gain", "--plain", "--from-start", "--sound", "--interpolation"]
        + MixOptions.names).first(where: Typed.hasOption)
    {
      throw UsageError("\(option) applies to sound, but no -o names a sound file such as .wav or .ogg")
    }
    let sounds = targets.filter { $0.form == .sound }.map(\.path)
    for target in targets {
      if target.form == .sound { try sound.check(target.path, besides: sounds) }
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
}
