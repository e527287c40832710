public import Corpora
public import Groundwork

/// Why a model could not be evaluated.
public enum EvaluationError: DiagnosableError {
  /// The model's folder has no corpus of its own, and no music was given.
  case noCorpus(model: String)
  /// The corpus has no pieces in the split; `available` are those in which it has some.
  case emptySplit(corpus: String, split: Split, available: [Split])
  /// The model's tokens can express no piece of the corpus; `reason` is why the first is left out.
  case nothingUsable(corpus: String, reason: String)
  /// The model could compose none of the pieces; `reason` is why it failed at the first.
  case nothingComposed(pieces: Int, reason: String)
  /// A piece cannot be written in the model's tokens.
  case unusablePiece(name: String, reason: String)
  /// The user stopped it.
  case interrupted
  /// A room below reports it: the model, the corpus, the training of a discriminator.
  case cause(any DiagnosableError)

  /// Whose fault it is.
  public var kind: FailureKind {
    switch self {
    case .noCorpus: .missingInput
    case .emptySplit: .usage
    case .nothingComposed, .nothingUsable, .unusablePiece: .badInput
    case .interrupted: .interrupted
    case .cause(let error): error.kind
    }
  }

  /// What went wrong and what to do.
  public var message: String { if case .cause(let error) = self { error.message } else { problem } }

  /// What went wrong.
  public var problem: String {
    switch self {
    case .noCorpus(let model):
      "\(model): has no corpus in its folder, because it was not trained on files of music here; name the corpus that it was "
        + "trained on, or music that it has not seen"
    case .emptySplit(let corpus, let split, let available):
      "\(corpus): has no pieces in its split '\(split.rawValue)'; "
        + (available.isEmpty
          ? "it is empty" : "it has some in \(available.map(\.rawValue).joined(separator: " and "))")
    case .nothingUsable(let corpus, let reason):
      "\(corpus): the model's tokens can express none of its pieces; the first is left out because \(reason)"
    case .nothingComposed(let pieces, let reason):
      "none of \(pieces) pieces could be composed; the first failed because \(reason)"
    case .unusablePiece(let name, let reason): "\(name): \(reason)"
    case .interrupted: "interrupted before the evaluation was complete"
    case .cause(let error): error.problem
    }
  }

  /// What can be done about it.
  public var remedies: [Remedy] { if case .cause(let error) = self { error.remedies } else { [] } }

  /// The setting that is invalid.
  public var setting: InvalidSetting? { if case .cause(let error) = self { error.setting } else { nil } }

  /// The file that it is about.
  public var file: String? {
    switch self {
    case .noCorpus(let path), .emptySplit(let path, _, _), .nothingUsable(let path, _): path
    case .cause(let error): error.file
    default: nil
    }
  }

  /// The byte offset in that file, if known.
  public var offset: Int? { if case .cause(let error) = self { error.offset } else { nil } }

  /// An error of a room below.
  init(_ error: any Error) {
    switch error {
    case let error as EvaluationError: self = error
    case let error as any DiagnosableError where error.kind == .interrupted: self = .interrupted
    case let error as any DiagnosableError: self = .cause(error)
    default: preconditionFailure("an error that explains nothing: \(error)")
    }
  }
}
