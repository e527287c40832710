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
  /// The folder has some parts of a model, and lacks others that are needed; `isFinished` says that its training is over, and
  /// will not make them again.
  case incomplete(path: String, present: [String], missing: [String], isFinished: Bool)
  /// There is a model already where a new one would go.
  case modelExists(path: String)
  /// The corpus is not the one that the model was trained on.
  case corpusChanged(path: String, trainedOn: String, given: String)
  /// The corpus has other tokens than the imported weights that are to learn it.
  case vocabularyChanged(path: String, given: String)
  /// A training that goes on keeps its settings; the file is named that its weights were imported from, if they were.
  case settingsKept(path: String, importedFrom: String?)
  /// Imported weights keep the network that they are of.
  case networkKept(path: String)
  /// A training that goes on keeps its corpus.
  case corpusKept(path: String)
  /// What was given as music is a corpus: with settings of how one is made, or beside other music.
  case readyCorpus(path: String, isAlone: Bool)
  /// The music to go on from cannot be used.
  case unusablePrimer(reason: String)
  /// The model's network is of another kind than its use needs.
  case unsuitableNetwork(model: String, reason: String)
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
    case .invalidOption, .unknownPreset, .settingsKept, .networkKept, .corpusKept, .readyCorpus,
      .contradiction:
      .usage
    case .malformed, .corpusChanged, .vocabularyChanged, .unusablePrimer, .primerTooLong, .brokenWeights,
      .nothingComposed, .unsuitableNetwork:
      .badInput
    case .endless: .internalFault
    case .notAModel, .untrained, .incomplete: .missingInput
    case .modelExists: .cannotWrite
    case .interrupted: .interrupted
    case .file(let error): error.kind
    case .cause(let error): error.kind
    }
  }

  /// What went wrong and what to do.
  public var message: String {
    switch self {
    case .file(let error): error.message
    case .cause(let error): error.message
    default: problemWithRemedies
    }
  }

  /// What can be done about it.
  public var remedies: [Remedy] {
    switch self {
    case .notAModel: [.train]
    case .untrained(let path): [.resume(path: path)]
    case .incomplete(_, _, _, let isFinished): isFinished ? [.overwrite] : [.chooseAnotherFolder, .overwrite]
    case .modelExists(let path): [.resume(path: path), .overwrite]
    case .corpusChanged: [.overwrite]
    case .settingsKept(_, nil), .corpusKept: [.overwrite]
    case .file(let error): error.remedies
    case .cause(let error): error.remedies
    default: []
    }
  }

  /// The setting that makes no sense.
  public var setting: InvalidSetting? {
    switch self {
    case .invalidOption(let name, let value, let expected):
      InvalidSetting(name: name, value: value, expected: expected)
    case .cause(let error): error.setting
    default: nil
    }
  }

  /// What went wrong.
  public var problem: String {
    switch self {
    case .invalidOption(let name, let value, let expected): "\(name) is \(value); expected \(expected)"
    case .unknownPreset(let name, let folder, let available):
      "there is no preset '\(name)' in \(folder); "
        + (available.isEmpty ? "it has none at all" : "there are \(available.joined(separator: ", "))")
    case .malformed(let path, let reason): "\(path): \(reason)"
    case .notAModel(let path): "\(path): is not a model: it has no model.json"
    case .untrained(let path): "\(path): has no weights yet"
    case .incomplete(let path, let present, let missing, let isFinished):
      "\(path): has \(present.joined(separator: ", ")) but no \(missing.joined(separator: ", no ")), "
        + (isFinished
          ? "and its training is over, so that it will not be written again"
          : "without which its training cannot go on")
    case .modelExists(let path): "\(path): holds a model already"
    case .corpusChanged(let path, let trainedOn, let given):
      "\(path): was trained on another corpus (\(trainedOn)) than the one given (\(given)); give that one"
    case .vocabularyChanged(let path, let given):
      "\(path): its weights are of another vocabulary than that of \(given); give music that becomes the same tokens (read by "
        + "the same metre), or import them with the vocabulary that they are of"
    case .settingsKept(let path, let importedFrom):
      "\(path): a training that is resumed keeps its settings; give no others"
        + (importedFrom.map { ", or import \($0) again" } ?? "")
    case .networkKept(let path):
      "\(path): imported weights keep their network; only its dropout may be given"
    case .corpusKept(let path):
      "\(path): a training that is resumed keeps its corpus; say nothing of how one is made"
    case .readyCorpus(let path, let isAlone):
      "\(path): is a corpus already"
        + (isAlone
          ? "; say nothing of how one is made, or give the music itself"
          : ", and is trained on alone; give the music that it is made of")
    case .unusablePrimer(let reason): "the primer cannot be continued: \(reason)"
    case .unsuitableNetwork(let model, let reason):
      "\(model): cannot be used like this: \(reason)"
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
        + " weights give values that are not numbers; train the model again"
    case .nothingComposed(let tokens):
      "the model wrote \(tokens) tokens and not one note; try another seed, or train it for longer"
    case .interrupted: "stopped before the music was complete"
    case .file(let error): error.problem
    case .cause(let error): error.problem
    }
  }

  /// The file that it is about.
  public var file: String? {
    switch self {
    case .malformed(let path, _), .notAModel(let path), .untrained(let path),
      .incomplete(let path, _, _, _), .modelExists(let path), .settingsKept(let path, _),
      .networkKept(let path), .unsuitableNetwork(let path, _),
      .corpusKept(let path), .readyCorpus(let path, _),
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

extension ComposingError {
  /// What is wrong with a file of settings.
  init(_ failure: JSONFile.Failure) {
    switch failure {
    case .file(let error): self = .file(error)
    case .malformed(let path, let reason): self = .malformed(path: path, reason: reason)
    }
  }
}
