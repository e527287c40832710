internal import ArgumentParser
internal import Composing
internal import Corpora
internal import Groundwork
internal import Training

/// `gruppetto train`: a model from music.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model on a corpus or on a folder of music.",
    discussion: """
      Ctrl-C stops and saves; --resume continues as if nothing had happened.

      Examples:

        gruppetto train ~/music -o model --minutes 10
        gruppetto train ~/music -o model --resume --report training.html
      """)

  @Argument(
    help: "A corpus, or folders and files of music; train builds a corpus of them in the model's folder.")
  var music: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("Folder of the model.", valueName: "folder"))
  var output: String

  @Flag(help: "Continue a training that was stopped; no other option is needed.")
  var resume = false

  @Flag(help: "Replace an existing model.")
  var overwrite = false

  @Flag(help: "Print what the training will need (memory, steps, file sizes) without training.")
  var dryRun = false

  @Option(
    help: ArgumentHelp(
      "Write an HTML page with charts of the training; it refreshes itself while the training runs.",
      valueName: "file"))
  var report: String?

  @OptionGroup var settings: TrainingSettings
  @OptionGroup(title: "Corpus (if train builds one)") var corpusOptions: CorpusOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var threads: ThreadOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var input: InputOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard !(resume && overwrite) else { throw ValidationError("Choose one of --resume and --overwrite.") }
    guard !output.isEmpty else { throw ValidationError("-o is empty; name the folder of the model.") }
    guard !(dryRun && report != nil) else {
      throw ValidationError("--dry-run trains nothing, so --report has nothing to draw; drop one of them.")
    }
    if let report, !report.lowercased().hasSuffix(".html") {
      throw ValidationError("\(report): the ending must be .html.")
    }
    guard corpusOptions.valid != 0 else {
      throw ValidationError("Training needs pieces for validation; --valid must be above 0.")
    }
  }

  func run() throws {
    let cancellation = Interruption.cancellation()
    var project = try TrainingProject(
      path: output, music: music, existing: resume ? .resume : overwrite ? .overwrite : .refuse,
      request: try corpusOptions.request(input), threadCount: threads.count)
    let resolved = try settings.resolved(for: project)
    // The model's own folder is created later.
    if let report, folderName(of: report) != project.folder.path { try OutputFile.checkFolder(of: report) }
    if dryRun { return try tellPlan(of: resolved, in: &project, cancellation: cancellation) }
    try prepare(&project, resolved, cancellation: cancellation)
    let result = try train(&project, cancellation: cancellation)
    if result.stopped != .interrupted { try learnCritic(project, after: result) }
    if result.stopped != .interrupted || common.json { try tell(result) }
    guard result.stopped != .interrupted else {
      throw InterruptedError(
        "stopped after \(Readable.plural(result.steps, "step")) and saved; continue with: "
          + "gruppetto train \(music.joined(separator: " ")) -o \(output) --resume"
          + (project.workingFolder == project.folder
            ? "" : " (the previous model stays until the new one is validated)"))
    }
  }

  private func prepare(
    _ project: inout TrainingProject, _ resolved: TrainingSettings.Resolved, cancellation: Cancellation
  ) throws {
    do {
      try project.prepare(
        preset: resolved.presetName, settings: resolved.settings, program: Gruppetto.signature,
        cancellation: cancellation,
        progress: common.progress)
    } catch {
      guard (error as? any DiagnosableError)?.kind == .interrupted else { throw error }
      throw InterruptedError(
        "interrupted before the training began; "
          + (project.isNew ? "nothing was saved" : "\(output) is unchanged"))
    }
    remark(on: resolved)
    remarkOnCorpus(of: project)
    common.remark(beginning(of: project))
  }

  /// Trains, and keeps the report up to date while it does.
  private func train(_ project: inout TrainingProject, cancellation: Cancellation) throws -> TrainingResult {
    let clock = ContinuousClock()
    var lastReport = clock.now, hasLearned = project.beginning != .checkpoint
    try writeReport(of: project.workingFolder, isUnderWay: true)
    let result: TrainingResult
    do {
      result = try project.run(cancellation: cancellation, progress: common.progress) { folder in
        hasLearned = true
        // Small networks are validated many times a second.
        guard clock.now - lastReport > .seconds(2) else { return }
        // An error in writing it is reported at the end; the training continues.
        try? writeReport(of: folder, isUnderWay: true)
        lastReport = clock.now
      }
    } catch {
      // The report shows how a training diverged.
      try? writeReport(of: project.workingFolder)
      throw error
    }
    try writeReport(of: project.workingFolder)
    if !hasLearned, result.stopped != .interrupted {
      common.remark(
        "\(output): this training had already ended; to train for longer, start again with --overwrite or "
          + "in another folder")
    }
    return result
  }

  /// Learns what tells the model's music from the collection's. The model is complete without it.
  private func learnCritic(_ project: TrainingProject, after result: TrainingResult) throws {
    // Ctrl-C before this has ended the training, and is another wish than Ctrl-C here.
    let cancellation = Interruption.cancellation()
    do {
      _ = try project.learnCritic(after: result, cancellation: cancellation, progress: common.progress)
    } catch ComposingError.interrupted {
      common.remark(
        "\(output): stopped before it was learned what tells its music from the collection's; the model is complete, and "
          + "composes without choosing among tries. --resume makes up for it")
    }
  }

  private func beginning(of project: TrainingProject) -> String {
    let seed = project.seed.map { "seed \($0)" } ?? ""
    return switch project.beginning {
    case .checkpoint: "\(output): continuing where the training stopped"
    case .importedWeights(let file): "\(output): training further from the weights of \(file), \(seed)"
    case .anew, nil:
      resume
        ? "\(output): no checkpoint to continue from; training from the beginning, \(seed)"
        : "\(output): training a new model, \(seed)"
    }
  }

  /// Says which preset was chosen, where nobody named one.
  private func remark(on resolved: TrainingSettings.Resolved) {
    guard let reason = resolved.reason else { return }
    common.remark("\(music.joined(separator: " ")): preset \(resolved.presetName), \(reason)")
  }

  /// Prints remarks on a corpus that was built.
  private func remarkOnCorpus(of project: TrainingProject) {
    guard let info = project.built else { return }
    common.remark(
      "\(music.joined(separator: " ")): \(Readable.plural(info.pieces, "piece")), \(Readable.count(info.tokens)) tokens, "
        + "\(Readable.decimal(info.hours, 1)) hours")
    for line in CorpusText.changes(info) + CorpusText.omissions(info, limit: 5) { common.remark(line) }
  }

  private func tellPlan(
    of resolved: TrainingSettings.Resolved, in project: inout TrainingProject, cancellation: Cancellation
  ) throws {
    let plan = try project.plan(resolved.settings, cancellation: cancellation, progress: common.progress)
    remark(on: resolved)
    remarkOnCorpus(of: project)
    let verdict =
      plan.peakMemory > plan.machineMemory
      ? ": not enough; choose fewer or smaller layers, or a smaller --batch" : ""
    try common.report(plan) {
      """
      \(output): \(Readable.count(plan.parameters)) parameters; an epoch has \(Readable.count(plan.tokensPerEpoch)) tokens in \
      \(Readable.plural(plan.stepsPerEpoch, "step"))
        memory: about \(Readable.bytes(plan.peakMemory)); this machine has \(Readable.bytes(plan.machineMemory))\(verdict)
        files: model \(Readable.bytes(plan.modelSize)), checkpoint \(Readable.bytes(plan.checkpointSize))
      """
    }
  }

  private func writeReport(of folder: ModelFolder, isUnderWay: Bool = false) throws {
    if let report {
      try replaceFile(at: report, with: ModelReport(path: folder.path, isUnderWay: isUnderWay).html)
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
        result.bestValidationLoss.map {
          ", best validation loss \(Readable.decimal($0, 4)) nats per token"
        }
        ?? ""
      let early = result.stopped == .noImprovement ? ", stopped because it no longer improved" : ""
      return
        "\(output): \(Readable.plural(result.steps, "step")), \(Readable.count(result.tokens)) tokens in "
        + "\(Readable.clock(result.seconds)) (\(Readable.count(result.tokensPerSecond)) tokens/s)\(loss)\(early)"
    }
    if result.isWorseThanUniform, let uniform = result.uniformLoss {
      common.remark(
        "\(output): this is worse than a uniform guess (\(Readable.decimal(uniform, 4)) nats per token): the model has "
          + "learned nothing yet; train it for longer, or with a lower --learning-rate")
    }
  }
}
