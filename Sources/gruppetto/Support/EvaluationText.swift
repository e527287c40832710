internal import Corpora
internal import Evaluation
internal import Foundation
internal import Groundwork

/// An evaluation as tables, everything beside what human pieces have among each other.
struct EvaluationText {
  let evaluation: ModelEvaluation
  let seed: UInt64?

  /// How many of the descriptors that lie outside the human band are listed.
  private static let featureLimit = 15

  var text: String {
    var parts = [heading, likelihood, kinds]
    if !evaluation.discriminators.isEmpty { parts.append(discriminators) }
    if let giveaways { parts.append(giveaways) }
    if !evaluation.features.isEmpty { parts.append(features) }
    if let novelty = evaluation.novelty { parts.append(Self.text(of: novelty)) }
    return parts.joined(separator: "\n\n")
  }

  private var heading: String {
    var lines = [
      "\(evaluation.model) on \(evaluation.humanSource): \(Readable.plural(evaluation.humanPieces, "piece")), "
        + "\(Readable.count(evaluation.likelihood.tokens)) tokens, \(Readable.count(evaluation.likelihood.notes)) notes"
    ]
    if let source = evaluation.composedSource {
      let seed = seed.map { ", seed \($0)" } ?? ""
      let cut =
        evaluation.cutOff > 0
        ? "; \(Readable.count(evaluation.cutOff)) of them ran into the limit of bars" : ""
      let same =
        evaluation.duplicates > 0
        ? "; \(Readable.count(evaluation.duplicates)) of them are the same as another" : ""
      lines.append("compared with \(source)\(seed)\(cut)\(same)")
    }
    return lines.map(Readable.line).joined(separator: "\n")
  }

  private var likelihood: String {
    let likelihood = evaluation.likelihood, bit = log(2.0)
    let rows = [
      ("token", likelihood.nllPerToken), ("note", likelihood.nllPerNote), ("beat", likelihood.nllPerBeat),
      ("bar", likelihood.nllPerBar), ("second", likelihood.nllPerSecond),
      ("note without loudness, tempo, instrument", likelihood.nllPerNoteOfPitchAndTime),
    ].map { [$0.0, Readable.decimal($0.1, 3), Readable.decimal($0.1 / bit, 3)] }
    let calibration = likelihood.calibration
    let sureness = calibration.confidence > calibration.accuracy ? "too sure" : "not sure enough"
    return Readable.table([["surprise per", "nats", "bits"]] + rows, rightAligned: [1, 2])
      + "\ncalibration error \(Self.percent(calibration.expectedError)) (\(sureness)): the likeliest token comes in "
      + "\(Self.percent(calibration.accuracy)), expected \(Self.percent(calibration.confidence)); entropy "
      + "\(Readable.decimal(likelihood.entropyPerToken, 3)) nats a token"
  }

  private var kinds: String {
    let likelihood = evaluation.likelihood
    let rows = likelihood.parts.map { part in
      [
        part.kind.rawValue, Self.percent(Double(part.tokens) / Double(max(1, likelihood.tokens))),
        Readable.decimal(part.nllPerToken, 3), Readable.decimal(part.entropyPerToken, 3),
        Readable.decimal(part.nllPerNote, 3),
      ]
    }
    return Readable.table(
      [["tokens of", "share", "nats a token", "entropy", "nats a note"]] + rows, rightAligned: [1, 2, 3, 4])
  }

  private var discriminators: String {
    let rows = evaluation.discriminators.map { result in
      [
        result.length.name, result.kind.rawValue,
        result.area.map { Readable.decimal($0.area, 3) } ?? "too few pieces",
        result.area.map { "\(Readable.decimal($0.lowerBound, 3))–\(Readable.decimal($0.upperBound, 3))" }
          ?? "",
        result.human.map {
          "\(Readable.decimal($0.mean, 2)) (\(Readable.decimal($0.lowest, 2))–\(Readable.decimal($0.highest, 2)))"
        } ?? "too few pieces",
        "\(result.composedExcerpts)/\(result.humanExcerpts)",
      ]
    }
    return "told from human music (area under the curve: 0.5 not at all, 1 always)\n"
      + Readable.table(
        [["excerpts", "discriminator", "area", "95 %", "human halves", "composed/human"]] + rows,
        rightAligned: [2, 3, 4, 5])
  }

