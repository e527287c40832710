internal import Groundwork
internal import Recurrent
internal import Tokenization
internal import Training

/// A model in words: the content of `card.md`.
struct ModelCard {
  /// What there is to know of the model.
  var info: ModelInfo

  /// Writes the card of the model in `folder`.
  static func write(in folder: ModelFolder, vocabulary: Vocabulary) throws(ComposingError) {
    let card = ModelCard(info: try ModelInfo(path: folder.path) { _ in vocabulary })
    do { try replaceFile(at: folder.cardPath, with: card.markdown) } catch { throw .file(error) }
  }

  /// The card as Markdown.
  var markdown: String {
    var lines = ["# \(name)", "", introduction, ""]
    for (heading, rows) in sections {
      lines += ["## \(heading)", "", "| | |", "| --- | --- |"] + rows.map { "| \($0) | \($1) |" } + [""]
    }
    lines += [
      "## Use", "",
    ]
    // A card is read by whoever is given the model, who has the program and no library: its commands are meant to be typed.
    if info.network != nil || info.description.settings != nil {
      lines.append("    gruppetto generate \(name) -o tune.mid --bars 16")
    }
    if info.description.settings != nil { lines.append("    gruppetto train CORPUS -o \(name) --resume") }
    lines += [
      "",
      "The weights are in `model.safetensors`, with the names and layouts of PyTorch's modules\(modules). What the model writes "
        + "resembles what it was trained on; check the rights in that music before publishing it.", "",
    ]
    return lines.joined(separator: "\n")
  }

  /// The facts about the model, under headings.
  var sections: [(heading: String, rows: [(name: String, value: String)])] {
    [
      ("Network", network), ("Training data", corpus),
      (isUntouched ? "Training, once it begins" : "Training", training),
    ].filter { !$0.1.isEmpty }
  }

  /// The last part of the folder's path.
  var name: String { ModelFolder(path: info.model).name }

  /// Whether the weights are as they were imported.
  private var isUntouched: Bool { info.description.importedFrom != nil && info.history == nil }

  /// The modules that take the weights by name, where PyTorch has them.
  private var modules: String {
    guard let network = info.network, let recurrent = network.pytorchRecurrent else { return "" }
    return ": `embedding = \(network.pytorchEmbedding)`, `rnn = \(recurrent)` and "
      + "`output = \(network.pytorchOutput)`"
  }

  private var introduction: String {
    if let file = info.description.importedFrom {
      let origin = "A model of music as a sequence of tokens, whose weights come from `\(file)`"
      guard info.history != nil, let corpus = info.description.corpus else {
        return "\(origin). The file does not tell how and on what they were trained."
      }
      return "\(origin) and were trained further by \(info.description.program) on "
        + "\(corpus.trainingPieces.grouped) pieces of `\(corpus.name)`."
    }
    guard info.description.settings != nil else {
      return "A model of music as a sequence of tokens, made by \(info.description.program)."
    }
    let data = info.description.corpus.map { " on \($0.trainingPieces.grouped) pieces of `\($0.name)`" } ?? ""
    return
      "A model of music as a sequence of tokens, trained by \(info.description.program)\(data) from the preset "
      + "`\(info.description.preset)`."
  }

  private var network: [(String, String)] {
    guard let shape = info.description.settings?.network ?? info.network?.shape else {
      return [
        ("Architecture", info.description.architecture?.rawValue ?? "unknown"),
        ("Parameters", info.parameters.map(\.grouped) ?? "unknown"),
      ]
    }
    return [
      ("Cell", shape.cell.rawValue.uppercased()),
      ("Layers", "\(shape.layerCount) of \(shape.hiddenSize)"),
      ("Embedding", "\(shape.embeddingSize)"),
      (
        "Dropout",
        "\(shape.dropout)" + (shape.weightDropout > 0 ? ", of recurrent weights \(shape.weightDropout)" : "")
      ),
      (
        "Vocabulary",
        info.network.map {
          "\($0.vocabularySize.grouped) tokens (\(info.tokenizer ?? ""))"
            + ($0.contextSizes.isEmpty
              ? "" : ", each told with \($0.contextSizes.count) features of its context")
        } ?? "unknown"
      ),
      ("Parameters", info.parameters.map(\.grouped) ?? "unknown"),
    ]
  }

