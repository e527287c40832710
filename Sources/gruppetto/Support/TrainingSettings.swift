public import ArgumentParser
internal import Composing
internal import Groundwork
internal import Recurrent
internal import Training

/// The network and its training: a preset, and what the user wants otherwise.
struct TrainingSettings: ParsableArguments {
  @Option(
    help: ArgumentHelp("A preset of presets/models: demo, small (the default), medium.", valueName: "name"))
  var preset: String?

  @OptionGroup var network: NetworkSettings

  @Option(help: ArgumentHelp("The highest learning rate.", valueName: "rate"))
  var learningRate: Double?

  @OptionGroup var optimizer: OptimizerSettings

  @Option(
    help: ArgumentHelp(
      "How the learning rate falls: constant, step, exponential, cosine or plateau.", valueName: "shape"))
  var schedule: LearningRateSchedule.Shape?

  @Option(
    help: ArgumentHelp(
      "Over which share of the training the rate first rises, such as 0.01.", valueName: "share"))
  var warmUp: Double?

  @Option(
    help: ArgumentHelp(
      "The part of the rate where cosine and exponential end, and below which step and plateau never fall.",
      valueName: "part"))
  var finalFactor: Double?

  @Option(help: ArgumentHelp("What step and plateau multiply the rate by (default: 0.5).", valueName: "part"))
  var fallFactor: Double?

  @Option(
    help: ArgumentHelp(
      "The share of the training from one fall of step to the next (default: 0.25).", valueName: "share"))
  var fallInterval: Double?

  @Option(
    help: ArgumentHelp(
      "How many validations without improvement the rate of plateau outlives (default: 2).", valueName: "n"))
  var fallPatience: Int?

  @Option(help: ArgumentHelp("The largest norm that a gradient keeps, or none.", valueName: "norm"))
  var clip: Limit?

  @Option(
    help: ArgumentHelp("The largest size that each number of a gradient keeps, or none.", valueName: "size"))
  var clipValue: Limit?

  @Option(help: ArgumentHelp("How many batches make one update, as if they were one.", valueName: "n"))
  var accumulate: Int?

  @Option(
    help: ArgumentHelp(
      "How much of the moving average of the weights an update keeps, such as 0.999; the average becomes the model. none keeps no average.",
      valueName: "part"))
  var average: Limit?

  @Option(help: ArgumentHelp("How many streams are trained side by side.", valueName: "n"))
  var batch: Int?

  @Option(help: ArgumentHelp("Over how many steps gradients flow back.", valueName: "n"))
  var truncation: Int?

  @Option(
    help: ArgumentHelp("Train for so many minutes; reading and validating are not counted.", valueName: "m"))
  var minutes: Double?

  @Option(help: ArgumentHelp("Train for so many passes over the music.", valueName: "n"))
  var epochs: Int?

  @Option(help: ArgumentHelp("Train for so many updates of the weights.", valueName: "n"))
  var steps: Int?

  @Option(
    help: ArgumentHelp(
      "Validate on whole pieces of about so many tokens, always the same and spread over all that are set aside; none takes all.",
      valueName: "n"))
  var validationTokens: CountLimit?

  @Option(help: ArgumentHelp("Stop after so many validations without improvement.", valueName: "n"))
  var patience: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Transpose pieces at random by semitones in a range such as -5...6; none keeps them.",
      valueName: "range"))
  var transpose: TranspositionRange?

  @Option(help: ArgumentHelp("The folder of presets (default: the one that ships).", valueName: "folder"))
  var presets: String?

  @Option(
    help: ArgumentHelp("Random seed (default: the preset's).", valueName: "n"),
    transform: SeedOptions.seed)
  var seed: UInt64?

  func validate() throws {
    guard [minutes != nil, epochs != nil, steps != nil].count(where: \.self) <= 1 else {
      throw ValidationError("Choose one of --minutes, --epochs and --steps.")
    }
  }

  /// The preset's name.
  var presetName: String { preset ?? "small" }

  /// The settings of `project`: those of the preset with the user's changes, unless it keeps its own.
  func resolved(for project: TrainingProject) throws -> ModelPreset {
    try project.settings(
      preset: preset,
      chosen: {
        try ModelPreset(named: presetName, folder: try Resources.presets(named: presets) + "/models")
      }, change: apply)
  }

  private func apply(to settings: inout ModelPreset) throws {
    network.apply(to: &settings.network)
    settings.training.learningRate = learningRate ?? settings.training.learningRate
    try optimizer.apply(to: &settings.training.optimizer)
    apply(to: &settings.training.schedule)
    if let clip { settings.training.clipNorm = clip.value }
    if let clipValue { settings.training.clipValue = clipValue.value }
    if let average { settings.training.averageDecay = average.value }
    settings.training.accumulation = accumulate ?? settings.training.accumulation
    settings.training.batchSize = batch ?? settings.training.batchSize
    settings.training.truncationLength = truncation ?? settings.training.truncationLength
    if let validationTokens { settings.training.validationTokens = validationTokens.value }
    settings.training.patience = patience ?? settings.training.patience
    settings.training.seed = seed ?? settings.training.seed
    if let minutes { settings.training.budget = .minutes(minutes) }
    if let epochs { settings.training.budget = .epochs(epochs) }
    if let steps { settings.training.budget = .steps(steps) }
    if let transpose { settings.transposition = transpose.range.map { ModelPreset.Transposition($0) } }
  }
}

extension TrainingSettings {
  /// Another schedule begins with what is customary for it, but keeps the warm-up.
  private func apply(to configuration: inout LearningRateSchedule) {
    if let schedule, schedule != configuration.shape {
      configuration = LearningRateSchedule(shape: schedule, warmUp: configuration.warmUp)
    }
    configuration.warmUp = warmUp ?? configuration.warmUp
    configuration.finalFactor = finalFactor ?? configuration.finalFactor
    configuration.factor = fallFactor ?? configuration.factor
    configuration.interval = fallInterval ?? configuration.interval
    configuration.patience = fallPatience ?? configuration.patience
  }
}

/// A number or `none` on the command line.
struct Limit: ExpressibleByArgument {
  var value: Double?

  init?(argument: String) {
    if argument == "none" { return }
    guard let value = Double(argument) else { return nil }
    self.value = value
  }
}

/// A count or `none` on the command line.
struct CountLimit: ExpressibleByArgument {
  var value: Int?

  init?(argument: String) {
    if argument == "none" { return }
    guard let value = Int(argument) else { return nil }
    self.value = value
  }
}

/// `-5...6` or `none` on the command line.
struct TranspositionRange: ExpressibleByArgument {
  var range: ClosedRange<Int>?

  init?(argument: String) {
    if argument == "none" { return }
    let ends = argument.split(separator: "...", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count == 2, let lowest = ends[0], let highest = ends[1], lowest <= highest else { return nil }
    range = lowest...highest
  }
}

extension LearningRateSchedule.Shape: ExpressibleByArgument {}
