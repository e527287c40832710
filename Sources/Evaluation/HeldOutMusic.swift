public import Composing
public import Corpora
public import Groundwork
internal import Music
internal import Tokenization

/// The music that a model is compared with: pieces that it was not trained on.
public struct HeldOutMusic: Sendable {
  /// The pieces, as the model's tokenizer has them.
  public let pieces: [EvaluatedPiece]
  /// Where they come from, in words: `the validation pieces of model/corpus`.
  public let source: String
  /// Files that could not be used, and why.
  public let skipped: [SkippedFile]
  /// Whether the pieces are of another collection than the one that the model was trained on, as far as that is known; then
  /// some of them may be among those that it learned from.
  public let isOfAnotherCorpus: Bool
  /// The corpus that the model was trained on, with whose training pieces its music is compared; nil where it is not at hand.
  public let trainingCorpus: Corpus?
  /// Why the corpus that the model was trained on, although it is at hand, cannot be used.
  public let trainingCorpusFault: String?
  /// Whether the model learned from these pieces.
  public let isTrainingMusic: Bool

  /// Pieces of any origin.
  /// - Parameters:
  ///   - pieces: The pieces, as the model's tokenizer has them.
  ///   - source: Where they come from, in words.
  ///   - skipped: Files that could not be used, and why.
  ///   - isOfAnotherCorpus: Whether they are of another collection than the one that the model was trained on.
  ///   - trainingCorpus: The corpus that the model was trained on, if it is at hand.
  ///   - trainingCorpusFault: Why it cannot be used although it is at hand.
  ///   - isTrainingMusic: Whether the model learned from these pieces.
  public init(
    pieces: [EvaluatedPiece], source: String, skipped: [SkippedFile] = [], isOfAnotherCorpus: Bool = false,
    trainingCorpus: Corpus? = nil, trainingCorpusFault: String? = nil, isTrainingMusic: Bool = false
  ) {
    self.pieces = pieces
    self.source = source
    self.skipped = skipped
    self.isOfAnotherCorpus = isOfAnotherCorpus
    self.trainingCorpus = trainingCorpus
    self.trainingCorpusFault = trainingCorpusFault
    self.isTrainingMusic = isTrainingMusic
  }

  /// A split of the corpus that was built in the model's folder when it was trained.
  /// - Parameters:
  ///   - model: The model.
  ///   - split: Which of its pieces; nil for the test pieces if there are any, else those for validation.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how far it is.
  /// - Throws: `EvaluationError.noCorpus`, `.emptySplit`, `.interrupted`, `.cause` for a corpus that cannot be read.
  public init(
    of model: MusicModel, split: Split? = nil, cancellation: Cancellation = Cancellation(),
    progress: ProgressHandler? = nil
  ) throws(EvaluationError) {
    guard let folder = model.folder, Corpus.exists(at: folder.corpusPath) else {
      throw .noCorpus(model: model.name)
    }
    try self.init(
      corpus: folder.corpusPath, of: model, split: split, cancellation: cancellation, progress: progress)
  }

