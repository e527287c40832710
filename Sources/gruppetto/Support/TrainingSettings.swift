public import ArgumentParser
internal import Composing
internal import Groundwork
internal import Recurrent
internal import Training

/// The preset of a training and the options that replace its settings.
struct TrainingSettings: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Preset of presets/models: demo, folk, piano, band, chorale, drums, small or medium (default: the one that suits the music).",
      valueName: "name")
  )
  var preset: String?

  @Option(
    help: ArgumentHelp(
      "Train for this many minutes, not counting reading and validation.", valueName: "m"))
  var minutes: Double?

  @Option(help: ArgumentHelp("Train for this many passes over the music.", valueName: "n"))
  var epochs: Int?

  @Option(help: ArgumentHelp("Train for this many updates of the weights.", valueName: "n"))
  var steps: Int?

  @Option(
    help: ArgumentHelp(
      "Random seed; the same seed gives the same model (default: the preset's).", valueName: "n"),
    transform: SeedOptions.seed)
  var seed: UInt64?

  @OptionGroup(title: "Network (default: as in the preset)") var network: NetworkSettings
  @OptionGroup(title: "Training (default: as in the preset)") var learning: LearningSettings
  @OptionGroup(title: HelpPage.rarelyNeeded) var optimizer: OptimizerSettings
  @OptionGroup(title: HelpPage.rarelyNeeded) var details: TrainingDetails

  func validate() throws {
    guard [minutes != nil, epochs != nil, steps != nil].count(where: \.self) <= 1 else {
      throw ValidationError("Choose one of --minutes, --epochs and --steps.")
    }
  }

  /// The settings of a project and the preset that they began from.
  struct Resolved {
    /// The settings to train with.
    var settings: ModelPreset
    /// The name of the preset.
    var presetName: String
    /// Why this preset, where nobody named one.
    var reason: String?
  }

  /// The settings of `project`: those of the preset with the user's changes, unless it keeps its own.
  func resolved(for project: TrainingProject) throws -> Resolved {
    var choice: PresetChoice?
    func name() throws -> String {
      if let preset { return preset }
      let made = try choice ?? PresetChoice(forMusic: project.music)
      choice = made
      return made.name
    }
    let settings = try project.settings(
      preset: preset,
      chosen: {
        try ModelPreset(named: try name(), folder: try Resources.presets(named: details.presets) + "/models")
      }, change: apply)
    return Resolved(settings: settings, presetName: preset ?? choice?.name ?? "none", reason: choice?.reason)
  }

  private func apply(to settings: inout ModelPreset) throws {
    network.apply(to: &settings.network)
    try learning.apply(to: &settings)
    try optimizer.apply(
      to: &settings.training.optimizer, optimizer: learning.optimizer, weightDecay: learning.weightDecay)
    details.apply(to: &settings.training)
    settings.training.seed = seed ?? settings.training.seed
    if let minutes { settings.training.budget = .minutes(minutes) }
    if let epochs { settings.training.budget = .epochs(epochs) }
    if let steps { settings.training.budget = .steps(steps) }
  }
}

/// How the weights are updated, and from which sequences.
struct LearningSettings: ParsableArguments {
  @Option(help: ArgumentHelp("The highest learning rate.", valueName: "rate"))
  var learningRate: Double?

  @Option(help: ArgumentHelp("The optimizer.", valueName: "name"))
  var optimizer: OptimizerConfiguration.Name?

  @Option(help: ArgumentHelp("Weight decay.", valueName: "rate"))
  var weightDecay: Double?

  @Option(help: ArgumentHelp("How the learning rate falls.", valueName: "shape"))
  var schedule: LearningRateSchedule.Shape?

  @Option(
    help: ArgumentHelp(
      "Part of the training over which the learning rate first rises, such as 0.01.", valueName: "part"))
  var warmUp: Double?

  @Option(help: ArgumentHelp("Batch size: sequences trained side by side.", valueName: "n"))
  var batch: Int?

