// How surprising a model finds each note of a piece, in nats.
//
//     swift run surprisal MODEL FILE
import Composing
import ExampleSupport
import Music
import Notation
import Tokenization

let arguments = Arguments("surprisal MODEL FILE")

/// A number with two places after the point.
func decimal(_ value: Double) -> String { "\((value * 100).rounded() / 100)" }

attempt {
  let model = try MusicModel(path: arguments.text(0))
  let score = try ScoreReader.read(path: arguments.text(1)).scores[0]
  let reading = try Composer(model: model).surprisals(of: score)
  for note in reading.notes {
    print("tick \(note.note.onset), pitch \(note.note.pitch): \(decimal(note.surprisal))")
  }
  print("\(decimal(reading.perNote)) nats a note, \(decimal(reading.perToken)) a token")
}