  /// A split of a corpus, in the model's tokens. Pieces that these cannot express are left out and named.
  /// - Parameters:
  ///   - path: The corpus.
  ///   - model: The model.
  ///   - split: Which of its pieces; nil for the test pieces if there are any, else those for validation.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how far it is.
  /// - Throws: `EvaluationError.emptySplit`, `.nothingUsable`, `.interrupted`, `.cause` for a corpus that cannot be read.
  public init(
    corpus path: String, of model: MusicModel, split: Split? = nil,
    cancellation: Cancellation = Cancellation(),
    progress: ProgressHandler? = nil
  ) throws(EvaluationError) {
    let corpus: Corpus, report: CorpusReport
    do {
      corpus = try Corpus(path: path, cancellation: cancellation, progress: progress)
      report = try corpus.report()
    } catch {
      throw EvaluationError(error)
    }
    let held = split ?? (corpus.pieces(in: .test).isEmpty ? .valid : .test)
    let indices = corpus.pieces(in: held)
    guard !indices.isEmpty else {
      throw .emptySplit(
        corpus: path, split: held, available: Split.allCases.filter { !corpus.pieces(in: $0).isEmpty })
    }
    let hasItsTokens = corpus.vocabulary.hasIDs(of: model.tokenizer.vocabulary)
    var pieces: [EvaluatedPiece] = [], skipped: [SkippedFile] = []
    for (place, index) in indices.enumerated() {
      if cancellation.isRequested { throw .interrupted }
      let name = report.pieceNames[index], ids = corpus.ids(ofPiece: index)
      do throws(EvaluationError) {
        let piece = try EvaluatedPiece(name: name, ids: ids, tokenizer: corpus.tokenizer)
        pieces.append(
          hasItsTokens
            ? piece : try EvaluatedPiece(name: name, score: piece.score, tokenizer: model.tokenizer))
      } catch .unusablePiece(_, let reason) {
        skipped.append(SkippedFile(file: name, reason: reason))
      }
      progress?(
        ProgressReport(
          activity: "reading", completed: Double(place + 1), total: Double(indices.count), unit: "pieces"))
    }
    guard !pieces.isEmpty else { throw .nothingUsable(corpus: path, reason: skipped.first?.reason ?? "") }
    let isOther = model.description.corpus.map { $0.fingerprint != corpus.fingerprint } ?? false
    let training = isOther ? Self.corpus(of: model) : (corpus, nil)
    self.init(
      pieces: pieces, source: "the \(Self.name(of: held)) pieces of \(path)", skipped: skipped,
      isOfAnotherCorpus: isOther, trainingCorpus: training.0, trainingCorpusFault: training.fault,
      isTrainingMusic: held == .train && !isOther)
  }

  /// All music in files and folders, in the model's tokens, prepared as the model's corpus was. Pieces that occur twice are taken
  /// once.
  /// - Parameters:
  ///   - paths: Files, and folders that are searched.
  ///   - model: The model.
  ///   - sizeLimit: The most bytes of a file that is read.
  ///   - threadCount: How many threads read.
  ///   - cancellation: Asks to give up.
  ///   - progress: Is told how many files were read.
  /// - Throws: `EvaluationError.interrupted`, `.cause` where there is nothing that can be read.
  public init(
    files paths: [String], of model: MusicModel, sizeLimit: Int = SizeLimit.music, threadCount: Int = 1,
    cancellation: Cancellation = Cancellation(), progress: ProgressHandler? = nil
  ) throws(EvaluationError) {
    var builder = CorpusBuilder(threadCount: threadCount)
    builder.sizeLimit = sizeLimit
    do {
      // Tracks that got their programs by name when the model's corpus was made get them here too.
      builder.programs = try model.folder?.corpusRequest()?.programs ?? [:]
      builder.preparation = try model.preparation()
      let read = try builder.pieces(
        in: paths, as: model.tokenizer, cancellation: cancellation, progress: progress)
      let training = Self.corpus(of: model)
      self.init(
        pieces: try read.pieces.map {
          try EvaluatedPiece(name: $0.name, ids: $0.ids, tokenizer: model.tokenizer)
        },
        source: paths.joined(separator: " "), skipped: read.skipped, trainingCorpus: training.0,
        trainingCorpusFault: training.fault)
    } catch {
      throw EvaluationError(error)
    }
  }

  /// The corpus that was built in the model's folder, or why it cannot be read; neither where there is none.
  private static func corpus(of model: MusicModel) -> (Corpus?, fault: String?) {
    guard let folder = model.folder, Corpus.exists(at: folder.corpusPath) else { return (nil, nil) }
    do { return (try Corpus(path: folder.corpusPath), nil) } catch {
      return (nil, EvaluationError(error).message)
    }
  }

  private static func name(of split: Split) -> String {
    switch split {
    case .train: "training"
    case .valid: "validation"
    case .test: "test"
    }
  }
}
