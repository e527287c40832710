// A tokenizer of ten tokens of our own: the beginning, the end, a rest and the seven notes of a scale, each as long as
// a beat. A model learns the folk tunes of a folder with it and composes.
//
//     swift run ten-tokens MUSIC OUTPUT
import Composing
import Corpora
import ExampleSupport
import Music
import Recurrent
import Tokenization
import Training

struct TenTokens: SimpleTokens {
  static let tokenizerName = "ten"
  var tokens: [SimpleToken] {
    [SimpleToken("Rest", .position)] + "CDEFGAB".map { SimpleToken("\($0)", .pitch) }
  }

  func write(_ score: Score) -> [Int] {
    // On each beat the degree of the scale that begins there; seven degrees are spread over twelve semitones.
    let beats = score.melody.map { ($0.onset / score.ticksPerQuarter, 1 + ($0.pitch % 12 * 7 + 5) / 12) }
    var list = [Int](repeating: 0, count: (beats.last?.0 ?? -1) + 1)
    for (beat, degree) in beats { list[beat] = degree }
    return list
  }

  func read(_ token: Int, at tick: inout Int) -> [Note] {
    defer { tick += ticksPerQuarter }
    let pitch = 60 + ((token - 1) * 12 + 5) / 7
    return token == 0 ? [] : [Note(onset: tick, duration: ticksPerQuarter, pitch: pitch, velocity: 80)]
  }
}

let arguments = Arguments("ten-tokens MUSIC OUTPUT")
let (music, output) = (arguments.text(0), arguments.text(1))

attempt {
  let corpus = try CorpusBuilder(tokenizer: TenTokens()).build(from: [music], to: output + "/corpus")
  var training = try MusicTraining(
    path: output, preset: "small",
    settings: ModelPreset(
      network: LanguageModelShape(embeddingSize: 16, hiddenSize: 64, layerCount: 1, dropout: 0),
      training: TrainingConfiguration(budget: .steps(200), batchSize: 16)),
    existing: .overwrite, program: "ten-tokens")
  _ = try training.run(on: TrainingPieces(corpus: corpus), threadCount: 2)
  let model = try MusicModel(path: output, tokenizers: .standard.adding(TenTokens.self))
  let piece = try Composer(model: model).compose(CompositionOptions(seed: 1))
  print("\(model.tokenizer.vocabulary.count) tokens, \(piece.notes) notes:")
  print(piece.score.melody.map { "\($0.pitch)" }.joined(separator: " "))
}
