internal import ArgumentParser
internal import Composing
internal import Groundwork
internal import Recurrent

/// `gruppetto model`: what is in a model.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Tell what is in a model.", subcommands: [ModelInfoCommand.self])
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
    try common.report(info) { text(info) }
  }

  private func text(_ info: ModelInfo) -> String {
    var lines = ["\(info.model): preset \(info.description.preset), made by \(info.description.program)"]
    let shape = info.description.settings.network
    lines.append(
      "  network: \(shape.cell.rawValue.uppercased()), \(Readable.plural(shape.layerCount, "layer")) of \(shape.hiddenSize), "
        + "embedding \(shape.embeddingSize), dropout \(shape.dropout)"
        + (info.parameters.map { ", \(Readable.count($0)) parameters" } ?? ""))
    if let tokenizer = info.tokenizer, let size = info.network?.vocabularySize {
      lines.append("  vocabulary: \(size) tokens (\(tokenizer))")
    }
    if let corpus = info.description.corpus {
      lines.append(
        "  trained on \(corpus.name): \(Readable.plural(corpus.trainingPieces, "piece")), "
          + "\(Readable.count(corpus.trainingTokens)) tokens; fingerprint \(corpus.fingerprint)")
    }
    if let history = info.history {
      lines.append(
        "  history: \(Readable.plural(history.steps, "step")), \(Readable.count(history.tokens)) tokens in \(Readable.clock(history.seconds)); "
          + "validation loss \(Readable.decimal(history.bestValidationLoss, 4)) nats a token at step \(Readable.count(history.bestStep))"
      )
    } else {
      lines.append("  history: none yet")
    }
    return lines.joined(separator: "\n")
  }
}
