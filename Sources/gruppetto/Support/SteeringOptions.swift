internal import ArgumentParser
internal import Composing
internal import Tokenization

/// What of the music is to be bolder or plainer than the rest; part of `SamplingOptions`.
struct SteeringOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Temperature of the choice of pitches (default: --temperature).", valueName: "t"))
  var pitchTemperature: Double?

  @Option(
    help: ArgumentHelp(
      "Temperature of the choice of onsets and durations (default: --temperature).", valueName: "t"))
  var rhythmTemperature: Double?

  @Option(
    help: ArgumentHelp("Temperature of the choice of loudness (default: --temperature).", valueName: "t"))
  var dynamicsTemperature: Double?

  @Option(
    help: ArgumentHelp(
      "Temperature of the choice which earlier bar returns (default: --temperature).", valueName: "t"))
  var repetitionTemperature: Double?

  @Option(
    help: ArgumentHelp(
      "How much more likely a bar repeats an earlier one or its rhythm: 2 doubles the odds, 0.5 halves them.",
      valueName: "factor"))
  var repetition: Double?

  @Option(
    help: ArgumentHelp(
      "Choose among the most typical tokens that together have this probability, leaving out what is too unlikely and too likely.",
      valueName: "p"))
  var typical: Double?

  @Option(
    help: ArgumentHelp(
      "Nats that a loop loses each time it goes round more often than music does; 2 is much, 0 allows loops.",
      valueName: "nats"))
  var loopPenalty: Double?

  /// Puts what was given in the place of what a preset says.
  func change(_ sampling: inout SamplingPreset) {
    sampling.pitchTemperature = pitchTemperature ?? sampling.pitchTemperature
    sampling.rhythmTemperature = rhythmTemperature ?? sampling.rhythmTemperature
    sampling.dynamicsTemperature = dynamicsTemperature ?? sampling.dynamicsTemperature
    sampling.repetitionTemperature = repetitionTemperature ?? sampling.repetitionTemperature
    sampling.repetition = repetition ?? sampling.repetition
    sampling.typical = typical ?? sampling.typical
    if let loopPenalty { sampling.loops = loopPenalty == 0 ? nil : LoopPenalty(strength: loopPenalty) }
  }

  /// Refuses options that a model's tokens have nothing for.
  /// - Throws: `UsageError`.
  static func check(_ model: MusicModel) throws {
    let roles = model.tokenizer.vocabulary.roles
    let kinds = Set((0..<Int32(roles.count)).compactMap { SteeredKind(roles[$0]) })
    let options: [(String, SteeredKind, String)] = [
      ("--pitch-temperature", .pitch, "name no pitches"),
      ("--rhythm-temperature", .rhythm, "tell neither positions nor durations"),
      ("--dynamics-temperature", .dynamics, "tell no loudness, which is the same in all its training pieces"),
      ("--repetition-temperature", .repetition, "have none for the repetition of a bar"),
      ("--repetition", .repetition, "have none for the repetition of a bar"),
    ]
    for (option, kind, reason) in options where Typed.hasOption(option) && !kinds.contains(kind) {
      throw UsageError("\(option) has nothing to change: the tokens of this model \(reason); drop it")
    }
  }
}
