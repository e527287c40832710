public import Groundwork

/// What can go wrong with styles.
public enum StyleError: DiagnosableError {
  /// The file is no style.
  case malformed(path: String, reason: String)
  /// The style was learned for other weights than the model has.
  case otherModel(path: String, learnedFor: String, model: String)
  /// There is no piece to learn from.
  case noPieces
  /// A style is to be used more strongly than any can be.
  case invalidWeight(style: String, weight: Double)
  /// The weights stopped being numbers while the style was learned.
  case diverged(step: Int)
  /// The user stopped it.
  case interrupted
  /// A room below reports it: the file, the network.
  case cause(any DiagnosableError)

  /// Whose fault it is.
  public var kind: FailureKind {
    switch self {
    case .malformed, .otherModel, .noPieces: .badInput
    case .invalidWeight: .usage
    case .diverged: .badInput
    case .interrupted: .interrupted
    case .cause(let error): error.kind
    }
  }

  /// What was wrong, and what to do about it.
  public var message: String {
    switch self {
    case .malformed(let path, let reason): "\(path): is not a style: \(reason); learn it again"
    case .otherModel(let path, let learnedFor, let model):
      "\(path): was learned for \(learnedFor), whose weights are not those of \(model); "
        + "use it with that model as it was then, or learn it again for this one"
    case .noPieces: "there is no piece to learn the style from; give at least one with notes"
    case .invalidWeight(let style, let weight):
      "the style \(style) has the weight \(weight); expected a number from "
        + "\(Int(Style.weights.lowerBound)) to \(Int(Style.weights.upperBound)), 1 for the style as it was learned"
    case .diverged(let step):
      "the style could not be learned: after \(step) steps its numbers are not finite; lower the rate"
    case .interrupted: "interrupted before the style was learned"
    case .cause(let error): error.message
    }
  }

  /// The file that it is about.
  public var file: String? {
    switch self {
    case .malformed(let path, _), .otherModel(let path, _, _): path
    case .cause(let error): error.file
    case .noPieces, .invalidWeight, .diverged, .interrupted: nil
    }
  }

  /// The byte offset in that file, if known.
  public var offset: Int? {
    if case .cause(let error) = self { error.offset } else { nil }
  }
}
