// A tokenizer of ten tokens of our own: the beginning, the end, a rest and the seven notes of a scale, each as long as
// a beat. A model learns the folk tunes of a folder with it and composes.
//
//     swift run ten-tokens MUSIC OUTPUT.mid
import Composing
import ExampleSupport
import Music
import Notation
import Tokenization

struct TenTokens: SimpleTokens {
  static let tokenizerName = "ten"
  var tokens: [SimpleToken] {
    [SimpleToken("Rest")]
      + zip("CDEFGAB", [60, 62, 64, 65, 67, 69, 71]).map { SimpleToken("\($0)", pitch: $1) }
  }

  func write(_ score: Score) -> [Int] {
    // The degree of the scale on each beat; seven degrees are spread over twelve semitones.
    score.highestNotes(stepsPerQuarter: 1).map { note in note.map { 1 + ($0.pitch % 12 * 7 + 5) / 12 } ?? 0 }
  }
}

let arguments = Arguments("ten-tokens MUSIC OUTPUT")

attempt {
  let model = try MusicModel.trained(on: [arguments.text(0)], tokenizer: TenTokens())
  let piece = try Composer(model: model).compose(CompositionOptions(seed: 1))
  try piece.score.write(to: arguments.text(1))
  print("\(model.tokenizer.vocabulary.count) tokens, \(piece.notes) notes")
}
