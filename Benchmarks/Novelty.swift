internal import Composing
internal import Corpora
internal import Foundation
internal import Groundwork
internal import Music
internal import Tokenization

/// What it takes to find passages of a corpus, how long those are that held-out pieces share with its training pieces, and what
/// composing costs that avoids them.
///
///     benchmarks novelty CORPUS [MODEL [NOTES [PIECES]]]
func measureNovelty(_ arguments: [String]) throws {
  guard let path = arguments.first else {
    return printUsage("benchmarks novelty CORPUS [MODEL [NOTES [PIECES]]]")
  }
  let clock = ContinuousClock()
  let corpus = try Corpus(path: path)
  var start = clock.now
  let index = try PassageIndex(corpus: corpus)
  let building = (clock.now - start) / .seconds(1)
  let held = try (corpus.pieces(in: .valid) + corpus.pieces(in: .test)).map {
    try corpus.tokenizer.decode(corpus.ids(ofPiece: $0))
  }
  start = clock.now
  var tracker = PassageTracker()
  var steps = 0
  for line in held.flatMap(\.passageLines) {
    tracker = PassageTracker()
    for event in line.events { tracker.take(event, end: event.step + 1, in: index) }
    steps += line.events.count
  }
  let step = (clock.now - start) / .seconds(1) / Double(max(1, steps))
  printJSONLine([
    ("notes", "\(index.noteCount)"), ("bytes", "\(index.byteCount)"),
    ("bytes_per_token", String(format: "%.2f", Double(index.byteCount) / Double(corpus.tokenCount))),
    ("build_s", String(format: "%.3f", building)), ("step_us", String(format: "%.3f", step * 1e6)),
  ])
  for kind in PassageIndex.Kind.allCases {
    let lengths = try held.compactMap { score in
      try index.longestSharedPassage(of: score, kind, tracks: score.melodyTrack.map { [$0] })?.noteCount
    }.sorted()
    guard !lengths.isEmpty else { continue }
    func quantile(_ share: Double) -> Int { lengths[Int(share * Double(lengths.count - 1))] }
    printJSONLine([
      ("human", "\"\(kind.rawValue)\""), ("pieces", "\(lengths.count)"), ("p5", "\(quantile(0.05))"),
      ("p25", "\(quantile(0.25))"), ("p50", "\(quantile(0.5))"), ("p75", "\(quantile(0.75))"),
      ("p95", "\(quantile(0.95))"), ("longest", "\(quantile(1))"),
    ])
  }
  start = clock.now
  let report = try OriginalityReport(of: Array(held.prefix(50)), in: index)
  let comparing = (clock.now - start) / .seconds(1)
  for length in report.lengths {
    guard let spread = length.pieces else { continue }
    printJSONLine([
      ("human_originality_bars", "\(length.bars)"), ("excerpts", "\(spread.excerpts)"),
      ("mean", String(format: "%.3f", spread.mean)), ("p5", String(format: "%.3f", spread.lowest)),
      ("p50", String(format: "%.3f", spread.median)), ("p95", String(format: "%.3f", spread.highest)),
      ("report_s", String(format: "%.2f", comparing)),
    ])
  }
  if arguments.count > 1 { try measureAvoiding(Array(arguments.dropFirst()), index) }
}

private func measureAvoiding(_ arguments: [String], _ index: PassageIndex) throws {
  let model = try MusicModel(path: arguments[0])
  let limit = arguments.dropFirst().first.flatMap(Int.init) ?? 12
  let seeds = Composer.seeds(from: 1, count: arguments.dropFirst(2).first.flatMap(Int.init) ?? 20)
  let composer = try Composer(model: model)
  let clock = ContinuousClock()
  for constraints in [[], [AvoidCopying(index, tokenizer: model.tokenizer, limit: limit)]] {
    var seconds = 0.0, tokens = 0, longest: [Int] = [], nll = 0.0
    for seed in seeds {
      let start = clock.now
      let piece = try composer.compose(CompositionOptions(seed: seed, bars: 32, constraints: constraints))
      seconds += (clock.now - start) / .seconds(1)
      tokens += piece.tokens
      nll += piece.nllPerToken
      longest.append(try index.longestSharedPassage(of: piece.score, .transposed)?.noteCount ?? 0)
    }
    longest.sort()
    printJSONLine([
      ("avoid", constraints.isEmpty ? "null" : "\(limit)"), ("pieces", "\(seeds.count)"),
      ("token_us", String(format: "%.2f", seconds / Double(tokens) * 1e6)),
      ("nats_per_token", String(format: "%.3f", nll / Double(seeds.count))),
      ("median_longest", "\(longest[longest.count / 2])"), ("longest", "\(longest[longest.count - 1])"),
    ])
  }
}
