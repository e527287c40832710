public import Groundwork

/// What can stop a training run.
public enum TrainingError: DiagnosableError {
  /// A setting has an invalid value.
  case invalidSetting(name: String, value: String, expected: String)
  /// There is nothing to learn from, or nothing to validate on.
  case noData(split: String)
  /// The loss, the gradient or a weight is not a finite number; `remedies` suggest settings for the next run. Going on from a
  /// checkpoint is none: the same steps lead to the same end.
  case diverged(step: Int, quantity: String, remedies: [Remedy])
  /// The checkpoint cannot be read, or does not belong to this run.
  case unusableCheckpoint(path: String, reason: String)
  /// A line of the history, counted from 1, is not an entry of one.
  case damagedHistory(path: String, line: Int)
  /// A file of the run cannot be read or written.
  case file(FileError)
  /// A weights file cannot be read or written; the error is Recurrent's.
  case weights(any DiagnosableError)

  /// Whose fault it is.
  public var kind: FailureKind {
    switch self {
    case .invalidSetting: .usage
    case .noData, .diverged, .unusableCheckpoint, .damagedHistory: .badInput
    case .file(let error): error.kind
    case .weights(let error): error.kind
    }
  }

  /// What went wrong and what to do.
  public var message: String {
    switch self {
    case .file(let error): error.message
    case .weights(let error): error.message
    default: problemWithRemedies
    }
  }

  /// What can be done about it.
  public var remedies: [Remedy] {
    switch self {
    case .invalidSetting, .noData, .damagedHistory: []
    case .diverged(_, _, let remedies): remedies
    case .unusableCheckpoint: [.overwrite]
    case .file(let error): error.remedies
    case .weights(let error): error.remedies
    }
  }

  /// The setting that is invalid.
  public var setting: InvalidSetting? {
    guard case .invalidSetting(let name, let value, let expected) = self else { return nil }
    return InvalidSetting(name: name, value: value, expected: expected)
  }

  /// What went wrong.
  public var problem: String {
    switch self {
    case .invalidSetting(let name, let value, let expected):
      "the training setting \(name) is \(value); expected \(expected)"
    case .noData(let split):
      "the split '\(split)' of the corpus is empty; build the corpus from more pieces"
    case .diverged(let step, let quantity, _):
      "training diverged at step \(step): \(quantity) is not a finite number"
    case .unusableCheckpoint(let path, let reason):
      "\(path): cannot resume from this checkpoint: \(reason)"
    case .damagedHistory(let path, let line):
      "\(path): line \(line) is not a valid history entry; delete the line, since nothing depends on it"
    case .file(let error): error.problem
    case .weights(let error): error.problem
    }
  }

  /// The file that it is about.
  public var file: String? {
    switch self {
    case .invalidSetting, .noData, .diverged: nil
    case .unusableCheckpoint(let path, _), .damagedHistory(let path, _): path
    case .file(let error): error.file
    case .weights(let error): error.file
    }
  }

  /// The byte offset in that file, if known.
  public var offset: Int? {
    if case .weights(let error) = self { error.offset } else { nil }
  }
}

extension TrainingError {
  /// What to train with instead of settings that made a run diverge.
  static func remediesOfDivergence(learningRate: Double, clipNorm: Double?, clipValue: Double?) -> [Remedy] {
    var remedies = [Remedy.lower(setting: "learningRate", below: "\(learningRate)")]
    if let clipNorm { remedies.append(.lower(setting: "clipNorm", below: "\(clipNorm)")) }
    if let clipValue { remedies.append(.lower(setting: "clipValue", below: "\(clipValue)")) }
    if remedies.count == 1 { remedies.append(.set(setting: "clipNorm", to: "1")) }
    return remedies
  }
}

/// Throws `invalidSetting` unless `condition` holds.
func require(
  _ condition: Bool, _ name: String, _ value: some CustomStringConvertible, _ expected: String
) throws(TrainingError) {
  guard condition else {
    throw .invalidSetting(name: name, value: String(describing: value), expected: expected)
  }
}
