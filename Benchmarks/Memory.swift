internal import Composing
internal import Corpora
internal import Foundation
internal import Recurrent

/// What a memory beside the network's state is worth: the loss of a corpus's validation pieces under a model as it is, with a
/// cache over each piece's own past, and with a network that goes on learning from each piece.
///
///     benchmarks memory MODEL CORPUS [PIECES]
///
/// Losses are in nats a note: those of all tokens, for each note of the pieces.
func measureMemory(_ arguments: [String]) throws {
  guard arguments.count >= 2 else { return printUsage("benchmarks memory MODEL CORPUS [PIECES]") }
  let model = try MusicModel(path: arguments[0]), corpus = try Corpus(path: arguments[1])
  let indices = corpus.pieces(in: .valid).prefix(arguments.count > 2 ? Int(arguments[2]) ?? 20 : 20)
  let pieces = indices.map { corpus.ids(ofPiece: $0) }
  let notes = indices.reduce(0) { $0 + corpus.pieces[$1].noteCount }
  let composer = try Composer(model: model)
  func report(_ what: String, _ settings: [(String, Double)], _ loss: () throws -> Double) rethrows {
    let clock = ContinuousClock(), start = clock.now
    let loss = try loss()
    printJSONLine(
      [("memory", "\"\(what)\"")] + settings.map { ($0.0, "\($0.1)") } + [
        ("nats_per_note", String(format: "%.4f", loss / Double(notes))),
        ("seconds", String(format: "%.1f", (clock.now - start) / .seconds(1))),
      ])
  }
  try report("none", []) {
    try pieces.reduce(0) { $0 + (try composer.surprisals(ofIDs: $1).reduce(0, +)) }
  }
  for share in [0.1, 0.2, 0.3, 0.4, 0.5] {
    for sharpness in [0.3, 1, 3] {
      try report("cache", [("share", share), ("sharpness", sharpness)]) {
        try pieces.reduce(0) {
          $0
            + (try composer.surprisals(
              ofIDs: $1, cache: NeuralCache(share: share, sharpness: sharpness)
            ).reduce(0, +))
        }
      }
    }
  }
  for rate in [0.01, 0.03, 0.1, 0.3] {
    try report("dynamic evaluation", [("learning_rate", rate)]) {
      try pieces.reduce(0) {
        $0 + (try model.adapted(toIDs: $1, by: DynamicEvaluation(learningRate: rate)).loss.sum)
      }
    }
  }
}
