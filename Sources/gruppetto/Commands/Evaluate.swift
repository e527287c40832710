public import ArgumentParser
internal import Composing
internal import Corpora
internal import Evaluation
internal import Groundwork

/// `gruppetto evaluate`: how good a model is, and how its music differs from music that people wrote.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a model, and compare its music with music that it has not seen.",
    discussion: """
      Without music it takes the test pieces of the model's own corpus, or those for
      validation where there are none. It measures how probable the model finds them
      (a beat is a quarter note), composes pieces, and trains discriminators to tell
      both apart. All figures stand beside those of human pieces among each other.

      Examples:

        gruppetto evaluate model
        gruppetto evaluate model --pieces 0 --json
        gruppetto evaluate model tunes --generated composed --report evaluation.html
      """)

  @Argument(help: "Folder of a trained model.")
  var model: String

  @Argument(help: "A corpus, or files and folders of music that the model has not seen.")
  var music: [String] = []

  @Option(help: ArgumentHelp("Which pieces of a corpus: train, valid or test.", valueName: "split"))
  var split: Split?

  @Option(
    help: ArgumentHelp(
      "Number of pieces to compose; 0 measures the likelihood alone (default: 150, or as many as there are human ones).",
      valueName: "n"))
  var pieces: Int?

  @Option(
    help: ArgumentHelp(
      "Folder of composed pieces to compare, instead of composing them.", valueName: "folder"))
  var generated: String?

  @Option(
    help: ArgumentHelp(
      "Discriminators: linear (on descriptors, says why), network (on tokens, takes a minute) or all.",
      valueName: "which"))
  var discriminators: Discriminators = .all

  @Option(help: ArgumentHelp("Write an HTML page with charts.", valueName: "file"))
  var report: String?

  @OptionGroup var sampling: SamplingOptions
  @OptionGroup var seed: SeedOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var presets: PresetsOption
  @OptionGroup(title: HelpPage.rarelyNeeded) var threads: ThreadOptions
  @OptionGroup(title: HelpPage.rarelyNeeded) var input: InputOptions
  @OptionGroup var common: CommonOptions

  enum Discriminators: String, ExpressibleByArgument, CaseIterable {
    case linear, network, all

    var kinds: Set<DiscriminatorResult.Kind> {
      switch self {
      case .linear: [.linear]
      case .network: [.network]
      case .all: [.linear, .network]
      }
    }
  }

  /// How many pieces are composed where the user does not say.
  static let standardPieceCount = 150

  func validate() throws {
    if let pieces, !(0...10_000).contains(pieces) {
      throw ValidationError("--pieces is a number from 0 to 10000, not \(pieces).")
    }
    guard pieces == nil || generated == nil else {
      throw ValidationError("--generated names pieces that exist; drop it, or --pieces.")
    }
    if let report, !report.lowercased().hasSuffix(".html") {
      throw ValidationError("\(report): the ending must be .html.")
    }
  }

  func run() throws {
    if let report { try OutputFile.checkFolder(of: report) }
    let sampling = try sampling.resolved(presets: presets.presets)
    let model = try MusicModel(path: model)
    let seed = seed.drawn()
    // One flag for all that follows: what was done until then is of no use by itself.
    let cancellation = Interruption.cancellation()
    let human = try heldOut(model, cancellation)
    let composed = try composed(model, human, sampling, seed: seed, cancellation)
    let evaluator = Evaluator(
      seed: seed, threadCount: threads.count, discriminators: discriminators.kinds)
    let evaluation = try evaluator.evaluate(
      model, on: human, composed: composed, cancellation: cancellation, progress: common.progress)
    if let report { try replaceFile(at: report, with: EvaluationReport(evaluation).html) }
    try common.report(EvaluationSummary(evaluation: evaluation, seed: composed == nil ? nil : seed)) {
      EvaluationText(evaluation: evaluation, seed: seed).text
    }
  }

  private func heldOut(_ model: MusicModel, _ cancellation: Cancellation) throws -> HeldOutMusic {
    let human: HeldOutMusic
    if music.isEmpty {
      human = try HeldOutMusic(
        of: model, split: split, cancellation: cancellation, progress: common.progress)
    } else if music.count == 1, Corpus.exists(at: music[0]) {
      human = try HeldOutMusic(
        corpus: music[0], of: model, split: split, cancellation: cancellation, progress: common.progress)
    } else {
      guard split == nil else {
        throw UsageError("--split chooses pieces of a corpus, and \(music[0]) is none; drop it")
      }
      human = try HeldOutMusic(
        files: music, of: model, sizeLimit: input.music, threadCount: threads.count,
        cancellation: cancellation, progress: common.progress)
    }
    if human.isOfAnotherCorpus {
      common.remark(
        "\(music.first ?? self.model): this is not the corpus that the model was trained on; make sure that it has not learned "
          + "from these pieces")
    }
    remark(onSkipped: human.skipped)
    if let fault = human.trainingCorpusFault {
      common.remark("novelty is left out: \(fault)")
    }
    return human
  }

  private func composed(
    _ model: MusicModel, _ human: HeldOutMusic, _ sampling: SamplingPreset, seed: UInt64,
    _ cancellation: Cancellation
  ) throws -> ComposedMusic? {
    if let generated {
      let read = try ComposedMusic(
        files: [generated], of: model, sizeLimit: input.music, threadCount: threads.count,
        cancellation: cancellation, progress: common.progress)
      remark(onSkipped: read.skipped)
      return read
    }
    let count = pieces ?? min(Self.standardPieceCount, human.pieces.count)
    guard count > 0 else { return nil }
    let composed = try ComposedMusic(
      by: model, count: count, sampling: sampling, seed: seed, threadCount: threads.count,
      cancellation: cancellation, progress: common.progress)
    if composed.failures > 0 {
      common.remark("\(Readable.plural(composed.failures, "piece")) of \(count) could not be composed")
    }
    return composed
  }

  private func remark(onSkipped skipped: [SkippedFile]) {
    for file in skipped.prefix(5) { common.remark("\(file.file) is left out: \(file.reason)") }
    if skipped.count > 5 { common.remark("and \(Readable.plural(skipped.count - 5, "more file"))") }
  }
}

/// Where presets are, for commands that need no sound.
struct PresetsOption: ParsableArguments {
  @Option(help: ArgumentHelp("Folder of presets (default: the one that ships).", valueName: "folder"))
  var presets: String?
}

extension Split: ExpressibleByArgument {}
