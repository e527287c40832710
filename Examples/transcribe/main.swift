// Connectionist temporal classification: a network hears melodies and learns to write their notes down, though nothing tells
// it when each of them sounds. `Musician` makes the melodies up, and plays them on the project's instruments.
//
//     swift run -c release transcribe [MELODIES] [EPOCHS] [SEED]
import Arithmetic
import ExampleSupport
import Recurrent
import Training

let arguments = Arguments("transcribe [MELODIES] [EPOCHS] [SEED]")
let count = arguments.number(0, in: 10...10_000, default: 400)
let epochs = arguments.number(1, default: 15), seed = UInt64(arguments.number(2, default: 1))

let (piano, accordion, violin, trumpet, clarinet, flute) = (0, 21, 40, 56, 71, 73)
var musician = attempt { try Musician(seed: seed) }
let training = attempt { try musician.melodies(count, on: [piano, violin, trumpet, flute]) }
let familiar = attempt { try musician.melodies(count / 10, on: [piano, violin, trumpet, flute]) }
let strange = attempt { try musician.melodies(count / 10, on: [clarinet, accordion]) }

// Class 0 is the blank, which stands between two notes that are the same and wherever there is nothing to write.
let head = Head.ctc(classCount: Musician.range.count + 1)
let network = Network(
  configuration: .init(
    input: .frames(Musician.frameSize),
    stack: StackConfiguration(hiddenSize: 64, layerCount: 1, isBidirectional: true), head: head),
  normalization: FrameNormalization(of: training, frameSize: Musician.frameSize), seed: seed)
let batches = SequenceBatches(training, batchSize: 16, head: head, seed: seed)
let team = ThreadTeam()
let pass = NetworkPass(network: network, batches: batches, team: team)
let learner = Learner(pass, learningRate: 1e-2, team: team)

/// How many notes must be put in, taken out or replaced to make one melody of another (Levenshtein 1966).
func distance(from a: [Int32], to b: [Int32]) -> Int {
  var row = Array(0...b.count)
  for (i, note) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in b.enumerated() {
      let replaced = diagonal + (note == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}

/// Notes to correct of a hundred, in what is read from outputs: the most probable alignment, or what a beam search finds that
/// adds all alignments up.
func errorRate(_ outputs: [NetworkOutput], _ melodies: [TrainingSequence], beamWidth: Int? = nil) -> String {
  let wrong = zip(outputs, melodies).reduce(0) {
    $0 + distance(from: $1.0.labelSequence(ofSequence: 0, beamWidth: beamWidth), to: $1.1.labels)
  }
  let thousandths = 1000 * wrong / melodies.reduce(0) { $0 + $1.labels.count }
  return "\(thousandths / 10).\(thousandths % 10) %"
}

let unlearned = familiar.map { pass.predict(SequenceBatch([$0], head: head)) }
print("before it has learned: \(errorRate(unlearned, familiar)) of the notes are wrong")
for epoch in 0..<epochs {
  let loss = attempt { try learner.learn(batches.batches(epoch: epoch)) }
  if epoch % 3 == 2 { print("epoch \(epoch + 1): \(Int(1000 * loss.mean)) millinats a melody") }
}
for (name, melodies) in [("the same instruments", familiar), ("clarinet and accordion", strange)] {
  let outputs = melodies.map { pass.predict(SequenceBatch([$0], head: head)) }
  let greedy = errorRate(outputs, melodies), beam = errorRate(outputs, melodies, beamWidth: 8)
  print("\n\(name), new melodies: \(greedy) are wrong, \(beam) by beam search")
  for (output, melody) in zip(outputs, melodies).prefix(3) {
    print(
      "  played  \(names(of: melody.labels))\n  heard   \(names(of: output.labelSequence(ofSequence: 0)))")
  }
}

/// Notes by name and octave, such as C4 for middle C.
func names(of notes: [Int32]) -> String {
  let names = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"]
  return notes.map { names[(Int($0) - 1) % 12] + "\(4 + (Int($0) - 1) / 12)" }.joined(separator: " ")
}
