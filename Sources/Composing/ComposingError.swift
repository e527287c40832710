public import Groundwork

/// What can go wrong with a model, its training or its use.
public enum ComposingError: DiagnosableError {
  /// An option has an invalid value.
  case invalidOption(name: String, value: String, expected: String)
  /// There is no preset of the name.
  case unknownPreset(name: String, folder: String, available: [String])
  /// A file of a model or a preset is not what it should be.
  case malformed(path: String, reason: String)
  /// The folder is not a model's.
  case notAModel(path: String)
  /// The model's training has no weights yet.
  case untrained(path: String)
  /// The folder has some parts of a model, and lacks others that are needed; `isFinished` means that its training has ended, and
  /// will not make them again.
  case incomplete(path: String, present: [String], missing: [String], isFinished: Bool)
  /// The folder has parts of a model, but not its description.
  case unreadable(path: String, present: [String])
  /// There is a model already where a new one would go.
  case modelExists(path: String)
  /// The corpus is not the one that the model was trained on.
  case corpusChanged(path: String, trainedOn: String, given: String)
  /// The music that the model was trained on is not in its folder.
  case noTrainingPieces(model: String)
  /// The model has learned no critic, by which a search could choose.
  case noCritic(model: String)
  /// The corpus has other tokens than the imported weights.
  case vocabularyChanged(path: String, given: String)
  /// A training that continues keeps its settings; the file is named that its weights were imported from, if they were.
  case settingsKept(path: String, importedFrom: String?)
  /// Imported weights keep the network that they are of.
  case networkKept(path: String)
  /// A training that continues keeps its corpus.
  case corpusKept(path: String)
  /// What was given as music is a corpus: with settings of how one is made, or together with other music.
  case readyCorpus(path: String, isAlone: Bool)
  /// The machine has less memory than the model needs; both in bytes.
  case insufficientMemory(model: String, needed: Int, available: Int)
  /// The primer cannot be used.
  case unusablePrimer(reason: String)
  /// The model's network is of another kind than its use needs.
  case unsuitableNetwork(model: String, reason: String)
  /// The music to continue from is so long that what was requested cannot follow: it has `bars` bars, and at most `limit` can be continued
  /// from by `newBars`.
  case primerTooLong(bars: Int, limit: Int, newBars: Int)
  /// Nothing can come next that all constraints allow, whichever way the piece goes.
  case contradiction(constraints: [String], tokens: Int)
  /// The grammar does not let the piece end.
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
      .nothingComposed, .unsuitableNetwork, .insufficientMemory:
      .badInput
    case .endless: .internalFault
    case .notAModel, .untrained, .incomplete, .unreadable, .noTrainingPieces, .noCritic: .missingInput
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

  /// The setting that is invalid.
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
      "no preset '\(name)' in \(folder); "
        + (available.isEmpty ? "the folder has none" : "choose one of \(available.joined(separator: ", "))")
    case .malformed(let path, let reason): "\(path): \(reason)"
    case .notAModel(let path): "\(path): is not a model, because it has no model.json"
    case .untrained(let path): "\(path): has no weights yet"
    case .incomplete(let path, let present, let missing, let isFinished):
      "\(path): has \(present.joined(separator: ", ")) but no \(missing.joined(separator: ", no ")), "
        + (isFinished
          ? "and its training has ended, so it will not be written again"
          : "without which its training cannot continue")
    case .unreadable(let path, let present):
      "\(path): has \(present.joined(separator: ", ")) but no model.json, without which they cannot be read; "
        + "restore it from a copy of the model"
    case .modelExists(let path): "\(path): already holds a model"
    case .corpusChanged(let path, let trainedOn, let given):
      "\(path): was trained on the corpus \(trainedOn), not on the given one (\(given)); give the original"
    case .noTrainingPieces(let model):
      "\(model): has no corpus in its folder, so what it copies of its training pieces cannot be found; "
        + "name the corpus that it was trained on"
    case .noCritic(let model):
      "\(model): has no critic, by which phrases could be chosen; a training that comes to its end learns one"
    case .vocabularyChanged(let path, let given):
      "\(path): its weights belong to another vocabulary than that of \(given); give music with the same tokens (read with "
        + "the same time signature), or import the weights with their own vocabulary"
    case .settingsKept(let path, let importedFrom):
      "\(path): a resumed training uses its own settings, not others"
        + (importedFrom.map { "; import \($0) again to change them" } ?? "")
    case .networkKept(let path):
      "\(path): the network of imported weights cannot change, except for its dropout; drop the other network settings"
    case .corpusKept(let path):
      "\(path): a resumed training uses its own corpus, not other corpus settings"
    case .readyCorpus(let path, let isAlone):
      "\(path): is already a corpus"
        + (isAlone
          ? "; drop the corpus settings, or give the music files instead"
          : ", and cannot be combined with other music; give the music files instead")
    case .unusablePrimer(let reason): "the primer cannot be continued: \(reason)"
    case .unsuitableNetwork(let model, let reason):
      "\(model): cannot be used like this: \(reason)"
    case .insufficientMemory(let model, let needed, let available):
      "\(model): is too large for this machine: its weights need \((needed >> 20).grouped) MB of memory, and there are "
        + "\((available >> 20).grouped) MB; use a smaller model"
    case .primerTooLong(let bars, let limit, let newBars):
      "the primer cannot be continued: it has \(bars) bars, but with \(newBars) new bars at most \(limit) are possible; "
        + "give only its last part"
    case .contradiction(let constraints, let tokens):
      "after \(tokens) tokens no token satisfies "
        + (constraints.isEmpty ? "the tokenizer's grammar" : constraints.joined(separator: " and "))
        + "; relax the constraints, or try another seed"
    case .endless(let tokens):
      "the tokenizer's grammar did not end a bar within \(tokens) tokens"
    case .brokenWeights(let path):
      (path.map { "\($0): its" } ?? "the model's")
        + " weights produce values that are not finite numbers; train the model again"
    case .nothingComposed(let tokens):
      "the model wrote \(tokens) tokens but no notes; try another seed, or train it for longer"
    case .interrupted: "interrupted before the music was complete"
    case .file(let error): error.problem
    case .cause(let error): error.problem
    }
  }

  /// The file that it is about.
  public var file: String? {
    switch self {
    case .malformed(let path, _), .notAModel(let path), .untrained(let path),
      .incomplete(let path, _, _, _), .unreadable(let path, _), .modelExists(let path),
      .settingsKept(let path, _),
      .networkKept(let path), .unsuitableNetwork(let path, _), .insufficientMemory(let path, _, _),
      .corpusKept(let path), .readyCorpus(let path, _), .noTrainingPieces(let path),
      .noCritic(let path), .corpusChanged(let path, _, _), .vocabularyChanged(let path, _):
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
