// A sequence labeller: which note of the scale is each note of a melody, when do is the one on which it ends? What went
// before lets a reader guess; only the end tells. A bidirectional network has read it at every note.
//
//     swift run -c release label [FOLDER] [EPOCHS] [SEED]
import Arithmetic
import ExampleSupport
import Music
import Recurrent
import Training

let arguments = Arguments("label [FOLDER] [EPOCHS] [SEED]")
let folder = arguments.text(0, default: "corpora")
let epochs = arguments.number(1, default: 20), seed = UInt64(arguments.number(2, default: 1))
let keys = [" C", "C♯", " D", "E♭", " E", " F", "F♯", " G", "A♭", " A", "B♭", " B"]
let scale = ["do", "ra", "re", "me", "mi", "fa", "fi", "so", "le", "la", "te", "ti"]

/// A tune this many semitones higher: what is read are its keys, whatever the octave; the labels are notes of the scale.
func sequence(of tune: Score, higherBy semitones: Int) -> TrainingSequence {
  let pitches = tune.melody.map(\.pitch), last = pitches.last ?? 0
  return TrainingSequence(
    ids: pitches.map { Int32(($0 + semitones) % 12) },
    target: .labels(pitches.map { Int32(($0 - last + 132) % 12) }))
}

// Every fourth tune is kept for the test. The others are learned in all twelve keys.
let tunes = attempt { try Melodies.tunes(in: folder, noteCount: 8) }
let training = tunes.indices.filter { $0 % 4 != 3 }.flatMap { index in
  (0..<12).map { sequence(of: tunes[index], higherBy: $0) }
}
let tested = tunes.indices.filter { $0 % 4 == 3 }.map { tunes[$0] }
let test = tested.map { sequence(of: $0, higherBy: 0) }

/// What a network says of the test after training.
func labels(isBidirectional: Bool) throws -> [[Int32]] {
  let head = Head.softmax(classCount: scale.count)
  let network = Network(
    configuration: .init(
      input: .init(vocabularySizes: [keys.count], embeddingSize: 16),
      stack: StackConfiguration(hiddenSize: 64, layerCount: 1, isBidirectional: isBidirectional), head: head),
    seed: seed)
  let batches = SequenceBatches(training, batchSize: 32, head: head, seed: seed)
  let team = ThreadTeam()
  let pass = NetworkPass(network: network, batches: batches, team: team)
  let learner = Learner(pass, learningRate: 1e-2, team: team)
  for epoch in 0..<epochs { try learner.learn(batches.batches(epoch: epoch)) }
  return test.map { pass.predict(SequenceBatch([$0], head: head)).labels(ofSequence: 0) }
}

/// The share of notes that are labeled right.
func accuracy(_ labels: [[Int32]]) -> String {
  let right = zip(labels, test).reduce(0) { $0 + zip($1.0, $1.1.labels).count { $0 == $1 } }
  return "\(100 * right / test.reduce(0) { $0 + $1.length }) %"
}

let forward = attempt { try labels(isBidirectional: false) }
let both = attempt { try labels(isBidirectional: true) }
print("reading forward: \(accuracy(forward)) of the notes right")
print("reading both ways: \(accuracy(both))")
for index in test.indices.prefix(3) {
  func line(_ words: [String]) -> String { words.prefix(24).joined(separator: " ") }
  func line(_ labels: [Int32]) -> String { line(labels.map { scale[Int($0)] }) }
  print("\n\(tested[index].title ?? "")")
  print("notes      \(line(tested[index].melody.map { keys[$0.pitch % 12] }))")
  print("forward    \(line(forward[index]))")
  print("both ways  \(line(both[index]))")
  print("truth      \(line(test[index].labels))")
}
