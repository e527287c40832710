internal import Arithmetic
internal import Composing
internal import Corpora
internal import Foundation
internal import Recurrent
internal import Tokenization
internal import Training

/// What a corpus of 1, 10, 100 and 1,000 MB costs for each token: to open it, to fill training windows, to train. Each corpus has
/// a process of its own, since the most memory that a process had in use is its for good.
///
///     benchmarks growth [FOLDER] [--threads N]
///
/// The corpora are made of random ids in FOLDER, by default the system's folder for temporary files, and removed again.
func measureGrowth(_ arguments: [String]) throws {
  var arguments = arguments
  var threads = 2
  if let option = arguments.firstIndex(of: "--threads") {
    guard option + 1 < arguments.count, let count = Int(arguments[option + 1]), count > 0 else {
      return printUsage("benchmarks growth [FOLDER] [--threads N]")
    }
    threads = count
    arguments.removeSubrange(option...option + 1)
  }
  if arguments.count == 2, arguments[0] == "--corpus" {
    return try measureCorpus(path: arguments[1], threads: threads)
  }
  let parent = arguments.first ?? FileManager.default.temporaryDirectory.path
  let folder = parent + "/gruppetto-growth-\(getpid())"
  defer { try? FileManager.default.removeItem(atPath: folder) }
  for megabytes in [1, 10, 100, 1000] {
    try writeRandomCorpus(megabytes: megabytes, to: folder)
    let child = Process()
    child.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    child.arguments = ["growth", "--corpus", folder, "--threads", "\(threads)"]
    try child.run()
    child.waitUntilExit()
    guard child.terminationStatus == 0 else { exit(1) }
  }
}

/// Pieces of 200 to 4,000 random ids, as a folk tune has or a page for the piano.
private func writeRandomCorpus(megabytes: Int, to folder: String) throws {
  let tokenizer = try REMITokenizer()
  let vocabulary = tokenizer.vocabulary
  let music = (0..<Int32(vocabulary.count)).filter { vocabulary.roles[$0].isDisjoint(with: .special) }
  var random = RandomStream(seed: 0, name: "growth")
  var pieces: [TokenizedPiece] = []
  var left = megabytes * 1_000_000 / 4
  while left > 0 {
    let count = min(200 + random.integer(below: 3801), max(left, 2))
    var ids = [vocabulary.roles.beginning]
    ids.reserveCapacity(count)
    for _ in 2..<count { ids.append(music[random.integer(below: music.count)]) }
    ids.append(vocabulary.roles.end)
    pieces.append(TokenizedPiece(name: "\(pieces.count + 1)", ids: ids))
    left -= count
  }
  try Corpus.write(pieces, tokenizer: tokenizer, to: folder)
}

/// One line of the result.
private func measureCorpus(path: String, threads: Int) throws {
  let clock = ContinuousClock()
  var corpus: Corpus?
  let opening = try clock.measure { corpus = try Corpus(path: path) } / .seconds(1)
  guard let corpus else { return }
  let pieces = TrainingPieces(corpus: corpus)
  let settings = ModelPreset(
    training: TrainingConfiguration(budget: .steps(1), batchSize: 64, truncationLength: 128),
    transposition: .init(-5...6))
  var source: CorpusBatchSource?
  let layout = try clock.measure {
    source = try CorpusBatchSource(pieces: pieces.training, tokenizer: pieces.tokenizer, settings: settings)
  }
  guard var source else { return }
  var batch = source.makeBatch()
  let tokensPerBatch = Double(source.batchSize * source.truncationLength)
  // As many windows for each corpus, over a million tokens: several epochs of the smallest.
  let filling = timings(count: 15) { for _ in 0..<10 { source.nextBatch(into: &batch) } }
  let validation = PieceBatches(
    pieces: pieces.validation, batchSize: source.batchSize, truncationLength: source.truncationLength)
  let validating = timings(count: 3) {
    for index in 0..<validation.batchCount { validation.fill(&batch, index: index) }
  }

  let team = ThreadTeam(threadCount: threads)
  let model = Network(
    configuration: LanguageModelConfiguration(
      cell: .gru, vocabularySize: corpus.vocabulary.count, embeddingSize: 256, hiddenSize: 256, layerCount: 2),
    seed: 0)
  let pass = LanguageModelPass(
    network: model, batchSize: source.batchSize, truncationLength: source.truncationLength, team: team)
  let learner = Learner(pass, team: team)
  var failure: (any Error)?
  let seconds = timings(count: 9) {
    source.nextBatch(into: &batch)
    do { try learner.learn(batch) } catch { failure = error }
  }
  if let failure { throw failure }
  func nanoseconds(_ seconds: [Double], tokens: Double) -> String {
    String(format: "%.2f", seconds[seconds.count / 2] * 1e9 / tokens)
  }
  printJSONLine([
    ("megabytes", "\(corpus.tokenCount * 4 / 1_000_000)"), ("tokens", "\(corpus.tokenCount)"),
    ("pieces", "\(corpus.pieces.count)"), ("open_seconds", String(format: "%.4f", opening)),
    ("open_ns_per_token", String(format: "%.2f", opening * 1e9 / Double(corpus.tokenCount))),
    ("layout_seconds", String(format: "%.4f", layout / .seconds(1))),
    ("fill_ns_per_token", nanoseconds(filling, tokens: 10 * tokensPerBatch)),
    (
      "validation_fill_ns_per_token",
      nanoseconds(validating, tokens: Double(max(1, validation.predictionCount)))
    ),
    ("threads", "\(threads)"),
    ("train_tokens_per_second", "\(Int(tokensPerBatch / seconds[seconds.count / 2]))"),
    ("train_best", "\(Int(tokensPerBatch / seconds[0]))"),
    ("peak_rss_mb", "\(peakResidentMegabytes())"),
    ("not_file_mb", String(format: "%.1f", Double(anonymousKilobytes()) / 1024)),
  ])
}
