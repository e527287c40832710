internal import ArgumentParser
internal import Composing
internal import Tokenization

/// The styles that a model composes in; shared by `generate` and `continue`.
struct StyleOptions: ParsableArguments {
  @Option(
    name: .customLong("style"), parsing: .singleValue,
    help: ArgumentHelp(
      "Style of `gruppetto style learn` to compose in, with :WEIGHT for a part of it or more; repeat it to mix styles.",
      valueName: "file[:weight]"))
  var styles: [String] = []

  func validate() throws {
    for text in styles {
      let (path, weight) = Self.parts(of: text)
      guard !path.isEmpty, Style.weights.contains(weight) else {
        throw ValidationError(
          "--style is a file, or a file and a weight from \(Int(Style.weights.lowerBound)) to "
            + "\(Int(Style.weights.upperBound)) such as waltz.style:0.3, not \(text).")
      }
    }
  }

  /// Takes the styles into a request.
  /// - Throws: `StyleError`, `FileError`.
  func record(in request: inout CompositionRequest) throws {
    for text in styles {
      let (path, weight) = Self.parts(of: text)
      try request.add(style: path, weight: weight)
    }
  }

  /// The path and the weight. What stands behind the last colon is a weight if it is a number.
  private static func parts(of text: String) -> (path: String, weight: Double) {
    guard let colon = text.lastIndex(of: ":"), let weight = Double(text[text.index(after: colon)...]) else {
      return (text, 1)
    }
    return (String(text[..<colon]), weight)
  }
}

/// What a piece is asked to be like, as far as the model has learned to be asked.
struct AskingOptions: ParsableArguments {
  @Option(
    name: .customLong("ask"), parsing: .singleValue,
    help: ArgumentHelp(
      "What the piece is to be like, if the model was trained with --attributes: style=NAME, density=NOTES-A-BAR, register=PITCH (60 is middle C); repeat it to ask for several.",
      valueName: "name=value"))
  var asked: [String] = []

  @Option(
    help: ArgumentHelp(
      "How strongly --ask is heard: 1 as the model learned it, 2 or 3 more clearly, at twice the work.",
      valueName: "scale"))
  var guidance = 1.0

  func validate() throws {
    let kinds = try asked.map { try Self.parts(of: $0).kind }
    guard Set(kinds).count == kinds.count else {
      throw ValidationError("--ask names \(kinds[0].rawValue) twice; a piece has one.")
    }
    guard MusicModel.guidanceScales.contains(guidance) else {
      throw ValidationError(
        "--guidance is a number from \(Int(MusicModel.guidanceScales.lowerBound)) to "
          + "\(Int(MusicModel.guidanceScales.upperBound)), not \(guidance).")
    }
    guard !asked.isEmpty || !Typed.hasOption("--guidance") else {
      throw ValidationError("--guidance is for what --ask asks for; give both, or drop --guidance.")
    }
  }

  /// Writes down what is asked for.
  func record(in settings: inout CompositionSettings) {
    // What cannot be read was refused by `validate`.
    let parts = asked.compactMap { try? Self.parts(of: $0) }
    guard !parts.isEmpty else { return }
    settings.asked = parts.map { CompositionSettings.AskedAttribute($0.kind, $0.value) }
    settings.guidance = guidance == 1 ? nil : guidance
  }

  private static func parts(of text: String) throws -> (kind: PieceAttribute.Kind, value: String) {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let kind = PieceAttribute.Kind(rawValue: parts[0]) else {
      throw ValidationError(
        "--ask is NAME=VALUE, such as density=6, with one of the names "
          + PieceAttribute.Kind.allCases.map(\.rawValue).joined(separator: ", ") + ", not \(text).")
    }
    return (kind, parts[1])
  }
}

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
    name: .customLong("bar-min-p"),
    help: ArgumentHelp(
      "The --min-p of what a part does in a bar: rest, play something new, repeat an earlier bar (default: as in the preset, or --min-p).",
      valueName: "p"))
  var barMinP: Double?

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
    sampling.barMinP = barMinP ?? sampling.barMinP
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
