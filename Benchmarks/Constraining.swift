internal import Arithmetic
internal import Composing
internal import Foundation
internal import Recurrent
internal import Tokenization

/// What constraints cost while pieces are composed: the same seeds without any, with a key, and with a key and a range of pitches.
///
///     benchmarks constrain [LAYERS HIDDEN] [PIECES]
///
/// The network is random, of REMI's standard vocabulary, and its pieces of eight bars are composed one after the other. What a
/// token takes is compared, since pieces under constraints have another number of tokens.
func measureConstraints(_ arguments: [String]) throws {
  let numbers = arguments.compactMap(Int.init)
  guard numbers.count == arguments.count, numbers.allSatisfy({ $0 > 0 }) else {
    return printUsage("benchmarks constrain [LAYERS HIDDEN] [PIECES]")
  }
  let (layers, hidden) = numbers.count > 1 ? (numbers[0], numbers[1]) : (2, 256)
  let tokenizer = try REMITokenizer()
  let network = LanguageModelConfiguration(
    vocabularySize: tokenizer.vocabulary.count, embeddingSize: hidden, hiddenSize: hidden, layerCount: layers)
  let composer = try Composer(
    model: MusicModel(tokenizer: tokenizer, network: Network(configuration: network, seed: 0)))
  let key = PitchConstraint("C major", tokenizer) { [0, 2, 4, 5, 7, 9, 11].contains($0 % 12) }
  let range = PitchConstraint("C3 to C6", tokenizer) { (48...84).contains($0) }
  let cases: [(name: String, constraints: [any TokenConstraint])] = [
    ("none", []), ("key", [key]), ("key and range", [key, range]),
  ]
  let clock = ContinuousClock()
  var seconds = [Double](repeating: 0, count: cases.count), tokens = [Int](repeating: 0, count: cases.count)
  for seed in Composer.seeds(
    from: 1, count: numbers.count == 1 ? numbers[0] : numbers.count > 2 ? numbers[2] : 40)
  {
    // Side by side, so that other work on the machine slows all of them.
    for index in cases.indices {
      let options = CompositionOptions(seed: seed, bars: 8, constraints: cases[index].constraints)
      let start = clock.now
      tokens[index] += try composer.compose(options).tokens
      seconds[index] += (clock.now - start) / .seconds(1)
    }
  }
  let cost = zip(seconds, tokens).map { $0 / Double($1) }
  for index in cases.indices {
    printJSONLine([
      ("constraints", "\"\(cases[index].name)\""), ("layers", "\(layers)"), ("hidden", "\(hidden)"),
      ("tokens", "\(tokens[index])"), ("token_us", String(format: "%.2f", cost[index] * 1e6)),
      ("relative", String(format: "%.3f", cost[index] / cost[0])),
    ])
  }
}

/// Leaves only pitches that are allowed.
private struct PitchConstraint: TokenConstraint {
  let summary: String
  private let forbidden: [Int32]

  init(_ summary: String, _ tokenizer: any Tokenizer, where isAllowed: (Int) -> Bool) {
    self.summary = summary
    forbidden = tokenizer.vocabulary.roles.ids { $0.pitch.map { !isAllowed($0) } ?? false }
  }

  mutating func advance(_ id: Int32) {}
  func narrow(_ mask: inout [Bool]) { for id in forbidden { mask[Int(id)] = false } }
  func leastToFinish() -> Int? { 0 }
}
