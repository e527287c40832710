// A network of our own choice learns tunes and composes: here an LSTM of two layers with a sum around the second.
//
//     swift run own-network [FOLDER] [EPOCHS]
import Arithmetic
import Composing
import ExampleSupport
import Music
import Recurrent
import Tokenization
import Training

let arguments = Arguments("own-network [FOLDER] [EPOCHS]")
let (folder, epochs) = (arguments.text(0, default: "corpora"), arguments.number(1, default: 4))

attempt {
  let tokenizer = try REMITokenizer(configuration: REMIConfiguration(instruments: .single(program: 73)))
  let size = tokenizer.vocabulary.count, head = Head.softmax(classCount: size)
  let stack = StackConfiguration(cell: .lstm, hiddenSize: 96, layerCount: 2, isResidual: true)
  let network = Network(
    configuration: .init(input: .ids(size, embeddingSize: 48), stack: stack, head: head), seed: 1)

  let tunes = try Melodies.tunes(in: folder, noteCount: 8).map { try tokenizer.encode($0).ids }
  let sequences = tunes.map {
    TrainingSequence(ids: Array($0.dropLast()), target: .labels(Array($0.dropFirst())))
  }
  let batches = SequenceBatches(sequences, batchSize: 16, head: head, seed: 1), team = ThreadTeam()
  let learner = Learner(
    NetworkPass(network: network, batches: batches, team: team), learningRate: 3e-3, team: team)
  for epoch in 0..<epochs { print("\(try learner.learn(batches.batches(epoch: epoch)).mean) nats a token") }

  let piece = try Composer(model: MusicModel(tokenizer: tokenizer, network: network)).compose(
    .init(seed: 1, bars: 4))
  print("\(piece.bars) bars: \(piece.score.melody.map { "\($0.pitch)" }.joined(separator: " "))")
}
