public import ArgumentParser
internal import Composing
internal import Foundation
internal import Groundwork
internal import Training

/// The network and its training: a preset, and what the user wants otherwise.
struct TrainingSettings: ParsableArguments {
  @Option(help: ArgumentHelp("A preset of presets/models: demo, small, medium.", valueName: "name"))
  var preset = "small"

  @Option(help: ArgumentHelp("How many layers are stacked.", valueName: "n"))
  var layers: Int?

  @Option(help: ArgumentHelp("How many values a layer's state has.", valueName: "n"))
  var hidden: Int?

  @Option(help: ArgumentHelp("How many values stand for a token.", valueName: "n"))
  var embedding: Int?

  @Option(help: ArgumentHelp("The probability with which a value is dropped in training.", valueName: "p"))
  var dropout: Double?

  @Option(help: ArgumentHelp("The highest learning rate.", valueName: "rate"))
  var learningRate: Double?

  @Option(help: ArgumentHelp("How the learning rate changes: cosine or constant.", valueName: "shape"))
  var schedule: LearningRateSchedule.Shape?

  @Option(help: ArgumentHelp("The largest norm that a gradient keeps.", valueName: "norm"))
  var clip: Double?

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

  @Option(help: ArgumentHelp("Where chance begins (default: the preset's seed).", valueName: "n"))
  var seed: UInt64?

  func validate() throws {
    guard [minutes != nil, epochs != nil, steps != nil].count(where: \.self) <= 1 else {
      throw ValidationError("Choose one of --minutes, --epochs and --steps.")
    }
  }

  /// The preset with the user's changes. A model that is resumed keeps the settings that it began with.
  /// - Throws: `UsageError` for a change to a training that is under way.
  func resolved(for folder: ModelFolder, resuming: Bool) throws -> ModelPreset {
    if resuming, FileManager.default.fileExists(atPath: folder.descriptionPath) {
      let kept = try ModelDescription(folder: folder).settings
      var wanted = kept
      apply(to: &wanted)
      guard wanted == kept else {
        throw UsageError(
          "\(folder.path): a training that is resumed keeps its settings; leave the other options away, or train anew with --overwrite"
        )
      }
      return kept
    }
    var settings = try ModelPreset(named: preset, folder: try Resources.presets(named: presets) + "/models")
    apply(to: &settings)
    try settings.validate()
    return settings
  }

  private func apply(to settings: inout ModelPreset) {
    settings.network.layerCount = layers ?? settings.network.layerCount
    settings.network.hiddenSize = hidden ?? settings.network.hiddenSize
    settings.network.embeddingSize = embedding ?? settings.network.embeddingSize
    settings.network.dropout = dropout ?? settings.network.dropout
    settings.training.learningRate = learningRate ?? settings.training.learningRate
    settings.training.schedule.shape = schedule ?? settings.training.schedule.shape
    settings.training.clipNorm = clip ?? settings.training.clipNorm
    settings.training.batchSize = batch ?? settings.training.batchSize
    settings.training.truncationLength = truncation ?? settings.training.truncationLength
    settings.training.patience = patience ?? settings.training.patience
    settings.training.seed = seed ?? settings.training.seed
    if let minutes { settings.training.budget = .minutes(minutes) }
    if let epochs { settings.training.budget = .epochs(epochs) }
    if let steps { settings.training.budget = .steps(steps) }
    if let transpose { settings.transposition = transpose.range.map { ModelPreset.Transposition($0) } }
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
