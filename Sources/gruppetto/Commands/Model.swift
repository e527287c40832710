internal import ArgumentParser
internal import Composing
internal import Groundwork
internal import Recurrent

/// `gruppetto model`: what is in a model, and its network in other programs' formats.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Tell what is in a model, and exchange its network with other programs.",
    subcommands: [ModelInfoCommand.self, ModelReportCommand.self, ModelExport.self, ModelImportCommand.self])
}

/// `gruppetto model info`: architecture, vocabulary, history and provenance of a model.
struct ModelInfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Tell a model's architecture, parameters, vocabulary, history and provenance.",
    discussion: """
      Example:

        gruppetto model info model
      """)

  @Argument(help: "The folder of a model.")
  var model: String

  @OptionGroup var common: CommonOptions

  func run() throws {
    let info = try ModelInfo(path: model)
    try common.report(info) { Self.text(info) }
  }

  /// What is known of a model, for people.
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
      lines.append("  network: one that composes nothing\(parameters)")
    }
    if let weights = info.weights {
      let checksum = weights.checksum.map { ", checksum \($0) (verified)" } ?? ", without a checksum"
      lines.append(
        "  weights: safetensors, \(weights.type), \(Readable.count(weights.bytes)) bytes\(checksum)")
    } else {
      lines.append(
        info.history == nil && info.description.importedFrom == nil
          ? "  weights: none yet"
          : "  weights: missing, though there were some; without model.safetensors the model composes nothing"
      )
    }
    if let divergence = info.description.divergence {
      lines.append(
        "  training diverged at step \(Readable.count(divergence.step)): \(divergence.quantity) was no longer a number; "
          + "the weights are the best from before")
    }
    if let tokenizer = info.tokenizer, let size = info.network?.vocabularySize {
      lines.append("  vocabulary: \(size) tokens (\(tokenizer))")
    } else if info.weights != nil {
      lines.append("  vocabulary: missing; without vocabulary.json the model composes nothing")
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
          + "validation loss \(Readable.decimal(history.bestValidationLoss, 4)) nats a token at step \(Readable.count(history.bestStep))"
      )
      if info.isWorseThanUniform, let uniform = info.uniformLoss {
        lines.append(
          "  that is worse than the same probability for every token (\(Readable.decimal(uniform, 4)) nats): it has learned nothing"
        )
      }
    } else {
      lines.append(
        info.description.importedFrom == nil
          ? "  history: none yet"
          : "  history: none; train CORPUS -o \(info.model) --resume goes on from these weights")
    }
    return lines.map(Readable.line).joined(separator: "\n")
  }
}

/// `gruppetto model report`: a model's training as a picture book.
struct ModelReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Draw a model's training as one HTML page.",
    discussion: """
      Losses, learning rate and gradients, and what was seen inside the network: how far gradients reach back, how many gates
      are saturated, how far updates move the weights. Example:

        gruppetto model report model -o training.html
      """)

  @Argument(help: "The folder of a model.")
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
