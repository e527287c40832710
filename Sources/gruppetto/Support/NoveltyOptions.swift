internal import ArgumentParser
internal import Composing
internal import Corpora
internal import Groundwork

/// What a composition may share with the training pieces; shared by `generate` and `continue`.
struct NoveltyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Share fewer than n notes in a row with any training piece, in any key.", valueName: "n"))
  var avoidCopying: Int?

  @Option(
    help: ArgumentHelp(
      "Corpus whose training pieces are not copied (default: the one in the model's folder).",
      valueName: "folder"))
  var corpus: String?

  func validate() throws {
    if let avoidCopying, avoidCopying < AvoidCopying.leastNotes {
      throw ValidationError(
        "--avoid-copying is a number of notes from \(AvoidCopying.leastNotes), not \(avoidCopying).")
    }
  }

  /// Checks that a corpus has a use: in a piece that is made again it may be the one that the file tells of.
  func check(isRepeated: Bool = false) throws {
    guard corpus == nil || avoidCopying != nil || isRepeated else {
      throw ValidationError("--corpus names what --avoid-copying compares with; give both, or drop --corpus.")
    }
  }

  /// Takes the passages that pieces by a model may not share into a request.
  func record(in request: inout CompositionRequest, of model: MusicModel, common: CommonOptions) throws {
    guard let avoidCopying else { return }
    let forbidden = try ForbiddenPassages(notes: avoidCopying, corpus: corpus, of: model, common: common)
    request.settings.avoidCopying = forbidden.limit
    request.passages = forbidden.index
  }
}

/// A model without the music that it was trained on, where that is needed.
struct MissingCorpus: DiagnosableError {
  var model: String
  var kind: FailureKind { .missingInput }
  var message: String {
    "\(model): has no corpus in its folder, so what it copies of its training pieces cannot be found; "
      + "name the corpus that it was trained on with --corpus FOLDER"
  }
  var file: String? { model }
}
