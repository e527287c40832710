internal import Foundation
internal import Groundwork

/// Translates the settings and remedies that library errors name into options and commands.
enum OptionWords {
  /// The option of each setting that has one.
  private static let options = [
    "budget.minutes": "minutes", "budget.epochs": "epochs", "budget.steps": "steps",
    "optimizer.momentum": "momentum", "optimizer.weightDecay": "weight-decay", "optimizer.beta1": "beta1",
    "optimizer.beta2": "beta2", "optimizer.smoothing": "smoothing", "optimizer.epsilon": "epsilon",
    "learningRate": "learning-rate", "schedule.warmUp": "warm-up", "schedule.finalFactor": "final-factor",
    "schedule.factor": "fall-factor", "schedule.interval": "fall-interval",
    "schedule.patience": "fall-patience", "clipNorm": "clip", "clipValue": "clip-value",
    "batchSize": "batch", "truncationLength": "truncation", "accumulation": "accumulate",
    "averageDecay": "average", "patience": "patience", "validationTokens": "validation-tokens",
    "embeddingSize": "embedding", "hiddenSize": "hidden", "layerCount": "layers",
    "dropout": "dropout",
    "embeddingDropout": "embedding-dropout", "weightDropout": "weight-dropout",
    "transposition": "transpose", "infilling": "infilling", "vocabulary": "vocabulary",
    "temperature": "temperature", "top-k": "top-k", "top-p": "top-p", "min-p": "min-p", "topK": "top-k",
    "pitchTemperature": "pitch-temperature", "rhythmTemperature": "rhythm-temperature",
    "dynamicsTemperature": "dynamics-temperature", "repetitionTemperature": "repetition-temperature",
    "style": "ask style", "density": "ask density", "register": "ask register", "guidance": "guidance",
    "repetition": "repetition", "repetitionMinP": "repetition-min-p", "typical": "typical",
    "loops": "loop-penalty",
    "topP": "top-p", "minP": "min-p", "bars": "bars", "form": "form", "variation": "variation",
    "tempo": "tempo", "timeSignature": "time-signature", "search.tries": "search", "ending.tries": "endings",
    "ending.bars": "ending-bars", "sizeLimit": "size-limit",
    "avoidCopying": "avoid-copying",
  ]

  private static func option(_ setting: String) -> String { options[setting].map { "--" + $0 } ?? setting }

  /// The message of an error, with options for settings and commands for remedies.
  static func message(of error: any DiagnosableError) -> String {
    if let setting = error.setting, let option = options[setting.name] {
      let name = option == setting.name ? "" : " (\(setting.name))"
      return "--\(option)\(name) is \(setting.value); expected \(setting.expected)"
    }
    let remedies = words(error.remedies)
    guard !error.remedies.isEmpty else { return error.message }
    return remedies.isEmpty ? error.problem : "\(error.problem); \(remedies)"
  }

  private static func words(_ remedies: [Remedy]) -> String {
    let settings = remedies.compactMap(setting)
    let actions = remedies.compactMap(action)
    guard !settings.isEmpty else { return actions.joined(separator: ", or ") }
    let anew = remedies.contains(.overwrite) ? "--overwrite and " : ""
    return "train again with \(anew)\(settings.joined(separator: " or "))"
  }

  private static func setting(_ remedy: Remedy) -> String? {
    switch remedy {
    case .lower(let setting, let value): "a lower \(option(setting)) than \(value)"
    case .set(let setting, let value): "\(option(setting)) \(value)"
    default: nil
    }
  }

  private static func action(_ remedy: Remedy) -> String? {
    switch remedy {
    case .resume(let path): "continue its training with `gruppetto train … -o \(path) --resume`"
    case .overwrite: "replace it with --overwrite"
    case .chooseAnotherFolder: "choose another folder"
    case .train: "make one with `gruppetto train`"
    case .buildCorpus: "`gruppetto corpus build` makes one"
    case .chooseDevice: "name another device with --device"
    case .writeSoundFile: "write the sound to a file with `gruppetto render`"
    case .raise("sizeLimit"): InputOptions.areAccepted ? "--size-limit lets larger ones in" : nil
    case .raise(let setting): "raise \(option(setting))"
    case .lower, .set: nil
    }
  }
}

/// The command line as typed, for what the parsed options no longer show.
enum Typed {
  /// Whether the option of this name was given, whatever its value.
  static func hasOption(_ name: String) -> Bool {
    FileName.arguments.dropFirst().prefix { $0 != "--" }.contains { $0 == name || $0.hasPrefix(name + "=") }
  }

  /// The names of all long options that were given.
  static var options: [String] {
    FileName.arguments.dropFirst().prefix { $0 != "--" }.filter { $0.hasPrefix("--") }.map {
      String($0.prefix { $0 != "=" })
    }
  }
}
