// A network of our own choice learns tunes and composes: here an LSTM of two layers with a sum around the second.
//
//     swift run own-network [FOLDER] [EPOCHS]
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
  let architecture = LanguageModelConfiguration(
    cell: .lstm, vocabularySize: tokenizer.vocabulary.count, embeddingSize: 48, hiddenSize: 96, layerCount: 2,
    isResidual: true)
  let network = Network(configuration: architecture, seed: 1)
  let tunes = try Melodies.tunes(in: folder, noteCount: 8).map { try tokenizer.encode($0).ids }
  let sequences = tunes.map { TrainingSequence(nextIDs: $0) }
  let batches = SequenceBatches(sequences, batchSize: 16, head: network.configuration.head, seed: 1)
  let learner = Learner(network, on: batches, learningRate: 3e-3)
  for epoch in 0..<epochs { print("\(try learner.learn(batches.batches(epoch: epoch)).mean) nats per token") }
  let composer = try Composer(model: MusicModel(tokenizer: tokenizer, network: network))
  let piece = try composer.compose(CompositionOptions(seed: 1, bars: 4))
  print("\(piece.bars) bars: \(piece.score.melody.map { "\($0.pitch)" }.joined(separator: " "))")
}
