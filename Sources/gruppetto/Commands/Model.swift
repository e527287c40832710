internal import ArgumentParser
internal import Composing
internal import Groundwork
internal import Recurrent

/// `gruppetto model`: shows models, and exchanges them with other programs.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Show, export and import models.",
    subcommands: [ModelInfoCommand.self, ModelReportCommand.self, ModelExport.self, ModelImportCommand.self])
}

/// `gruppetto model info`: architecture, vocabulary, history and provenance of a model.
struct ModelInfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show the architecture, parameters, vocabulary and training history of a model.",
    discussion: """
      Example:

        gruppetto model info model
      """)

  @Argument(help: "Folder of a model.")
  var model: String

  @OptionGroup var common: CommonOptions

  func run() throws {
    let info = try ModelInfo(path: model)
    // A model that cannot be run yet has none.
    let fingerprint = try? MusicModel(path: model).fingerprint
    try common.report(Report(info: info, fingerprint: fingerprint)) {
      Self.text(info)
        + (fingerprint.map { "\n  fingerprint: \($0), as the files tell that it composes" } ?? "")
    }
  }

  /// The facts about a model, with its fingerprint beside them.
  private struct Report: Encodable {
    var info: ModelInfo
    var fingerprint: String?

    private enum CodingKeys: String, CodingKey {
      case fingerprint
    }

    func encode(to encoder: any Encoder) throws {
      try info.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encodeIfPresent(fingerprint, forKey: .fingerprint)
    }
  }

  /// The facts about a model as text.
  static func text(_ info: ModelInfo) -> String {
    let origin =
      info.description.importedFrom.map { "imported from \($0)" }
      ?? info.description.architecture?.rawValue ?? "preset \(info.description.preset)"
    var lines = ["\(info.model): \(origin), made by \(info.description.program)"]
    let parameters = info.parameters.map { ", \(Readable.count($0)) parameters" } ?? ""
    if let shape = info.description.settings?.network ?? info.network?.shape {
      lines.append(
        "  network: \(shape.cell.rawValue.uppercased()), \(Readable.plural(shape.layerCount, "layer")) of \(shape.hiddenSize), "
          + "embedding \(shape.embeddingSize), dropout \(shape.dropout)\(parameters)")
    } else {
      lines.append("  network: not one that composes music\(parameters)")
    }
    if let weights = info.weights {
      let checksum = weights.checksum.map { ", checksum \($0) (verified)" } ?? ", without a checksum"
      lines.append(
        "  weights: safetensors, \(weights.type), \(Readable.count(weights.bytes)) bytes\(checksum)")
    } else {
      lines.append(
        info.history == nil && info.description.importedFrom == nil
          ? "  weights: none yet"
          : "  weights: model.safetensors is missing; without it the model cannot compose"
      )
    }
    if let divergence = info.description.divergence {
      lines.append(
        "  training diverged at step \(Readable.count(divergence.step)): \(divergence.quantity) was not a finite number; "
          + (info.weights == nil
            ? "train again with a lower learning rate" : "the weights are the best from before"))
    }
    if let tokenizer = info.tokenizer, let size = info.network?.vocabularySize {
      lines.append("  vocabulary: \(size) tokens (\(tokenizer))")
    } else if info.weights != nil {
      lines.append("  vocabulary: vocabulary.json is missing; without it the model cannot compose")
    }
    if let corpus = info.description.corpus {
      lines.append(
        "  trained on \(corpus.name): \(Readable.plural(corpus.trainingPieces, "piece")), "
          + "\(Readable.count(corpus.trainingTokens)) tokens; fingerprint \(corpus.fingerprint)")
    }
    if let history = info.history {
      lines.append(
        "  history: \(Readable.plural(history.validations, "validation")), the last after \(Readable.plural(history.steps, "step")), "
          + "\(Readable.count(history.tokens)) tokens and \(Readable.clock(history.seconds)); "
          + "validation loss \(Readable.decimal(history.bestValidationLoss, 4)) nats per token at step \(Readable.count(history.bestStep))"
      )
      if info.isWorseThanUniform, let uniform = info.uniformLoss {
        lines.append(
          "  this is worse than a uniform guess (\(Readable.decimal(uniform, 4)) nats per token): the model has learned nothing yet"
        )
      }
    } else {
      lines.append(
        info.description.importedFrom == nil
          ? "  history: none yet"
          : "  history: none; train CORPUS -o \(info.model) --resume trains these weights further")
    }
    return lines.map(Readable.line).joined(separator: "\n")
  }
}

/// `gruppetto model report`: charts of a model's training.
struct ModelReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write an HTML page with charts of a model's training.",
    discussion: """
      It shows the losses, the learning rate and the gradients, how far gradients
      reach back in time, how many gates are saturated, and the size of the updates.

      Example:

        gruppetto model report model -o training.html
      """)

  @Argument(help: "Folder of a model.")
  var model: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The .html file to write.", valueName: "file"))
  var output: String

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard output.lowercased().hasSuffix(".html") else {
      throw ValidationError("\(output): the ending must be .html.")
    }
  }

  func run() throws {
    try OutputFile.checkFolder(of: output)
    try replaceFile(at: output, with: ModelReport(path: model).html)
    let validations = try ModelInfo(path: model).history?.validations ?? 0
    struct Report: Encodable {
      var file: String
      var validations: Int
    }
    try common.report(Report(file: output, validations: validations)) {
      "\(output): \(Readable.plural(validations, "validation")) of \(model)"
    }
  }
}
