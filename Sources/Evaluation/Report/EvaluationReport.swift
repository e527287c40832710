internal import Corpora
internal import Drawing
internal import Groundwork

/// An evaluation as a page: one HTML file that needs nothing besides itself.
public struct EvaluationReport: Sendable {
  /// The page as an HTML document.
  public let html: String

  /// The page of an evaluation.
  public init(_ evaluation: ModelEvaluation) {
    var page = HTMLPage(title: "Evaluation of \(evaluation.model)")
    Self.introduce(evaluation, on: &page)
    Self.tellLikelihood(evaluation.likelihood, on: &page)
    if !evaluation.discriminators.isEmpty { Self.tellDiscriminators(evaluation, on: &page) }
    if !evaluation.features.isEmpty { Self.tellFeatures(evaluation.features, on: &page) }
    if let novelty = evaluation.novelty { Self.tellNovelty(novelty, on: &page) }
    if let examples = evaluation.examples {
      page.figure(
        SelfSimilarityPicture(pieces: [
          (name: "a human piece", score: examples.human),
          (name: "a composed piece", score: examples.composed),
        ]).svg(),
        caption:
          "The melody of two pieces of about the same length, bar against bar: the darker, the more notes of one bar are in the "
          + "other. Lines beside the diagonal are passages that return; their distance from it is after how many bars."
      )
    }
    html = page.document
  }

  private static func introduce(_ evaluation: ModelEvaluation, on page: inout HTMLPage) {
    let likelihood = evaluation.likelihood
    page.paragraph(
      "Measured on \(evaluation.humanSource): \(evaluation.humanPieces.grouped) pieces, \(likelihood.tokens.grouped) tokens, "
        + "\(likelihood.notes.grouped) notes."
        + (evaluation.composedSource.map { " Compared with \($0)." } ?? ""))
    if evaluation.duplicates > 0 {
      page.paragraph(
        "\(evaluation.duplicates.grouped) of the \(evaluation.composedPieces.grouped) composed pieces are the same as another."
      )
    }
    if evaluation.cutOff > 0 {
      page.paragraph(
        "\(evaluation.cutOff.grouped) of the \(evaluation.composedPieces.grouped) composed pieces ran into the limit of bars."
      )
    }
  }

  private static func tellLikelihood(_ likelihood: Likelihood, on page: inout HTMLPage) {
    page.heading("How surprising the model finds music")
    let bits = likelihood.bitsPerToken / max(likelihood.nllPerToken, 1e-12)
    page.table(
      heading: ["surprise per", "nats", "bits"],
      rows: [
        ("token", likelihood.nllPerToken), ("note", likelihood.nllPerNote), ("beat", likelihood.nllPerBeat),
        ("bar", likelihood.nllPerBar), ("second", likelihood.nllPerSecond),
        ("note without loudness, tempo, instrument", likelihood.nllPerNoteOfPitchAndTime),
      ].map { [$0.0, Figure.decimal($0.1, 3), Figure.decimal($0.1 * bits, 3)] })
    page.paragraph("By what the tokens are about:")
    page.table(
      heading: ["tokens of", "share", "nats a token", "entropy", "nats a note"],
      rows: likelihood.parts.map { part in
        [
          part.kind.rawValue, Figure.percent(Double(part.tokens) / Double(max(1, likelihood.tokens)), 1),
          Figure.decimal(part.nllPerToken, 3), Figure.decimal(part.entropyPerToken, 3),
          Figure.decimal(part.nllPerNote, 3),
        ]
      })
    let calibration = likelihood.calibration
    page.figure(
      LineChart(
        title: "Calibration", xTitle: "probability of the likeliest token", yTitle: "how often it came",
        yRange: 0...1,
        series: [
          .init("if it were exact", [(0, 0), (1, 1)], color: Color(0x9AA5B1)),
          .init(
            "the model",
            calibration.bins.compactMap { bin in
              guard let confidence = bin.confidence, let accuracy = bin.accuracy else { return nil }
              return (confidence, accuracy)
            }, color: Color(0x1F6FEB)),
        ]
      ).svg(),
      caption:
        "Expected calibration error \(Figure.percent(calibration.expectedError, 1)). Below the line the model is too sure. Its "
        + "entropy is \(Figure.decimal(likelihood.entropyPerToken, 3)) nats a token; if it were right about itself, that would "
        + "be its surprise.")
    page.table(
      heading: ["probability", "tokens", "mean", "came"],
      rows: calibration.bins.map { bin in
        [
          "from " + Figure.decimal(bin.lowerBound, 1), bin.count.grouped,
          bin.confidence.map { Figure.percent($0, 1) } ?? "",
          bin.accuracy.map { Figure.percent($0, 1) } ?? "",
        ]
      })
  }

