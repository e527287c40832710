internal import ArgumentParser
internal import Composing
internal import Corpora
internal import Foundation
internal import Groundwork
internal import Training

/// `gruppetto train`: a model from music.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model on a corpus or on a folder of music.",
    discussion: """
      Ctrl-C stops and saves; --resume goes on as if it had never stopped. Example:

        gruppetto train ~/music -o model --minutes 10
        gruppetto train ~/music -o model --resume --report training.html
      """)

  @Argument(help: "A corpus, or folders and files of music, of which a corpus is made in the model's folder.")
  var music: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder of the model.", valueName: "folder"))
  var output: String

  @Flag(help: "Go on with a training that was stopped; needs no other option.")
  var resume = false

  @Flag(help: "Replace a model that is there.")
  var overwrite = false

  @Flag(help: "Say what the training will need (memory, steps, sizes of files), and train nothing.")
  var dryRun = false

  @Option(
    help: ArgumentHelp(
      "Draw the training as one HTML page, from its beginning on; a browser that shows it follows it.",
      valueName: "file"))
  var report: String?

  @OptionGroup(title: "The network and its training (instead of the preset's)") var settings: TrainingSettings
  @OptionGroup(title: "The corpus, where one is made") var corpusOptions: CorpusOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard !(resume && overwrite) else { throw ValidationError("Choose one of --resume and --overwrite.") }
    guard !output.isEmpty else { throw ValidationError("-o names the folder of the model, and is empty.") }
    guard !(dryRun && report != nil) else {
      throw ValidationError("A --dry-run trains nothing, so there is nothing for --report to draw.")
    }
    if let report, !report.lowercased().hasSuffix(".html") {
      throw ValidationError("\(report): the ending must be .html.")
    }
    guard corpusOptions.valid != 0 else {
      throw ValidationError("Training needs pieces for validation: --valid is a share above 0.")
    }
  }

  func run() throws {
    let folder = ModelFolder(path: output)
    let existing: MusicTraining.ExistingModel = resume ? .resume : overwrite ? .overwrite : .refuse
    let preset = try settings.resolved(for: folder, resuming: resume)
    try MusicTraining.requireRoom(in: folder, for: existing)
    // The model's own folder is made later.
    if let report, folderName(of: report) != folder.path { try OutputFile.checkFolder(of: report) }
    let cancellation = Interruption.cancellation()
    if dryRun { return try tellPlan(of: preset, cancellation: cancellation) }
    var (training, corpus) = try prepare(folder, preset, existing: existing, cancellation: cancellation)
    common.remark(beginning(of: training))
    let result = try train(&training, on: corpus, cancellation: cancellation)
    if result.stopped != .interrupted || common.json { try tell(result) }
    guard result.stopped != .interrupted else {
      throw InterruptedError(
        "stopped after \(Readable.plural(result.steps, "step")) and saved; go on with: "
          + "gruppetto train \(music.joined(separator: " ")) -o \(output) --resume")
    }
  }

  /// Makes the model's folder and its corpus. A model that is replaced stands until its music has been read; a new one is
  /// begun before, so that one that is killed while it reads knows what was asked of it.
  private func prepare(
    _ folder: ModelFolder, _ preset: ModelPreset, existing: MusicTraining.ExistingModel,
    cancellation: Cancellation
  ) throws -> (MusicTraining, Corpus) {
    let room = ModelRoom(folder: folder, music: music)
    let begin = {
      try MusicTraining(
        path: output, preset: settings.presetName, settings: preset, existing: existing,
        program: Gruppetto.signature)
    }
    let read = {
      let corpus = try self.corpus(in: room, cancellation: cancellation)
      try MusicTraining.requireMemory(
        for: preset, on: TrainingPieces(corpus: corpus), threadCount: threads.count)
      return corpus
    }
    let isNew = !room.exists
    do {
      if overwrite {
        let corpus = try read()
        return (try begin(), corpus)
      }
      return (try begin(), try read())
    } catch {
      if isNew { room.remove() }
      throw explained(error, isNew: isNew)
    }
  }

  /// An interruption with what has become of the model, other errors as they are.
  private func explained(_ error: any Error, isNew: Bool) -> any Error {
    guard (error as? any DiagnosableError)?.kind == .interrupted else { return error }
    return InterruptedError(
      "interrupted before the training began; " + (isNew ? "nothing is kept" : "\(output) is as it was"))
  }

  /// Trains, and keeps the report up to date while it does.
  private func train(
    _ training: inout MusicTraining, on corpus: Corpus, cancellation: Cancellation
  ) throws -> TrainingResult {
    let pieces = TrainingPieces(corpus: corpus, name: music.map(lastPart).joined(separator: " "))
    let clock = ContinuousClock()
    var lastReport = clock.now, hasLearned = !training.isResuming
    try writeReport(isUnderWay: true)
    let result: TrainingResult
    do {
      result = try training.run(
        on: pieces, threadCount: threads.count, cancellation: cancellation, progress: common.progress
      ) {
        hasLearned = true
        // Small networks are validated many times a second.
        guard clock.now - lastReport > .seconds(2) else { return }
        // What keeps it from being written is told at the end; the training goes on.
        try? writeReport(isUnderWay: true)
        lastReport = clock.now
      }
    } catch {
      // How a training came to diverge is what its picture shows.
      try? writeReport()
      throw error
    }
    try writeReport()
    if !hasLearned, result.stopped != .interrupted {
      common.remark(
        "\(output): its training had come to its end before; a longer one is a training of its own, with --overwrite or "
          + "into another folder")
    }
    return result
  }

  private func beginning(of training: MusicTraining) -> String {
    if training.isResuming { return "\(output): going on where training stopped" }
    let seed = "seed \(training.settings.training.seed)"
    if let weights = training.description.importedFrom {
      return "\(output): going on from the weights of \(weights), \(seed)"
    }
    return resume
      ? "\(output): there is no checkpoint to go on from; training from the beginning, \(seed)"
      : "\(output): training a new model, \(seed)"
  }

  /// The corpus that was given, or one made of the music in the model's folder; a model that is resumed keeps its own.
  private func corpus(in room: ModelRoom, cancellation: Cancellation) throws -> Corpus {
    if music.count == 1, Corpus.exists(at: music[0]) {
      guard !corpusOptions.areGiven else {
        throw UsageError(
          "\(music[0]): is a corpus already; leave the options away that say how one is made, or give the music itself"
        )
      }
      return try Corpus(path: music[0], cancellation: cancellation, progress: common.progress)
    }
    if let ready = music.first(where: { Corpus.exists(at: $0) }) {
      throw UsageError(
        "\(ready): is a corpus already, and is trained on alone; give the music that it is made of")
    }
    try requireMusicOfItsOwn(room)
    let request = try request(in: room)
    if resume, try room.keptRequest() ?? request == request,
      let kept = try room.keptCorpus(cancellation: cancellation, progress: common.progress)
    {
      return kept
    }
    if !overwrite { try room.keep(request) }
    let corpus = try request.builder(testShare: 0, threads: threads.count).build(
      from: music, to: room.folder.corpusPath, cancellation: cancellation, progress: common.progress)
    // A model that is replaced keeps its own until its corpus has gone.
    if overwrite { try room.keep(request) }
    let info = try corpus.info()
    common.remark(
      "\(music.joined(separator: " ")): \(Readable.plural(info.pieces, "piece")), \(Readable.count(info.tokens)) tokens, "
        + "\(Readable.decimal(info.hours, 1)) hours")
    for line in info.changes.map({ "  \($0)" }) + CorpusText.omissions(info, limit: 5) { common.remark(line) }
    return corpus
  }

  /// A training that is under way on a corpus goes on with that, not with one that would be made now.
  private func requireMusicOfItsOwn(_ room: ModelRoom) throws {
    guard resume, FileManager.default.fileExists(atPath: room.folder.training.checkpointPath),
      try room.keptRequest() == nil, let corpus = try ModelDescription(folder: room.folder).corpus
    else { return }
    throw ComposingError.corpusChanged(
      path: output, trainedOn: "\(corpus.name), \(corpus.fingerprint)", given: music.joined(separator: " "))
  }

  /// What is asked of the corpus. A training that is under way keeps what was asked when it was begun.
  private func request(in room: ModelRoom) throws -> CorpusRequest {
    let asked = corpusOptions.request
    guard resume, let kept = try room.keptRequest() else { return asked }
    guard corpusOptions.areGiven, asked != kept else { return kept }
    guard !FileManager.default.fileExists(atPath: room.folder.training.checkpointPath) else {
      throw UsageError(
        "\(output): a training that is resumed keeps its corpus; leave the options away that say how one is made"
      )
    }
    return asked
  }

  /// Reads the music as training would, into a folder that does not stay, and tells what training would need.
  private func tellPlan(of preset: ModelPreset, cancellation: Cancellation) throws {
    let scratch = FileManager.default.temporaryDirectory.appending(path: "gruppetto-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let model = ModelFolder(path: output)
    let kept = ModelRoom(folder: model, music: music)
    let keepsCorpus =
      try resume && Corpus.exists(at: model.corpusPath)
      && kept.keptRequest() ?? corpusOptions.request == request(in: kept)
    let room = keepsCorpus ? kept : ModelRoom(folder: ModelFolder(path: scratch.path), music: music)
    let corpus = try self.corpus(in: room, cancellation: cancellation)
    let plan = try MusicTraining.plan(preset, on: TrainingPieces(corpus: corpus), threadCount: threads.count)
    let verdict =
      plan.peakMemory > plan.machineMemory
      ? ": too little; choose fewer or smaller layers, or smaller batches" : ""
    try common.report(plan) {
      """
      \(output): \(Readable.count(plan.parameters)) parameters; an epoch has \(Readable.count(plan.tokensPerEpoch)) tokens in \
      \(Readable.plural(plan.stepsPerEpoch, "step"))
        memory: about \(Readable.bytes(plan.peakMemory)); this machine has \(Readable.bytes(plan.machineMemory))\(verdict)
        files: model \(Readable.bytes(plan.modelSize)), checkpoint \(Readable.bytes(plan.checkpointSize))
      """
    }
  }

  private func writeReport(isUnderWay: Bool = false) throws {
    if let report {
      try replaceFile(at: report, with: ModelReport(path: output, isUnderWay: isUnderWay).html)
    }
  }

  private func tell(_ result: TrainingResult) throws {
    struct Report: Encodable {
      var model: String
      var peakMemory: Int?
      var result: TrainingResult

      func encode(to encoder: any Encoder) throws {
        try result.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(model, forKey: .model)
        try container.encodeIfPresent(peakMemory, forKey: .peakMemory)
      }

      private enum Keys: String, CodingKey {
        case model, peakMemory
      }
    }
    try common.report(Report(model: output, peakMemory: try? ProcessMemory().peak, result: result)) {
      let loss =
        result.bestValidationLoss.map { ", validation loss \(Readable.decimal($0, 4)) nats a token at best" }
        ?? ""
      let early = result.stopped == .noImprovement ? ", stopped since it no longer improved" : ""
      return
        "\(output): \(Readable.plural(result.steps, "step")), \(Readable.count(result.tokens)) tokens in "
        + "\(Readable.clock(result.seconds)) (\(Readable.count(result.tokensPerSecond)) tokens/s)\(loss)\(early)"
    }
  }

  private func lastPart(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
