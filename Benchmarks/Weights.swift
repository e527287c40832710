internal import Arithmetic
internal import Composing
internal import Corpora
internal import Foundation
internal import Recurrent

/// What narrower weights cost a trained model: its loss over the validation pieces of a corpus, as the sampler runs it in
/// each format, in nats per token.
///
///     benchmarks weights MODEL CORPUS
func measureWeights(_ arguments: [String]) throws {
  guard arguments.count == 2 else { return printUsage("benchmarks weights MODEL CORPUS") }
  let model = try MusicModel(path: arguments[0]).network, corpus = try Corpus(path: arguments[1])
  let pieces = corpus.pieces(in: .valid).map { corpus.ids(ofPiece: $0) }
  let tokens = pieces.reduce(0) { $0 + $1.count - 1 }
  var exact: Double?
  for format in WeightFormat.allCases {
    let loss = totalLoss(of: pieces, weights: SamplerWeights(model: model, format: format)) / Double(tokens)
    printJSONLine([
      ("weights", "\"\(format.rawValue)\""), ("tokens", "\(tokens)"),
      ("nats_per_token", String(format: "%.6f", loss)),
      ("cost", String(format: "%.6f", loss - (exact ?? loss))),
    ])
    if exact == nil { exact = loss }
  }
}

/// Σ −log p of all ids but the first of each piece.
private func totalLoss(of pieces: [[Int32]], weights: SamplerWeights) -> Double {
  let sampler = LanguageModelSampler(weights: weights)
  var sum = 0.0
  for piece in pieces {
    sampler.reset()
    for (id, next) in zip(piece, piece.dropFirst()) {
      let logits = sampler.advance(id)
      guard let base = logits.baseAddress else { continue }
      let logSum = Kernels.current.softmax(count: logits.count, logits: base, probabilities: nil)
      sum += Double(logSum - logits[Int(next)])
    }
  }
  return sum
}
