internal import Recurrent
internal import Training

/// A model in words: the content of `card.md`.
struct ModelCard {
  /// What there is to know of the model.
  var info: ModelInfo

  /// The card as Markdown.
  var markdown: String {
    var lines = ["# \(name)", "", introduction, ""]
    lines += section("Network", network)
    lines += section("Training data", corpus)
    lines += section("Training", training)
    lines += [
      "## Use", "",
      "    gruppetto generate \(name) -o tune.mid --bars 16",
      "    gruppetto train CORPUS -o \(name) --resume", "",
      "The weights are in `model.safetensors`, with the names and layouts of PyTorch's modules `embedding`, `rnn` "
        + "(`torch.nn.GRU`) and `output` (`torch.nn.Linear`). What the model writes resembles what it was trained on; "
        + "whoever publishes it should know the rights in that music.", "",
    ]
    return lines.joined(separator: "\n")
  }

  private var name: String {
    info.model.split(separator: "/").last.map(String.init) ?? "model"
  }

  private var introduction: String {
    let data = info.description.corpus.map { " on \($0.trainingPieces) pieces of `\($0.name)`" } ?? ""
    return
      "A model of music as a sequence of tokens, trained by \(info.description.program)\(data) from the preset "
      + "`\(info.description.preset)`."
  }

  private var network: [(String, String)] {
    let shape = info.description.settings.network
    return [
      ("Cell", shape.cell.rawValue.uppercased()),
      ("Layers", "\(shape.layerCount) of \(shape.hiddenSize)"),
      ("Embedding", "\(shape.embeddingSize)"),
      ("Dropout", "\(shape.dropout)"),
      (
        "Vocabulary",
        info.network.map { "\($0.vocabularySize) tokens (\(info.tokenizer ?? ""))" } ?? "unknown"
      ),
      ("Parameters", info.parameters.map(String.init) ?? "unknown"),
    ]
  }

  private var corpus: [(String, String)] {
    guard let corpus = info.description.corpus else { return [] }
    return [
      ("Corpus", corpus.name), ("Fingerprint", "`\(corpus.fingerprint)`"),
      ("Training", "\(corpus.trainingPieces) pieces, \(corpus.trainingTokens) tokens"),
      ("Validation", "\(corpus.validationPieces) pieces, \(corpus.validationTokens) tokens"),
      (
        "Transposition",
        info.description.settings.transposition.map { "\($0.lowest) to \($0.highest) semitones" } ?? "none"
      ),
    ]
  }

  private var training: [(String, String)] {
    let settings = info.description.settings.training
    var rows = [
      ("Budget", settings.budget.description),
      ("Optimiser", "\(settings.optimizer.name.rawValue), learning rate \(settings.learningRate)"),
      ("Schedule", settings.schedule.shape.rawValue),
      ("Batch", "\(settings.batchSize) streams of \(settings.truncationLength) steps"),
      ("Seed", "\(settings.seed)"),
    ]
    if let history = info.history {
      rows += [
        ("Steps", "\(history.steps)"), ("Tokens seen", "\(history.tokens)"),
        ("Training time", "\(Int(exactly: history.seconds.rounded()) ?? 0) s"),
        ("Training loss", "\(rounded(history.trainingLoss)) nats per token"),
        ("Validation loss", "\(rounded(history.validationLoss)) nats per token"),
        (
          "Best validation loss",
          "\(rounded(history.bestValidationLoss)) nats per token, at step \(history.bestStep)"
        ),
      ]
    }
    return rows
  }

  private func section(_ title: String, _ rows: [(String, String)]) -> [String] {
    guard !rows.isEmpty else { return [] }
    return ["## \(title)", "", "| | |", "| --- | --- |"] + rows.map { "| \($0) | \($1) |" } + [""]
  }

  private func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
}
