public import Groundwork

/// Why a piece cannot be filled in, varied, accompanied or led to another one.
public enum FillError: DiagnosableError {
  /// The model writes note by note, and knows no bars of parts.
  case noCells(model: String, tokenizer: String)
  /// The music cannot be read by the model's tokenizer.
  case unusable(reason: String)
  /// Bars that the piece does not have, as they are counted from 1.
  case noSuchBars(ClosedRange<Int>, barCount: Int)
  /// A part that the piece does not have.
  case noSuchPart(String, available: [String])
  /// Tracks that the model reads as one part, of which only some are to change.
  case sharedPart(chosen: String, other: String)
  /// Nothing is left to be written.
  case nothingToWrite
  /// The model cannot write such a part.
  case noSuchRole(String, available: [String])
  /// A share that is not one.
  case invalidShare(Double)
  /// Two pieces whose bars differ in time signature.
  case differentMetres(bar: Int, first: String, second: String)
  /// A number of steps that is too small or too large.
  case invalidStepCount(Int, allowed: ClosedRange<Int>)

  /// Whether the request is at fault or the music.
  public var kind: FailureKind {
    switch self {
    case .noCells, .unusable, .differentMetres: .badInput
    case .noSuchBars, .noSuchPart, .sharedPart, .nothingToWrite, .noSuchRole, .invalidShare,
      .invalidStepCount:
      .usage
    }
  }

  /// What was wrong, where, and what to do.
  public var message: String {
    switch self {
    case .noCells(let model, let tokenizer):
      "\(model): its tokens (\(tokenizer)) go from note to note, so that no bar can be written between others; "
        + "train a model with the tokenizer cells"
    case .unusable(let reason): "the music cannot be read by the model: \(reason)"
    case .noSuchBars(let bars, let barCount):
      bars.count == 1
        ? "there is no bar \(bars.lowerBound); the piece has bars 1 to \(barCount)"
        : "there are no bars \(bars.lowerBound) to \(bars.upperBound); the piece has bars 1 to \(barCount)"
    case .noSuchPart(let name, let available):
      "there is no part '\(name)'; the piece has \(available.joined(separator: ", "))"
    case .sharedPart(let chosen, let other):
      "the model reads \(chosen) and \(other) as one part; choose both of them"
    case .nothingToWrite: "no bar of the parts that were chosen is left to be written"
    case .noSuchRole(let name, let available):
      "the model cannot write the part '\(name)'; it can write \(available.joined(separator: ", "))"
    case .invalidShare(let share): "a share of the bars is above 0 and at most 1, not \(share)"
    case .differentMetres(let bar, let first, let second):
      "the pieces differ in bar \(bar): one has \(first), the other \(second); choose pieces of one time signature"
    case .invalidStepCount(let count, let allowed):
      "\(count) steps are not possible; choose \(allowed.lowerBound) to \(allowed.upperBound)"
    }
  }
}
