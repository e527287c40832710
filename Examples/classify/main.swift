// A sequence classifier: are the beats of a tune halved, as in a reel, or split in three, as in a jig? It hears lengths and
// steps of thirty-two notes, and no bar lines.
//
//     swift run -c release classify [FOLDER] [EPOCHS]
import Arithmetic
import ExampleSupport
import Music
import Recurrent
import Training

let arguments = Arguments("classify [FOLDER] [EPOCHS]")
let folder = arguments.text(0, default: "corpora"), epochs = arguments.number(1, default: 12)
let classes = ["simple", "compound"]
let length = 32

/// Runs of notes of a tune: lengths in sixteenths, and steps from the note before in semitones.
func sequences(of score: Score) -> [TrainingSequence] {
  let notes = score.melody, isCompound = score.timeSignatures.first?.timeSignature.denominator == 8
  return stride(from: 1, through: notes.count - length, by: 4).map { first in
    let ids = (first..<first + length).flatMap { place -> [Int32] in
      let sixteenths = 4 * notes[place].duration / score.ticksPerQuarter
      let step = notes[place].pitch - notes[place - 1].pitch
      return [Int32(min(sixteenths, 16)), Int32(min(max(step, -12), 12) + 12)]
    }
    return TrainingSequence(length: length, ids: ids, target: .labels([isCompound ? 1 : 0]))
  }
}

// Every fourth tune is kept for the test: no tune is in both.
let tunes = attempt { try Melodies.tunes(in: folder, noteCount: length + 1) }
let training = tunes.indices.filter { $0 % 4 != 3 }.flatMap { sequences(of: tunes[$0]) }
let test = tunes.indices.filter { $0 % 4 == 3 }.flatMap { sequences(of: tunes[$0]) }

let head = Head.softmax(classCount: 2, pooling: .attention)
let network = Network(
  configuration: .init(
    input: .init(vocabularySizes: [17, 25], embeddingSize: 8, dropout: 0.25),
    stack: StackConfiguration(hiddenSize: 16, layerCount: 1, isBidirectional: true, dropout: 0.5), head: head),
  seed: 1)
let batches = SequenceBatches(training, batchSize: 32, head: head, seed: 1)
let team = ThreadTeam()
let pass = NetworkPass(network: network, batches: batches, team: team)
let learner = Learner(pass, learningRate: 2e-3, team: team)
for epoch in 0..<epochs {
  let loss = attempt { try learner.learn(batches.batches(epoch: epoch)) }
  print("epoch \(epoch + 1): \(Int((1000 * loss.mean).rounded())) millinats")
}

let guesses = test.flatMap { pass.predict(SequenceBatch([$0], head: head)).labels }
for (index, name) in classes.enumerated() {
  let places = test.indices.filter { Int(test[$0].labels[0]) == index }
  print("\(name): \(places.count { Int(guesses[$0]) == index }) of \(places.count) right")
}
print("all: \(100 * test.indices.count { guesses[$0] == test[$0].labels[0] } / test.count) % right")
