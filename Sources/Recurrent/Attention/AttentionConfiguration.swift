/// How well a query and a row of memory fit, the score e of an attention: with a query h (the decoder's output at a step),
/// a row of memory m (the encoder's output at a step) and the weights α = softmax(e) over the rows of one source, what a
/// query gets is the context c = Σ α m.
public struct AttentionConfiguration: Codable, Sendable, Hashable {
  /// The formula of the score.
  public enum Score: String, Codable, Sendable, CaseIterable {
    /// e = h · m (Luong, Pham & Manning 2015); query and memory are of one size.
    case dot
    /// e = h · W m (Luong, Pham & Manning 2015).
    case general
    /// e = v · tanh(W h + U m) (Bahdanau, Cho & Bengio 2015).
    case additive
  }

  /// The formula of the score.
  public var score: Score
  /// Whether the scores `dot` and `general` are divided by the root of the length of the vectors that are multiplied
  /// (Vaswani et al. 2017).
  public var isScaled: Bool
  /// The length of v in the score `additive`.
  public var alignmentSize: Int

  /// An attention; `alignmentSize` at least 1.
  public init(score: Score = .general, isScaled: Bool = false, alignmentSize: Int = 128) {
    self.score = score
    self.isScaled = isScaled
    self.alignmentSize = alignmentSize
    if let fault { preconditionFailure(fault) }
  }

  /// What is invalid in it, or nil.
  var fault: String? {
    ArchitectureLimit.units.contains(alignmentSize)
      ? nil
      : "an alignment size of \(alignmentSize), outside 1 to \(ArchitectureLimit.units.upperBound)"
  }

  /// The names and shapes of the weights, for queries and rows of memory of these sizes.
  func parameterShapes(querySize: Int, memorySize: Int) -> [(name: String, shape: [Int])] {
    switch score {
    case .dot: []
    case .general: [("attention.key.weight", [querySize, memorySize])]
    case .additive:
      [
        ("attention.query.weight", [alignmentSize, querySize]),
        ("attention.key.weight", [alignmentSize, memorySize]),
        ("attention.energy.weight", [1, alignmentSize]),
      ]
    }
  }
}
