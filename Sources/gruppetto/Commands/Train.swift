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
  @OptionGroup var input: InputOptions
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
    let cancellation = Interruption.cancellation()
    var project = try TrainingProject(
      path: output, music: music, existing: resume ? .resume : overwrite ? .overwrite : .refuse,
      request: corpusOptions.request(input), threadCount: threads.count)
    let preset = try settings.resolved(for: project)
    // The model's own folder is made later.
    if let report, folderName(of: report) != project.folder.path { try OutputFile.checkFolder(of: report) }
    if dryRun { return try tellPlan(of: preset, in: &project, cancellation: cancellation) }
    try prepare(&project, preset, cancellation: cancellation)
    let result = try train(&project, cancellation: cancellation)
    if result.stopped != .interrupted || common.json { try tell(result) }
    guard result.stopped != .interrupted else {
      throw InterruptedError(
        "stopped after \(Readable.plural(result.steps, "step")) and saved; go on with: "
          + "gruppetto train \(music.joined(separator: " ")) -o \(output) --resume"
          + (project.workingFolder == project.folder
            ? "" : " (until it has been validated, the model before it stays)"))
    }
  }

  private func prepare(
    _ project: inout TrainingProject, _ preset: ModelPreset, cancellation: Cancellation
  ) throws {
    do {
      try project.prepare(
        preset: settings.presetName, settings: preset, program: Gruppetto.signature,
        cancellation: cancellation,
        progress: common.progress)
    } catch {
      guard (error as? any DiagnosableError)?.kind == .interrupted else { throw error }
      throw InterruptedError(
        "interrupted before the training began; "
          + (project.isNew ? "nothing is kept" : "\(output) is as it was"))
    }
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
        // What keeps it from being written is told at the end; the training goes on.
        try? writeReport(of: folder, isUnderWay: true)
        lastReport = clock.now
      }
    } catch {
      // How a training came to diverge is what its picture shows.
      try? writeReport(of: project.workingFolder)
      throw error
    }
    try writeReport(of: project.workingFolder)
    if !hasLearned, result.stopped != .interrupted {
      common.remark(
        "\(output): its training had come to its end before; a longer one is a training of its own, with --overwrite or "
          + "into another folder")
    }
    return result
  }

  private func beginning(of project: TrainingProject) -> String {
    let seed = project.seed.map { "seed \($0)" } ?? ""
    return switch project.beginning {
    case .checkpoint: "\(output): going on where training stopped"
    case .importedWeights(let file): "\(output): going on from the weights of \(file), \(seed)"
    case .anew, nil:
      resume
        ? "\(output): there is no checkpoint to go on from; training from the beginning, \(seed)"
        : "\(output): training a new model, \(seed)"
    }
  }

  /// Tells of a corpus that was built.
  private func remarkOnCorpus(of project: TrainingProject) {
    guard let info = project.built else { return }
    common.remark(
      "\(music.joined(separator: " ")): \(Readable.plural(info.pieces, "piece")), \(Readable.count(info.tokens)) tokens, "
        + "\(Readable.decimal(info.hours, 1)) hours")
    for line in CorpusText.changes(info) + CorpusText.omissions(info, limit: 5) { common.remark(line) }
  }

  private func tellPlan(
    of preset: ModelPreset, in project: inout TrainingProject, cancellation: Cancellation
  ) throws {
    let plan = try project.plan(preset, cancellation: cancellation, progress: common.progress)
    remarkOnCorpus(of: project)
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
        result.bestValidationLoss.map { ", validation loss \(Readable.decimal($0, 4)) nats a token at best" }
        ?? ""
      let early = result.stopped == .noImprovement ? ", stopped since it no longer improved" : ""
      return
        "\(output): \(Readable.plural(result.steps, "step")), \(Readable.count(result.tokens)) tokens in "
        + "\(Readable.clock(result.seconds)) (\(Readable.count(result.tokensPerSecond)) tokens/s)\(loss)\(early)"
    }
    if result.isWorseThanUniform, let uniform = result.uniformLoss {
      common.remark(
        "\(output): that is worse than the same probability for every token (\(Readable.decimal(uniform, 4)) nats): the model has "
          + "learned nothing yet; train it for longer, or with a lower --learning-rate")
    }
  }
}
