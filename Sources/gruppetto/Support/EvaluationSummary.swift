internal import Evaluation

/// An evaluation as `--json` prints it.
struct EvaluationSummary: Encodable {
  let evaluation: ModelEvaluation
  let seed: UInt64?

  private enum Keys: String, CodingKey {
    case model, music, composed, humanPieces, composedPieces, failures, cutOff, duplicates, seed,
      discriminators
    case metrics, novelty
  }

  /// A discriminator; `bars` is nil for whole pieces.
  private struct Discriminator: Encodable {
    var discriminator: DiscriminatorResult.Kind
    var bars: Int?
    var humanExcerpts: Int
    var composedExcerpts: Int
    var auc: Double?
    var aucInterval: [Double]?
    var humanAUC: DiscriminatorResult.HumanBand?
    var giveaways: [Giveaway]?

    init(_ result: DiscriminatorResult) {
      discriminator = result.kind
      if case .bars(let count) = result.length { bars = count }
      humanExcerpts = result.humanExcerpts
      composedExcerpts = result.composedExcerpts
      auc = result.area?.area
      aucInterval = result.area.map { [$0.lowerBound, $0.upperBound] }
      humanAUC = result.human
      giveaways = result.kind == .linear ? result.giveaways.map(Giveaway.init) : nil
    }

    struct Giveaway: Encodable {
      var descriptor: String
      var unit: String
      var words: String
      var composed: Double
      var human: Double
      var auc: Double
      var share: Double

      init(_ giveaway: Evaluation.Giveaway) {
        descriptor = giveaway.feature.name
        unit = giveaway.feature.unit
        words = giveaway.words
        composed = giveaway.composed
        human = giveaway.human
        auc = giveaway.area
        share = giveaway.share
      }
    }
  }

  /// A descriptor under its name.
  private struct Metric: Encodable {
    var unit: String
    var composed: Double?
    var human: Double?
    var humanBand: FeatureComparison.Band?
    var overlappingArea: Double?
    var humanOverlappingArea: FeatureComparison.Band?
    var klDivergence: Double?
    var humanKLDivergence: FeatureComparison.Band?
    var words: String?

    init(_ comparison: FeatureComparison) {
      unit = comparison.feature.unit
      composed = comparison.composed?.mean
      human = comparison.human?.mean
      humanBand = comparison.meanBand
      overlappingArea = comparison.overlappingArea
      humanOverlappingArea = comparison.overlappingAreaBand
      klDivergence = comparison.divergence
      humanKLDivergence = comparison.divergenceBand
      words = comparison.words
    }
  }

  func encode(to encoder: any Encoder) throws {
    try evaluation.likelihood.encode(to: encoder)
    var fields = encoder.container(keyedBy: Keys.self)
    try fields.encode(evaluation.model, forKey: .model)
    try fields.encode(evaluation.humanSource, forKey: .music)
    try fields.encodeIfPresent(evaluation.composedSource, forKey: .composed)
    try fields.encode(evaluation.humanPieces, forKey: .humanPieces)
    try fields.encode(evaluation.composedPieces, forKey: .composedPieces)
    try fields.encode(evaluation.failures, forKey: .failures)
    try fields.encode(evaluation.cutOff, forKey: .cutOff)
    try fields.encode(evaluation.duplicates, forKey: .duplicates)
    try fields.encodeIfPresent(seed, forKey: .seed)
    try fields.encode(evaluation.discriminators.map(Discriminator.init), forKey: .discriminators)
    try fields.encodeIfPresent(evaluation.novelty, forKey: .novelty)
    let metrics = evaluation.features.map { ($0.feature.name, Metric($0)) }
    try fields.encode(Dictionary(metrics) { first, _ in first }, forKey: .metrics)
  }
}
