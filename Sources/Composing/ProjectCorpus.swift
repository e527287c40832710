internal import Corpora
internal import Groundwork
internal import Tokenization
internal import Training

/// The corpus of a training project: the one that was given, the one that is in the model's folder, or one made of the music.
struct ProjectCorpus {
  let project: TrainingProject
  /// The folder of the model, in which a corpus may be already.
  let folder: ModelFolder
  /// The folder of the model in which one is made.
  let buildsIn: ModelFolder
  let cancellation: Cancellation
  let progress: ProgressHandler?

  private var isResuming: Bool { project.existing == .resume }
  private var hasBegun: Bool { isResuming && fileExists(folder.training.checkpointPath) }

  /// The corpus, and its figures where it was made now.
  func corpus() throws -> (Corpus, built: CorpusInfo?) {
    if project.music.count == 1, Corpus.exists(at: project.music[0]) {
      guard project.request == CorpusRequest() else {
        throw ComposingError.readyCorpus(path: project.music[0], isAlone: true)
      }
      return (try Corpus(path: project.music[0], cancellation: cancellation, progress: progress), nil)
    }
    if let ready = project.music.first(where: { Corpus.exists(at: $0) }) {
      throw ComposingError.readyCorpus(path: ready, isAlone: false)
    }
    try requireMusicOfItsOwn()
    let request = try request()
    if isResuming, try keptRequest() ?? request == request, let kept = try keptCorpus(request) {
      return (kept, nil)
    }
    let corpusPath = buildsIn.corpusPath
    do { try makeFolder(corpusPath) } catch { throw ComposingError.file(error) }
    try request.write(to: requestPath(in: buildsIn))
    let corpus = try request.builder(testShare: 0, threadCount: project.threadCount).build(
      from: project.music, to: corpusPath, cancellation: cancellation, progress: progress)
    return (corpus, try corpus.info())
  }

  /// A running training continues with its corpus, not with one that would be built now.
  private func requireMusicOfItsOwn() throws {
    guard hasBegun, try keptRequest() == nil, let corpus = try ModelDescription(folder: folder).corpus else {
      return
    }
    throw ComposingError.corpusChanged(
      path: project.folder.path, trainedOn: "\(corpus.name), \(corpus.fingerprint)",
      given: project.music.joined(separator: " "))
  }

  /// What is asked of the corpus, with the name of its tokenizer. A training that is under way keeps what was asked when it was begun.
  private func request() throws -> CorpusRequest {
    var asked = project.request
    let isAnything = asked == CorpusRequest()
    asked.tokenizer = asked.tokenizer ?? TokenizerRegistry.defaultName
    guard isResuming, let kept = try keptRequest() else { return asked }
    var sameTokenizer = asked
    if project.request.tokenizer == nil { sameTokenizer.tokenizer = kept.tokenizer }
    guard !isAnything, sameTokenizer != kept else { return kept }
    guard !hasBegun else { throw ComposingError.corpusKept(path: project.folder.path) }
    return asked
  }

  /// The corpus that was made for the model, if there is one.
  private func keptCorpus(_ request: CorpusRequest) throws -> Corpus? {
    guard Corpus.exists(at: folder.corpusPath) else { return nil }
    let kept = try Corpus(path: folder.corpusPath, cancellation: cancellation, progress: progress)
    let before = try kept.report().sourceFingerprint
    let now = try CorpusBuilder.sourceFingerprint(
      of: project.music, sizeLimit: request.sizeLimit ?? SizeLimit.music, cancellation: cancellation,
      progress: progress)
    guard before == now else {
      // Imported weights may stand beside the corpus of a model whose place they took.
      if !hasBegun, try ModelDescription(folder: folder).importedFrom != nil { return nil }
      throw ComposingError.corpusChanged(path: project.folder.path, trainedOn: before, given: now)
    }
    return kept
  }

  /// What was asked of the corpus when the model was begun; nil if that is not known.
  private func keptRequest() throws -> CorpusRequest? {
    guard var kept = try CorpusRequest(path: requestPath(in: folder)) else { return nil }
    kept.tokenizer = try kept.tokenizer ?? keptTokenizer()
    return kept
  }

  /// The tokenizer of a request that names none: earlier versions named it only where it was asked for. What is in the folder tells;
  /// where nothing is left, it was the default of those versions.
  private func keptTokenizer() throws -> String {
    if Corpus.exists(at: folder.corpusPath) {
      return try Corpus(path: folder.corpusPath, cancellation: cancellation).vocabulary.configuration.name
    }
    guard fileExists(folder.vocabularyPath) else { return REMIConfiguration.tokenizerName }
    return try MusicModel.vocabulary(atPath: folder.vocabularyPath, tokenizers: .standard).configuration.name
  }

  private func requestPath(in folder: ModelFolder) -> String { folder.corpusPath + "/request.json" }
}
