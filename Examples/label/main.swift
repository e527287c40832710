// A sequence labeller: where do the bar lines of a melody go? A note begins a bar or it does not, which what follows shows
// as well as what went before: a bidirectional network reads both.
//
//     swift run -c release label [FOLDER] [EPOCHS]
import Arithmetic
import Music
import Recurrent
import Training

let folder = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "corpora"
let epochs = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 0 : 60
let files = [
  "carols", "hornpipes", "hymns", "jigs", "minuets", "modal", "nursery", "polkas", "reels", "songs",
]
let metres = ["2/4", "3/4", "4/4", "6/8"]
let names = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"]

/// A tune's notes, whose three embeddings are summed: length in sixteenths, step from the note before in semitones, and
/// the tune's metre. The label is 1 where a note begins a bar.
func sequence(of score: Score) -> TrainingSequence {
  let notes = score.tracks.first?.notes ?? [], lines = Set(score.bars.map(\.start))
  let metre = score.metres.first.flatMap { metres.firstIndex(of: "\($0.numerator)/\($0.denominator)") } ?? -1
  let ids = notes.indices.flatMap { place -> [Int32] in
    let sixteenths = 4 * notes[place].duration / score.ticksPerQuarter
    let step = notes[place].pitch - notes[max(0, place - 1)].pitch
    return [Int32(min(sixteenths, 16)), Int32(min(max(step, -12), 12) + 12), Int32(metre)]
  }
  return TrainingSequence(
    length: notes.count, ids: ids, target: .labels(notes.map { lines.contains($0.onset) ? 1 : 0 }))
}

// Every fourth tune is kept for the test.
let tunes = try files.flatMap { try ScoreReader.read(path: "\(folder)/\($0).abc").scores }
let training = tunes.indices.filter { $0 % 4 != 3 }.map { sequence(of: tunes[$0]) }
let tested = tunes.indices.filter { $0 % 4 == 3 }.map { tunes[$0] }
let test = tested.map { sequence(of: $0) }

/// What a network says of the test after training.
func labels(isBidirectional: Bool) throws -> [[Int32]] {
  let head = Head.softmax(classCount: 2)
  let network = Network(
    configuration: .init(
      input: .init(vocabularySizes: [17, 25, metres.count], embeddingSize: 16, dropout: 0.2),
      stack: StackConfiguration(
        hiddenSize: 64, layerCount: 2, isBidirectional: isBidirectional, dropout: 0.4),
      head: head),
    seed: 1)
  let batches = SequenceBatches(training, batchSize: 8, head: head, seed: 1)
  let team = ThreadTeam()
  let pass = NetworkPass(network: network, batches: batches, team: team)
  let learner = Learner(pass, learningRate: 4e-3, team: team)
  for epoch in 0..<epochs { try learner.learn(batches.batches(epoch: epoch)) }
  return test.map { pass.predict(SequenceBatch([$0], head: head)).labels(ofSequence: 0) }
}

/// The share of notes that are labelled right.
func accuracy(_ labels: [[Int32]]) -> String {
  let right = zip(labels, test).reduce(0) { $0 + zip($1.0, $1.1.labels).count { $0 == $1 } }
  return "\(100 * right / test.reduce(0) { $0 + $1.length }) %"
}

let forward = try labels(isBidirectional: false), both = try labels(isBidirectional: true)
print("no bar line anywhere: \(accuracy(test.map { $0.labels.map { _ in 0 } })) of the notes right")
print("reading forward: \(accuracy(forward))")
print("reading both ways: \(accuracy(both))")
for (tune, labels) in zip(tested, both).prefix(3) {
  let notes = tune.tracks.first?.notes ?? []
  let bars = zip(notes, labels).prefix(40).map { ($1 == 1 ? "| " : "") + names[$0.pitch % 12] }
  print("\n\(tune.title ?? "")\n\(bars.joined(separator: " "))")
}
