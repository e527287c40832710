internal import Composing
internal import Corpora
internal import Foundation
internal import Tokenization

/// Loops in people's pieces and in composed ones, and what the penalty against them changes.
///
///     benchmarks loops CORPUS [MODEL [PIECES]]
///
/// Of people's pieces it prints how often a number of bars goes round without a break at most, in the median piece, in one of twenty,
/// in one of a hundred and in all, and the share of bars that the penalty would have acted on. Of composed ones
/// it prints that share with and without the penalty, and how many pieces the penalty leaves as they are.
func measureLoops(_ arguments: [String]) throws {
  guard let path = arguments.first else { return printUsage("benchmarks loops CORPUS [MODEL [PIECES]]") }
  let corpus = try Corpus(path: path)
  let counts = corpus.pieces.indices.map { index in
    LoopCount(corpus.ids(ofPiece: index), tokenizer: corpus.tokenizer)
  }
  for period in 1...8 {
    let rounds = counts.map { $0.rounds[period - 1] }.sorted()
    printJSONLine([("human_bars", "\(period)")] + quantiles(rounds))
  }
  for period in [1, 2, 3, 4, 6, 8, 12, 16, 24, 32] {
    let rounds = counts.map { $0.idRounds[period - 1] }.sorted()
    printJSONLine([("human_ids", "\(period)")] + quantiles(rounds))
  }
  printJSONLine([("human", "\(counts.count)")] + shares(counts))
  guard arguments.count > 1 else { return }
  let model = try MusicModel(path: arguments[1])
  let number = arguments.count > 2 ? Int(arguments[2]) ?? 100 : 100
  let composer = try Composer(model: model)
  for (name, preset) in [
    ("default", SamplingPreset(minP: 0.05)), ("temperature 0.6", SamplingPreset(temperature: 0.6)),
    ("temperature 0.3", SamplingPreset(temperature: 0.3)),
    (
      "repetition 20",
      {
        var preset = SamplingPreset(minP: 0.05)
        preset.repetition = 20
        return preset
      }()
    ),
  ] {
    var penalized = preset
    penalized.loops = LoopPenalty(strength: 2)
    func compose(_ sampling: SamplingPreset) -> [[Int32]] {
      composer.compose(
        Composer.seeds(from: 1, count: number).map {
          CompositionOptions(seed: $0, sampling: sampling, bars: 64)
        }, threadCount: 2
      ).compactMap { try? $0.get().ids }
    }
    let (without, with) = (compose(preset), compose(penalized))
    for (penalty, pieces) in [("0", without), ("2", with)] {
      printJSONLine(
        [("sampling", "\"\(name)\""), ("penalty", penalty)]
          + shares(pieces.map { LoopCount($0, tokenizer: model.tokenizer) })
          + [("same_pieces", "\(zip(without, pieces).count { $0 == $1 })")])
    }
  }
}

private func quantiles(_ sorted: [Double]) -> [(String, String)] {
  [("median", 0.5), ("one_of_20", 0.95), ("one_of_100", 0.99), ("all", 1)].map { name, share in
    (name, String(format: "%.2f", sorted[Int(share * Double(sorted.count - 1))]))
  }
}

private func shares(_ counts: [LoopCount]) -> [(String, String)] {
  let bars = counts.reduce(0) { $0 + $1.bars }, looped = counts.reduce(0) { $0 + $1.loopedBars }
  let pieces = counts.count { $0.loopedBars + $0.loopedIDs > 0 }
  return [
    ("pieces", "\(counts.count)"), ("pieces_with_loops", "\(pieces)"),
    ("bars_in_loops", String(format: "%.4f", Double(looped) / Double(max(1, bars)))),
    ("ids_in_loops", "\(counts.reduce(0) { $0 + $1.loopedIDs })"),
  ]
}
