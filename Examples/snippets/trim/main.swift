// The fifth to the eighth bar of a piece, a whole tone higher, as a MIDI file.
//
//     swift run trim FILE OUTPUT.mid
import ExampleSupport
import Music
import Notation

let arguments = Arguments("trim FILE OUTPUT")

attempt {
  let score = try ScoreReader.read(path: arguments.text(0)).scores[0]
  let part = score.slice(bars: 4..<8).transposed(by: 2)
  try part.write(to: arguments.text(1))
  print("\(arguments.text(1)): \(part.bars.count) bars, \(part.noteCount) notes")
}
