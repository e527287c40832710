// A model composes eight bars, which are written as MIDI and as sound.
//
//     swift run compose MODEL OUTPUT
import Audio
import Composing
import ExampleSupport
import MIDI
import Music
import Notation
import Synthesis

let arguments = Arguments("compose MODEL OUTPUT")
let (folder, output) = (arguments.text(0), arguments.text(1))

attempt {
  let model = try MusicModel(path: folder)
  let piece = try Composer(model: model).compose(CompositionOptions(seed: 1, bars: 8))
  try MIDIFile(score: piece.score).write(to: output + ".mid")

  var sound = ScoreRenderer(score: piece.score, library: try InstrumentLibrary(folder: "presets/instruments"))
  try AudioFile.write(&sound, to: output + ".wav")
  print("\(piece.bars) bars, \(piece.notes) notes, \(Int(piece.seconds)) seconds")
}
