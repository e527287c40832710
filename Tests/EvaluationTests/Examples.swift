import Composing
import Music
import Recurrent
import TestSupport
import Tokenization
import Training

@testable import Evaluation

/// Small models and pieces to evaluate.
enum Examples {
  /// A model whose weights are as they were first drawn.
  static func model() throws -> MusicModel {
    let tokenizer = try REMIConfiguration().makeTokenizer()
    let configuration = LanguageModelConfiguration(
      vocabularySize: tokenizer.vocabulary.count, embeddingSize: 8, hiddenSize: 16, layerCount: 2)
    return MusicModel(tokenizer: tokenizer, network: Network(configuration: configuration, seed: 1))
  }

  /// A tune of quarter notes: its second half repeats the first, or is as random as the first.
  static func tune(bars: Int, repeats: Bool, _ random: inout RepeatableGenerator) -> Score {
    let scale = [60, 62, 64, 65, 67, 69, 71, 72]
    var pitches: [Int] = []
    for index in 0..<4 * bars {
      let half = 2 * bars
      pitches.append(repeats && index >= half ? pitches[index - half] : scale[random.next(scale.count)])
    }
    let notes = pitches.enumerated().map {
      Note(onset: 480 * $0.offset, duration: 480, pitch: $0.element, velocity: 80)
    }
    return Score(
      ticksPerQuarter: 480, tracks: [Track(name: "tune", program: 0, notes: notes)], length: 480 * 4 * bars)
  }

  /// Tunes of different lengths.
  static func tunes(
    _ count: Int, bars: ClosedRange<Int> = 8...8, repeats: Bool = false, seed: UInt64
  ) -> [Score] {
    var random = RepeatableGenerator(seed: seed)
    return (0..<count).map { _ in tune(bars: random.number(bars), repeats: repeats, &random) }
  }

  /// Scores as pieces of a model.
  static func pieces(_ scores: [Score], _ model: MusicModel) throws -> [EvaluatedPiece] {
    try scores.enumerated().map {
      try EvaluatedPiece(name: "piece \($0.offset)", score: $0.element, tokenizer: model.tokenizer)
    }
  }
}
