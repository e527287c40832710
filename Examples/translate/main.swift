// English numbers become German ones, and what the network looked at when it wrote each word is printed and drawn.
//
//     swift run -c release translate [STEPS]
import Arithmetic
import ExampleSupport
import Foundation
import Groundwork
import Recurrent

let stepCount = Arguments("translate [STEPS]").number(0, default: 1000)
let english = Words(of: englishNumber), german = Words(of: germanNumber)
let model = EncoderDecoder(
  configuration: EncoderDecoderConfiguration(
    sourceVocabularySize: english.words.count, targetVocabularySize: german.words.count, embeddingSize: 32,
    encoder: StackConfiguration(hiddenSize: 32, layerCount: 1, isBidirectional: true),
    decoder: StackConfiguration(hiddenSize: 64, layerCount: 1),
    attention: AttentionConfiguration(score: .additive, alignmentSize: 32), endID: german.endID),
  seed: 1)

// Learn from numbers below a million, 64 at each step; every seventh is kept for the test.
let team = ThreadTeam()
let pass = EncoderDecoderPass(
  model: model, capacity: .init(pairs: 64, sourceLength: 16, targetLength: 16), team: team)
let optimizer = Optimizer(.adam(), parameterCount: model.parameters.count)
var random = RandomStream(seed: 1, name: "numbers"), dropout = RandomStream(seed: 1, name: "dropout")
for step in 1...stepCount {
  let numbers = (0..<64).map { _ in 7 * random.integer(below: 142_857) + 1 + random.integer(below: 6) }
  let batch = SequencePairBatch(
    sources: numbers.map { english.ids(englishNumber($0)) },
    targets: numbers.map { german.ids(germanNumber($0)) })
  let loss = pass.train(batch, dropout: &dropout)
  optimizer.update(model.parameters, gradients: pass.gradients, learningRate: 3e-3, team: team)
  pass.parametersDidChange()
  if step % 200 == 0 { print("step \(step): \(String(format: "%.4f", loss.mean)) nats a word") }
}

let translator = Translator(model: model)
let unseen = (0..<500).map { _ in 7 * (1 + random.integer(below: 142_857)) }
let right = unseen.count {
  german.words(translator.translate(english.ids(englishNumber($0))).ids) == germanNumber($0)
}
print("\(right) of \(unseen.count) numbers that it never saw are right\n")

let source = englishNumber(765_432)
let translation = translator.translate(english.ids(source))
let target = german.words(translation.ids) + (translation.isComplete ? ["."] : [])
let picture = AlignmentPicture(source: source, target: target, weights: translation.alignment)
print(picture.text)
attempt { try replaceFile(at: "alignment.svg", with: picture.drawing) }
