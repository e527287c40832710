// A model composes eight bars, which are written as MIDI and as sound.
//
//     swift run compose MODEL OUTPUT
import Audio
import Composing
import MIDI
import Music
import Synthesis

guard CommandLine.arguments.count == 3 else {
  print("usage: compose MODEL OUTPUT    writes OUTPUT.mid and OUTPUT.wav")
  throw ExitWithUsage()
}
let (folder, output) = (CommandLine.arguments[1], CommandLine.arguments[2])

let model = try MusicModel(path: folder)
let piece = try Composer(model: model).compose(CompositionOptions(seed: 1, bars: 8))
try MIDIFile(score: piece.score).write(to: output + ".mid")

var sound = ScoreRenderer(score: piece.score, library: try InstrumentLibrary(folder: "presets/instruments"))
try AudioFile.write(&sound, to: output + ".wav")
print("\(piece.bars) bars, \(piece.notes) notes, \(Int(piece.seconds)) seconds")

struct ExitWithUsage: Error {}
