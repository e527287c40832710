public import Groundwork

/// What can go wrong with a model, its training or its use.
public enum ComposingError: DiagnosableError {
  /// An option has a value that makes no sense.
  case invalidOption(name: String, value: String, expected: String)
  /// There is no preset of the name.
  case unknownPreset(name: String, folder: String, available: [String])
  /// A file of a model or a preset is not what it should be.
  case malformed(path: String, reason: String)
  /// The folder is not a model's.
  case notAModel(path: String)
  /// The model's training has not come to its first weights yet.
  case untrained(path: String)
  /// The model has weights, but nothing that its training could go on from.
  case noCheckpoint(path: String)
  /// There is a model already where a new one would go.
  case modelExists(path: String)
  /// The corpus is not the one that the model was trained on.
  case corpusChanged(path: String, trainedOn: String, given: String)
  /// The corpus has other tokens than the imported weights that shall learn it.
  case vocabularyChanged(path: String, given: String)
  /// What the music shall go on from is of no use.
  case unusablePrimer(reason: String)
  /// The music to go on from is so long that what was asked for cannot follow: it has `bars` bars, and at most `limit` can be gone on
  /// from by `newBars`.
  case primerTooLong(bars: Int, limit: Int, newBars: Int)
  /// Nothing can come next that all constraints allow, whichever way the piece goes.
  case contradiction(constraints: [String], tokens: Int)
  /// The grammar lets the piece come to no end.
  case endless(tokens: Int)
  /// The network's output is not a number; the path is that of its weights, where they come from a file.
  case brokenWeights(path: String?)
  /// The model came to an end without a note.
  case nothingComposed(tokens: Int)
  /// The user stopped it.
  case interrupted
  /// A file cannot be read or written.
  case file(FileError)
  /// A room below reports it: training, the corpus, the tokenizer, the weights.
  case cause(any DiagnosableError)

  /// Whose fault it is.
  public var kind: FailureKind {
    switch self {
    case .invalidOption, .unknownPreset, .contradiction: .usage
    case .malformed, .corpusChanged, .vocabularyChanged, .unusablePrimer, .primerTooLong, .brokenWeights,
      .nothingComposed:
      .badInput
    case .endless: .internalFault
    case .notAModel, .untrained, .noCheckpoint: .missingInput
    case .modelExists: .cannotWrite
    case .interrupted: .interrupted
    case .file(let error): error.kind
    case .cause(let error): error.kind
    }
  }

  /// What went wrong and what to do.
  public var message: String {
    switch self {
    case .invalidOption(let name, let value, let expected): "\(name) is \(value); expected \(expected)"
    case .unknownPreset(let name, let folder, let available):
      "there is no preset '\(name)' in \(folder); "
        + (available.isEmpty ? "it has none at all" : "there are \(available.joined(separator: ", "))")
    case .malformed(let path, let reason): "\(path): \(reason)"
    case .notAModel(let path):
      "\(path): is not a model: it has no model.json; make one with `gruppetto train`"
    case .untrained(let path):
      "\(path): has no weights yet; go on with `gruppetto train … -o \(path) --resume`"
    case .noCheckpoint(let path):
      "\(path): has weights but no training.safetensors, without which its training cannot go on; "
        + "train into another folder, or anew with --overwrite"
    case .modelExists(let path):
      "\(path): holds a model already; go on with its training by `gruppetto train … -o \(path) --resume`, or replace it with "
        + "--overwrite"
    case .corpusChanged(let path, let trainedOn, let given):
      "\(path): was trained on another corpus (\(trainedOn)) than the one given (\(given)); "
        + "give that one, or train anew with --overwrite"
    case .vocabularyChanged(let path, let given):
      "\(path): its weights are of another vocabulary than that of \(given); give music that becomes the same tokens (the same "
        + "--metre), or import them with the vocabulary that they are of"
    case .unusablePrimer(let reason): "the primer cannot be continued: \(reason)"
    case .primerTooLong(let bars, let limit, let newBars):
      "the primer cannot be continued: it has \(bars) bars, and \(newBars) more can follow on at most \(limit); "
        + "give its last part alone"
    case .contradiction(let constraints, let tokens):
      "after \(tokens) tokens nothing is left that satisfies "
        + (constraints.isEmpty ? "the tokenizer's grammar" : constraints.joined(separator: " and "))
        + "; loosen what is asked for, or try another seed"
    case .endless(let tokens):
      "the tokenizer's grammar lets a bar come to no end, after \(tokens) tokens"
    case .brokenWeights(let path):
      (path.map { "\($0): its" } ?? "the model's")
        + " weights give values that are not numbers; train the model anew"
    case .nothingComposed(let tokens):
      "the model wrote \(tokens) tokens and not one note; try another seed, or train it for longer"
    case .interrupted: "stopped before the music was complete"
    case .file(let error): error.message
    case .cause(let error): error.message
    }
  }

  /// The file that it is about.
  public var file: String? {
    switch self {
    case .malformed(let path, _), .notAModel(let path), .untrained(let path), .noCheckpoint(let path),
      .modelExists(let path),
      .corpusChanged(let path, _, _), .vocabularyChanged(let path, _):
      path
    case .brokenWeights(let path): path
    case .file(let error): error.file
    case .cause(let error): error.file
    case .invalidOption, .unknownPreset, .unusablePrimer, .primerTooLong, .contradiction, .endless,
      .nothingComposed, .interrupted:
      nil
    }
  }

  /// The byte offset in that file, if known.
  public var offset: Int? {
    if case .cause(let error) = self { error.offset } else { nil }
  }
}
