internal import Arithmetic
internal import Testing

@testable import Recurrent

@Suite struct TranslatorTests {
  private let source: [Int32] = [1, 4, 0, 2]

  /// −log p of a target, from the pass that training uses.
  private func loss(_ model: EncoderDecoder, _ target: [Int32]) -> Double {
    let pass = EncoderDecoderPass(
      model: model, capacity: .init(pairs: 1, sourceLength: 4, targetLength: 9),
      team: ThreadTeam(threadCount: 1))
    return pass.evaluate(SequencePairBatch(sources: [source], targets: [target])).sum
  }

  @Test("A full beam is exhaustive", arguments: EncoderDecoderTests.configurations)
  func aFullBeamIsExhaustive(configuration: EncoderDecoderConfiguration) {
    let model = EncoderDecoder(configuration: configuration, seed: 1)
    let ids: [Int32] = [0, 1, 2, 3]
    let targets: [[Int32]] =
      [[]] + ids.map { [$0] } + ids.flatMap { a in ids.map { [a, $0] } }
    let all = targets.map {
      ($0, LengthNormalization.wu(0.7).score(logProbability: -loss(model, $0), count: $0.count + 1))
    }
    .sorted { $0.1 > $1.1 }
    let found = Translator(model: model).search(
      source, BeamSearchOptions(width: 100, maximumLength: 2, normalization: .wu(0.7)))
    #expect(found.map(\.ids) == all.map(\.0) && found.allSatisfy(\.isComplete))
    for (translation, expected) in zip(found, all) { #expect(abs(translation.score - expected.1) < 1e-5) }
  }

  @Test(
    "What is found has the probability and the alignment of the pass",
    arguments: EncoderDecoderTests.configurations, [1, 3])
  func whatIsFoundHasTheProbabilityAndTheAlignmentOfThePass(
    configuration: EncoderDecoderConfiguration, width: Int
  ) {
    for seed in UInt64(0)..<8 {
      let model = EncoderDecoder(configuration: configuration, seed: seed)
      let found = Translator(model: model).search(source, BeamSearchOptions(width: width, maximumLength: 9))
      #expect(!found.isEmpty && found.count <= width)
      for translation in found where translation.isComplete {
        let pass = EncoderDecoderPass(
          model: model, capacity: .init(pairs: 1, sourceLength: 4, targetLength: 9),
          team: ThreadTeam(threadCount: 1))
        let loss = pass.evaluate(SequencePairBatch(sources: [source], targets: [translation.ids])).sum
        #expect(abs(loss + translation.logProbability) < 1e-5 * loss)
        let weights = translation.alignment.flatMap(\.self)
        #expect(weights.count == (translation.ids.count + 1) * source.count)
        #expect(relativeDistance(weights, pass.attention.weights.elements.prefix(weights.count)) < 1e-5)
      }
    }
  }

  @Test("A beam of one takes the most probable ID at each step")
  func aBeamOfOneTakesTheMostProbableIDAtEachStep() {
    for seed in UInt64(0)..<8 {
      let model = EncoderDecoder(configuration: EncoderDecoderTests.configurations[0], seed: seed)
      let translation = Translator(model: model).translate(source, maximumLength: 6)
      var ids: [Int32] = []
      while ids.count < 6 {
        let losses = (0..<4).map { loss(model, ids + [$0]) - loss(model, ids + [$0], endLoss: true) }
        let end = loss(model, ids, endLoss: true)
        guard let best = losses.indices.min(by: { losses[$0] < losses[$1] }) else { break }
        if end <= losses[best] - prefixLoss(model, ids) { break }
        ids.append(Int32(best))
      }
      #expect(translation.ids == ids && translation.isComplete == (ids.count < 6))
    }
  }

  /// −log p of a target's end alone.
  private func loss(_ model: EncoderDecoder, _ target: [Int32], endLoss: Bool) -> Double {
    loss(model, target) - prefixLoss(model, target)
  }

  /// −log p of a target without its end.
  private func prefixLoss(_ model: EncoderDecoder, _ target: [Int32]) -> Double {
    let pass = EncoderDecoderPass(
      model: model, capacity: .init(pairs: 1, sourceLength: 4, targetLength: 9),
      team: ThreadTeam(threadCount: 1))
    _ = pass.evaluate(SequencePairBatch(sources: [source], targets: [target]))
    return pass.losses.elements.prefix(target.count).reduce(0) { $0 + Double($1) }
  }

  @Test("A translator is as good as new after long and wide searches")
  func aTranslatorIsAsGoodAsNewAfterLongAndWideSearches() {
    let model = EncoderDecoder(configuration: EncoderDecoderTests.configurations[1], seed: 5)
    let translator = Translator(model: model)
    let first = translator.translate(source)
    let long = (0..<200).map { Int32($0 % 6) }
    #expect(translator.search(long, BeamSearchOptions(width: 7, maximumLength: 30)).count <= 7)
    #expect(translator.translate(source) == first)
  }
}
