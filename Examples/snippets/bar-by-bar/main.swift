// A model composes bar by bar, and each bar is printed as soon as it is complete.
//
//     swift run bar-by-bar MODEL [SEED]
import Composing
import ExampleSupport
import Music
import Tokenization

let arguments = Arguments("bar-by-bar MODEL [SEED]")
let (folder, seed) = (arguments.text(0), arguments.number(1, default: 1))

attempt {
  let model = try MusicModel(path: folder)
  let session = try CompositionSession(model: model, CompositionOptions(seed: UInt64(seed), bars: 8))
  while let bar = try session.nextBar() {
    let pitches = bar.notes.map { "\($0.note.pitch)" }.joined(separator: " ")
    print("bar \(bar.number + 1), \(bar.timeSignature): \(pitches)")
  }
}