  private var corpus: [(String, String)] {
    guard let corpus = info.description.corpus else { return [] }
    return [
      ("Corpus", corpus.name), ("Fingerprint", corpus.fingerprint),
      ("Training", "\(corpus.trainingPieces.grouped) pieces, \(corpus.trainingTokens.grouped) tokens"),
      ("Validation", "\(corpus.validationPieces.grouped) pieces, \(corpus.validationTokens.grouped) tokens"),
      (
        "Transposition",
        info.description.settings?.transposition.map { "\($0.lowest) to \($0.highest) semitones" } ?? "none"
      ),
    ]
  }

  private var training: [(String, String)] {
    guard let settings = info.description.settings?.training else { return [] }
    var rows = [
      ("Budget", settings.budget.description),
      ("Optimizer", optimizer(settings)),
      ("Schedule", schedule(settings.schedule)),
      ("Clipping", clipping(settings)),
      (
        "Batch",
        "\(settings.batchSize) streams of \(settings.truncationLength) steps"
          + (settings.accumulation > 1 ? ", \(settings.accumulation) batches per update" : "")
      ),
      ("Average of the weights", settings.averageDecay.map { "keeps \($0)" } ?? "none"),
      ("Seed", "\(settings.seed)"),
    ]
    if let history = info.history {
      rows += [
        ("Steps", history.steps.grouped), ("Tokens seen", history.tokens.grouped),
        ("Training time", "\((Int(exactly: history.seconds.rounded()) ?? 0).grouped) s"),
        ("Training loss", "\(rounded(history.trainingLoss)) nats per token"),
        (
          "Validation loss",
          "\(rounded(history.validationLoss)) nats per token"
            + (history.validationTokens.map { ", of \($0.grouped) tokens" } ?? "")
        ),
        (
          "Best validation loss",
          "\(rounded(history.bestValidationLoss)) nats per token, at step \(history.bestStep.grouped)"
            + (info.isWorseThanUniform
              ? "; worse than a uniform guess, \(rounded(info.uniformLoss ?? 0))" : "")
        ),
      ]
    }
    if let divergence = info.description.divergence {
      rows.append(
        ("Diverged", "at step \(divergence.step.grouped): \(divergence.quantity) was not a finite number"))
    }
    return rows
  }

  private func optimizer(_ settings: TrainingConfiguration) -> String {
    let optimizer = settings.optimizer
    return [
      optimizer.name.rawValue, "learning rate \(settings.learningRate)",
      optimizer.momentum.map { "momentum \($0)" },
      optimizer.weightDecay > 0 ? "weight decay \(optimizer.weightDecay)" : nil,
    ].compactMap { $0 }.joined(separator: ", ")
  }

  private func schedule(_ schedule: LearningRateSchedule) -> String {
    [
      schedule.shape.rawValue, schedule.factor.map { "factor \($0)" },
      schedule.interval.map { "every \($0) of the run" }, schedule.patience.map { "patience \($0)" },
      schedule.finalFactor > 0 ? "down to \(schedule.finalFactor)" : nil,
      schedule.warmUp > 0 ? "warm-up over \(schedule.warmUp) of the run" : nil,
    ].compactMap { $0 }.joined(separator: ", ")
  }

  private func clipping(_ settings: TrainingConfiguration) -> String {
    let limits = [
      settings.clipNorm.map { "norm \($0)" }, settings.clipValue.map { "each number \($0)" },
    ].compactMap { $0 }
    return limits.isEmpty ? "none" : limits.joined(separator: ", ")
  }

  private func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
}
