import LimitChecks
import Music
import TestSupport
import Testing
import Tokenization

@testable import Composing

@Suite struct DebugTests {
  @Test("debug") func debug() throws {
    for (ensemble, wantedSeeds) in [(0, [26]), (1, [2, 14, 34])] {
      let model = try LimitTests.model(parts: LimitTests.ensembles[ensemble])
      let composer = try Composer(model: model)
      var drawing = LimitDrawing(
        RepeatableGenerator(seed: UInt64(7 + ensemble)), hasInstruments: true, hasTimeSignatures: true,
        hasChordPart: ensemble > 0)
      for seed in 1...60 {
        let (limits, bars) = try drawing.next(bars: [1, 2, 4])
        guard wantedSeeds.contains(seed) else { continue }
        let request = try limits.held(by: model.tokenizer, bars: bars)
        let options = CompositionOptions(seed: UInt64(seed), bars: request.bars, constraints: request.constraints)
        let session = try composer.session(options)
        let vocabulary = model.tokenizer.vocabulary
        // Walk by hand: grammar and constraint, with random choices.
        var grammar = model.tokenizer.makeGrammar(bars: .exactly(request.bars ?? 2))
        var constraint = request.constraints[0]
        var mask = [Bool](repeating: false, count: vocabulary.count)
        var trail: [String] = []
        var random = RepeatableGenerator(seed: 5)
        grammar.advance(1)
        constraint.advance(1)
        _ = session
        for _ in 0..<400 {
          grammar.allowed(into: &mask)
          let byGrammar = mask.indices.filter { mask[$0] }
          constraint.narrow(&mask)
          let narrowed = mask.indices.filter { mask[$0] }
          let open = narrowed.filter { constraint.leastToFinish(after: Int32($0)) != nil }
          guard let id = open.randomElement(using: &random) else {
            print("seed \(seed): stuck after \(trail.suffix(24))")
            print("  grammar \(byGrammar.prefix(8).map { vocabulary.tokens[$0] }) \(byGrammar.count) narrowed \(narrowed.prefix(8).map { vocabulary.tokens[$0] })")
            print("  \(limits.summary)")
            break
          }
          trail.append(vocabulary.tokens[id])
          grammar.advance(Int32(id))
          constraint.advance(Int32(id))
          if grammar.isFinished { print("seed \(seed): finished \(trail.count)"); break }
        }
      }
    }
  }
}