  /// What gave excerpts of the middle length away, or those of the longest that were told apart.
  private var giveaways: String? {
    let results = evaluation.discriminators.filter { !$0.giveaways.isEmpty }
    guard let result = results.last(where: { $0.length != .whole }) ?? results.last else { return nil }
    let lines = result.giveaways.map { giveaway in
      "  \(giveaway.words): \(Self.value(giveaway.composed, giveaway.feature.unit)) "
        + "(human \(Self.value(giveaway.human, giveaway.feature.unit))); alone \(Readable.decimal(giveaway.area, 2))"
    }
    return (["what gave it away, by excerpts of \(result.length.name)"] + lines).joined(separator: "\n")
  }

  private var features: String {
    let outside = evaluation.features.filter { $0.words != nil }
    let strongest = outside.sorted { ($0.overlappingArea ?? 1) < ($1.overlappingArea ?? 1) }
    let rows = strongest.prefix(Self.featureLimit).map { feature in
      [
        feature.feature.name, feature.composed.map { Self.value($0.mean, feature.feature.unit) } ?? "",
        feature.human.map { Self.value($0.mean, feature.feature.unit) } ?? "",
        feature.overlappingArea.map { Readable.decimal($0, 2) } ?? "",
        feature.overlappingAreaBand.map {
          "\(Readable.decimal($0.low, 2))–\(Readable.decimal($0.high, 2))"
        } ?? "", feature.divergence.map { Readable.decimal($0, 2) } ?? "",
      ]
    }
    let count = evaluation.features.count
    let areas = evaluation.features.compactMap(\.overlappingArea)
    let bands = evaluation.features.compactMap(\.overlappingAreaBand).map { ($0.low + $0.high) / 2 }
    let means =
      areas.isEmpty || bands.isEmpty
      ? ""
      : "; mean overlapping area \(Readable.decimal(areas.reduce(0, +) / Double(areas.count), 2)) "
        + "(human \(Readable.decimal(bands.reduce(0, +) / Double(bands.count), 2)))"
    let heading =
      "of \(count) descriptors of whole pieces \(outside.count) lie outside the human band\(means)"
    guard !rows.isEmpty else { return heading }
    return heading + "\n"
      + Readable.table(
        [["descriptor", "composed", "human", "overlap", "human", "KL"]] + rows, rightAligned: [1, 2, 3, 4, 5])
      + (outside.count > rows.count ? "\n… --json has all of them" : "")
  }

  private static func text(of novelty: NoveltyComparison) -> String {
    func cells(_ spread: NoveltyComparison.Spread?) -> [String] {
      spread.map { [Readable.decimal($0.median, 0), Readable.decimal($0.high, 0), "\($0.most)"] }
        ?? ["", "", ""]
    }
    let rows = novelty.passages.flatMap { passages in
      [
        [passages.kind.rawValue, "composed"] + cells(passages.composed),
        ["", "human"] + cells(passages.human),
      ]
    }
    let copies = novelty.passages.compactMap { passages in
      passages.longest.first.map { copy in
        "the longest \(passages.kind.rawValue) one: \(Readable.plural(copy.passage.noteCount, "note")) in "
          + "\(Readable.plural(copy.passage.barCount, "bar")) of \(copy.piece), from bar \(copy.passage.bar + 1), as in "
          + "\(copy.passage.source), from bar \(copy.passage.sourceBar + 1)"
      }
    }
    let originality = novelty.originality.lengths.map { length in
      [
        Readable.plural(length.bars, "bar"), length.pieces.map { Readable.decimal($0.median, 2) } ?? "",
        length.human.map { Readable.decimal($0.median, 2) } ?? "",
        length.human.map { "\(Readable.decimal($0.lowest, 2))–\(Readable.decimal($0.highest, 2))" } ?? "",
      ]
    }
    return "longest passage of the tune that is also in \(novelty.source), in notes\n"
      + Readable.table(
        [["", "", "median", "95 %", "most"]] + rows, rightAligned: [2, 3, 4])
      + copies.map { "\n" + Readable.line($0) }.joined()
      + "\n\noriginality of excerpts of the tune (0 copied, 1 new)\n"
      + Readable.table(
        [["length", "composed", "human", "human 90 %"]] + originality, rightAligned: [1, 2, 3])
  }

  private static func percent(_ share: Double) -> String { Readable.decimal(100 * share, 1) + " %" }

  /// A value with its unit; shares in percent.
  private static func value(_ value: Double, _ unit: String) -> String {
    switch unit {
    case "share": return Readable.decimal(100 * value, 0) + " %"
    case "count": return Readable.decimal(value, 1)
    default: return "\(Readable.decimal(value, abs(value) < 10 ? 2 : 1)) \(unit)"
    }
  }
}