  @Option(
    help: ArgumentHelp(
      "Truncation of backpropagation through time, in steps.", valueName: "n"))
  var truncation: Int?

  @Option(help: ArgumentHelp("Stop after this many validations without improvement.", valueName: "n"))
  var patience: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Transpose each piece at random by semitones in a range such as -5...6; none for no transposition.",
      valueName: "range"))
  var transpose: TranspositionRange?

  @Option(
    help: ArgumentHelp(
      "Share of the pieces that are learned with bars and parts to fill in, such as 0.4, so that the model can generate --fill and harmonize; 0 for none.",
      valueName: "share"))
  var infilling: Double?

  func apply(to settings: inout ModelPreset) throws {
    settings.training.learningRate = learningRate ?? settings.training.learningRate
    // Another schedule starts with its own default constants, but keeps the warm-up.
    if let schedule, schedule != settings.training.schedule.shape {
      settings.training.schedule = LearningRateSchedule(
        shape: schedule, warmUp: settings.training.schedule.warmUp)
    }
    settings.training.schedule.warmUp = warmUp ?? settings.training.schedule.warmUp
    settings.training.batchSize = batch ?? settings.training.batchSize
    settings.training.truncationLength = truncation ?? settings.training.truncationLength
    settings.training.patience = patience ?? settings.training.patience
    if let transpose { settings.transposition = transpose.range.map { ModelPreset.Transposition($0) } }
    if let infilling { settings.infilling = infilling == 0 ? nil : infilling }
  }
}

/// Settings of the training that rarely need a change.
struct TrainingDetails: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Final learning rate relative to the highest, for cosine and exponential; the lowest one for step and plateau.",
      valueName: "factor"))
  var finalFactor: Double?

  @Option(
    help: ArgumentHelp(
      "Factor by which step and plateau lower the learning rate (default: 0.5).", valueName: "factor"))
  var fallFactor: Double?

  @Option(
    help: ArgumentHelp(
      "Part of the training between two falls of step (default: 0.25).", valueName: "part"))
  var fallInterval: Double?

  @Option(
    help: ArgumentHelp(
      "Validations without improvement before plateau lowers the learning rate (default: 2).",
      valueName: "n"))
  var fallPatience: Int?

  @Option(help: ArgumentHelp("Clip the norm of the gradient to this, or none.", valueName: "norm"))
  var clip: Limit?

  @Option(help: ArgumentHelp("Clip each component of the gradient to this, or none.", valueName: "size"))
  var clipValue: Limit?

  @Option(
    help: ArgumentHelp("Gradient accumulation: batches for each update of the weights.", valueName: "n"))
  var accumulate: Int?

  @Option(
    help: ArgumentHelp(
      "Decay rate of a moving average of the weights, such as 0.999, which becomes the model; none for no average.",
      valueName: "rate"))
  var average: Limit?

  @Option(
    help: ArgumentHelp(
      "Size of the validation sample in tokens, a fixed choice of whole pieces; none for all pieces.",
      valueName: "n"))
  var validationTokens: CountLimit?

  @Option(
    help: ArgumentHelp(
      "Keep the latest weights whose validation loss is at most this share above the lowest, such as 0.03; none keeps those of the lowest.",
      valueName: "share"))
  var tolerance: Limit?

  @Option(help: ArgumentHelp("Folder of presets (default: the one that ships).", valueName: "folder"))
  var presets: String?

  func apply(to training: inout TrainingConfiguration) {
    training.schedule.finalFactor = finalFactor ?? training.schedule.finalFactor
    training.schedule.factor = fallFactor ?? training.schedule.factor
    training.schedule.interval = fallInterval ?? training.schedule.interval
    training.schedule.patience = fallPatience ?? training.schedule.patience
    if let clip { training.clipNorm = clip.value }
    if let clipValue { training.clipValue = clipValue.value }
    if let average { training.averageDecay = average.value }
    training.accumulation = accumulate ?? training.accumulation
    if let tolerance { training.tolerance = tolerance.value }
    if let validationTokens { training.validationTokens = validationTokens.value }
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
