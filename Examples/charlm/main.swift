// A network learns a text character by character, and writes on in its manner.
//
//     swift run -c release charlm [TEXT] [EPOCHS]
import Arithmetic
import ExampleSupport
import Foundation
import Recurrent
import Training

// The text: a file of the reader's choice, or the melodies that ship.
let arguments = Arguments("charlm [TEXT] [EPOCHS]")
let path = arguments.text(0), epochs = arguments.number(1, default: 40)
let text = attempt {
  let text = path.isEmpty ? try Melodies.text(in: "corpora") : try readText(ofFile: path)
  guard text.count >= 20 else { throw InputError("\(path): \(text.count) characters; 20 are needed") }
  return text
}

// The vocabulary: the characters that occur. The last tenth of the text is held out.
let characters = Set(text).sorted()
let ids = Dictionary(uniqueKeysWithValues: zip(characters, Int32(0)...))
let sequence = text.compactMap { ids[$0] }, split = sequence.count * 9 / 10
let training = TokenBatch.windows(of: sequence.prefix(split), batchSize: 16, truncationLength: 64)
let heldOut = TokenBatch.windows(of: sequence.dropFirst(split), batchSize: 16, truncationLength: 64)
print("\(sequence.count) characters, \(characters.count) different ones")

let model = Network(
  configuration: LanguageModelConfiguration(
    cell: .lstm, vocabularySize: characters.count, embeddingSize: 32, hiddenSize: 128, layerCount: 2,
    dropout: 0.3),
  seed: 1)

// Truncated backpropagation through time: a window's gradient ends where it begins, its states come from the one before.
let team = ThreadTeam()
let pass = LanguageModelPass(network: model, batchSize: 16, truncationLength: 64, team: team)
let learner = Learner(pass, learningRate: 3e-3, team: team)
for epoch in 1...epochs {
  let bits = attempt { try learner.learn(training).mean / log(2) }
  let heldOutBits = learner.loss(on: heldOut).mean / log(2)
  if epoch % max(1, epochs / 10) == 0 {
    print(String(format: "epoch %d: %.2f bits a character, %.2f held out", epoch, bits, heldOutBits))
  }
}

// Each character is drawn from what the network expects, and fed back.
let sampler = LanguageModelSampler(model: model)
var random = RandomStream(seed: 1, name: "sampling"), last = sequence.last ?? 0
for _ in 0..<600 {
  last = sampler.advance(last) { Int32(random.index(logits: $0, temperature: 0.7)) }
  print(characters[Int(last)], terminator: "")
}
print()