  private static func tellDiscriminators(_ evaluation: ModelEvaluation, on page: inout HTMLPage) {
    page.heading("Whether its music can be told from human music")
    let rows = evaluation.discriminators.compactMap { result -> IntervalChart.Row? in
      guard let area = result.area else { return nil }
      return IntervalChart.Row(
        name: "\(result.length.name), \(result.kind.rawValue)", point: area.area,
        interval: area.lowerBound...area.upperBound, band: result.human.map { $0.lowest...$0.highest },
        words:
          "\(Figure.decimal(area.area, 3)), with 95 % confidence \(Figure.range(area.lowerBound, area.upperBound, 3))"
      )
    }
    page.figure(
      IntervalChart(
        title: "Area under the curve", axisTitle: "share of pairs that a discriminator puts in order",
        range: min(0.4, rows.compactMap(\.band?.lowerBound).min() ?? 0.4)...1, rows: rows
      ).svg(),
      caption:
        "Discriminators are trained on some pieces and judged on others. The bars in green are what they make of two halves of the "
        + "human pieces: 0.5 is chance. Blue lines are intervals of 95 %.")
    page.table(
      heading: ["excerpts, discriminator", "area", "95 %", "human halves", "composed", "human"],
      rows: evaluation.discriminators.map { result in
        [
          "\(result.length.name), \(result.kind.rawValue)",
          result.area.map { Figure.decimal($0.area, 3) } ?? "too few pieces",
          result.area.map { Figure.range($0.lowerBound, $0.upperBound, 3) } ?? "",
          result.human.map { Figure.decimal($0.mean) + " (" + Figure.range($0.lowest, $0.highest) + ")" }
            ?? "",
          result.composedExcerpts.grouped, result.humanExcerpts.grouped,
        ]
      })
    for result in evaluation.discriminators where !result.giveaways.isEmpty {
      page.paragraph("What gave it away, by excerpts of \(result.length.name), the strongest first:")
      page.table(
        heading: ["what is wrong", "composed", "human", "alone", "part"],
        rows: result.giveaways.map { giveaway in
          [
            giveaway.words, Figure.value(giveaway.composed, giveaway.feature.unit),
            Figure.value(giveaway.human, giveaway.feature.unit), Figure.decimal(giveaway.area),
            Figure.percent(giveaway.share),
          ]
        })
    }
  }

  private static func tellFeatures(_ features: [FeatureComparison], on page: inout HTMLPage) {
    page.heading("What it is like")
    let rows = features.compactMap { feature -> IntervalChart.Row? in
      guard let human = feature.human, let composed = feature.composed, feature.words != nil,
        human.deviation > 0
      else { return nil }
      let standard = { (value: Double) in (value - human.mean) / human.deviation }
      return IntervalChart.Row(
        name: feature.feature.name, point: standard(composed.mean), interval: nil,
        band: feature.meanBand.map { standard($0.low)...standard($0.high) },
        words: "\(Figure.value(composed.mean, feature.feature.unit)), human "
          + Figure.value(human.mean, feature.feature.unit))
    }.sorted { abs($0.point) > abs($1.point) }
    if !rows.isEmpty {
      page.figure(
        IntervalChart(
          title: "Descriptors outside the human band",
          axisTitle: "mean, in standard deviations of human pieces", range: -3...3,
          rows: Array(rows.prefix(40))
        ).svg(),
        caption:
          "The means over whole composed pieces as blue points, those of random parts of the human pieces as green bands. Points "
          + "beyond the axis are at its ends.")
    }
    page.table(
      heading: ["descriptor", "composed", "human", "overlap", "human halves", "KL"],
      rows: features.map { feature in
        [
          feature.feature.name, feature.composed.map { Figure.value($0.mean, feature.feature.unit) } ?? "",
          feature.human.map { Figure.value($0.mean, feature.feature.unit) } ?? "",
          feature.overlappingArea.map { Figure.decimal($0) } ?? "",
          feature.overlappingAreaBand.map { Figure.range($0.low, $0.high) } ?? "",
          feature.divergence.map { Figure.decimal($0) } ?? "",
        ]
      })
  }

  private static func tellNovelty(_ novelty: NoveltyComparison, on page: inout HTMLPage) {
    page.heading("What it has taken from others")
    page.paragraph(
      "The longest passage of each piece's tune that is also in \(novelty.source), in notes, in the same key (exact) or in any."
    )
    func cells(_ spread: NoveltyComparison.Spread?) -> [String] {
      spread.map { [Figure.decimal($0.median, 0), Figure.decimal($0.high, 0), $0.most.grouped] } ?? [
        "", "", "",
      ]
    }
    page.table(
      heading: ["passages", "median", "95 %", "most", "human median", "95 %", "most"],
      rows: novelty.passages.map { [$0.kind.rawValue] + cells($0.composed) + cells($0.human) })
    page.table(
      heading: ["the longest", "notes", "bars", "from bar", "as in", "from bar"],
      rows: novelty.passages.flatMap { passages in
        passages.longest.map { copy in
          [
            "\(copy.piece), \(passages.kind.rawValue)", copy.passage.noteCount.grouped,
            copy.passage.barCount.grouped, (copy.passage.bar + 1).grouped, copy.passage.source,
            (copy.passage.sourceBar + 1).grouped,
          ]
        }
      })
    let lengths = novelty.originality.lengths
    func curve(
      _ spread: KeyPath<OriginalityReport.Length, OriginalityReport.Spread?>
    ) -> [(x: Double, y: Double)] {
      lengths.compactMap { length in length[keyPath: spread].map { (Double(length.bars), $0.median) } }
    }
    page.figure(
      LineChart(
        title: "Originality of excerpts", xTitle: "bars", yTitle: "1 − similarity", xScale: .logarithmic,
        yRange: 0...1, xTicks: lengths.map { Double($0.bars) },
        series: [
          .init("composed", curve(\.pieces), color: Palette.kind(0)),
          .init("human", curve(\.human), color: Palette.kind(2)),
        ]
      ).svg(),
      caption:
        "The median originality of excerpts of the tune by their length: 1 less the highest similarity with any passage of the "
        + "training pieces, in any key (Yin et al. 2022). Well below the human pieces, the model copies.")
  }
}
