public import Music

/// What is done to a score before a model reads it: its beats and bars are put where they are played, and its key is stated.
///
/// Pieces of which this is true already come out unchanged.
public struct ScorePreparation: Sendable, Hashable {
  /// Whether beats and bar lines are sought; see `BeatAlignment`.
  public var aligns: Bool
  /// Whether every piece gets a key at its beginning; see `Score.statingKey()`.
  public var statesKey: Bool
  /// The bars to seek; nil for those that the score states.
  public var timeSignature: TimeSignature?

  /// Both, unless said otherwise.
  public init(aligns: Bool = true, statesKey: Bool = true, timeSignature: TimeSignature? = nil) {
    self.aligns = aligns
    self.statesKey = statesKey
    self.timeSignature = timeSignature
  }

  /// Prepares a score.
  public func prepare(_ score: Score) -> PreparedScore {
    var result = PreparedScore(score: score)
    if aligns {
      let alignment = BeatAlignment(of: score, timeSignature: timeSignature)
      result.alignment = alignment
      result.score = score.aligned(by: alignment)
    }
    if statesKey { (result.score, result.key) = result.score.statingKey() }
    return result
  }
}

/// A score that was prepared, and what was done to it.
public struct PreparedScore: Sendable, Hashable {
  /// The score to read.
  public var score: Score
  /// Where its beats were found; nil if they were not sought.
  public var alignment: BeatAlignment?
  /// What was done about its key; nil if nothing was to be done.
  public var key: KeyPreparation?

  /// Whether notes were moved.
  public var isMoved: Bool { alignment?.isNeeded ?? false }

  /// By how many ticks its end was moved, which is where new music begins: add this to a tick of the original after its last note.
  public var shiftAtEnd: Int { alignment.map { -$0.originalTick(0) } ?? 0 }
}
