public import ArgumentParser
internal import Composing
internal import Foundation
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
    help: ArgumentHelp("Where chance begins (default: the preset's seed).", valueName: "n"),
    transform: SeedOptions.seed)
  var seed: UInt64?

  func validate() throws {
    guard [minutes != nil, epochs != nil, steps != nil].count(where: \.self) <= 1 else {
      throw ValidationError("Choose one of --minutes, --epochs and --steps.")
    }
  }

  /// The preset's name.
  var presetName: String { preset ?? "small" }

  /// The preset with the user's changes. A model that is resumed keeps the settings that it began with; one of imported
  /// weights gets them when its training begins.
  /// - Throws: `UsageError` for a change to a training that is under way, or to an imported network.
  func resolved(for folder: ModelFolder, resuming: Bool) throws -> ModelPreset {
    var settings: ModelPreset
    if resuming, FileManager.default.fileExists(atPath: folder.descriptionPath) {
      let description = try ModelDescription(folder: folder)
      let isBegun = FileManager.default.fileExists(atPath: folder.training.checkpointPath)
      guard description.importedFrom != nil, !isBegun else { return try kept(description, folder: folder) }
      settings = try continued(description.trainingSettings(of: folder), folder: folder)
    } else {
      settings = try chosenPreset()
      try apply(to: &settings)
    }
    do {
      try settings.validate()
    } catch .cause(let error) {
      throw Self.inOptions(error)
    }
    return settings
  }

  private func chosenPreset() throws -> ModelPreset {
    try ModelPreset(named: presetName, folder: try Resources.presets(named: presets) + "/models")
  }

  /// The settings of a training that is under way, which the options may only repeat.
  private func kept(_ description: ModelDescription, folder: ModelFolder) throws -> ModelPreset {
    let settings = try description.trainingSettings(of: folder)
    var wanted = settings
    try apply(to: &wanted)
    guard wanted == settings, preset == nil || preset == description.preset else {
      throw UsageError(
        "\(folder.path): a training that is resumed keeps its settings; leave the other options away, or "
          + (description.importedFrom.map { "import \($0) again" } ?? "train anew with --overwrite"))
    }
    return wanted
  }

  /// The settings for going on from imported weights: those that were chosen for them, another preset's, the options'.
  private func continued(_ imported: ModelPreset, folder: ModelFolder) throws -> ModelPreset {
    var settings = imported
    if preset != nil {
      settings = try chosenPreset()
      let chosen = settings.network
      settings.network = imported.network
      settings.network.takeDropout(of: chosen)
    }
    try apply(to: &settings)
    guard settings.network.hasWeights(of: imported.network) else {
      throw UsageError(
        "\(folder.path): imported weights keep their network; leave --cell, --layers, --hidden, --embedding, --residual, "
          + "--layer-norm and --tied-embedding away")
    }
    return settings
  }

  /// The error with the option's name beside the setting's, where an option sets it.
  private static func inOptions(_ error: any DiagnosableError) -> any DiagnosableError {
    guard case TrainingError.invalidSetting(let name, let value, let expected)? = error as? TrainingError,
      let option = options[name]
    else { return error }
    return UsageError("--\(option) (\(name)) is \(value); expected \(expected)")
  }

  private static let options = [
    "budget.minutes": "minutes", "budget.epochs": "epochs", "budget.steps": "steps",
    "optimizer.momentum": "momentum", "optimizer.weightDecay": "weight-decay", "optimizer.beta1": "beta1",
    "optimizer.beta2": "beta2", "optimizer.smoothing": "smoothing", "optimizer.epsilon": "epsilon",
    "learningRate": "learning-rate", "schedule.warmUp": "warm-up", "schedule.finalFactor": "final-factor",
    "schedule.factor": "fall-factor", "schedule.interval": "fall-interval",
    "schedule.patience": "fall-patience", "clipNorm": "clip", "clipValue": "clip-value",
    "batchSize": "batch", "truncationLength": "truncation", "accumulation": "accumulate",
    "averageDecay": "average", "patience": "patience", "validationTokens": "validation-tokens",
  ]

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
