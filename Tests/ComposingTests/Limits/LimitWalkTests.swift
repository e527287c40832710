import LimitChecks
import Music
import TestSupport
import Testing
import Tokenization

@testable import Composing

/// Ids that are chosen at random among those that grammar and limits allow, without any model.
@Suite struct LimitWalkTests {
  /// A walk: grammar and limits, and where the last draft began.
  private struct Walk {
    var grammar: any TokenGrammar
    var limits: any TokenConstraint
    var ids: [Int32] = []
    private var draft: (grammar: any TokenGrammar, limits: any TokenConstraint)?

    init(_ grammar: any TokenGrammar, _ limits: any TokenConstraint) {
      self.grammar = grammar
      self.limits = limits
    }

    mutating func take(_ id: Int32) {
      let before = (grammar, limits)
      let opens = grammar.beginsDraft(with: id)
      grammar.advance(id)
      limits.advance(id)
      ids.append(id)
      if let rewriting = grammar.rewriting, let draft {
        (grammar, limits) = draft
        ids.removeLast(ids.count - rewriting.keptCount)
        self.draft = nil
        for other in rewriting.ids {
          grammar.advance(other)
          limits.advance(other)
          ids.append(other)
        }
        take(id)
        return
      }
      if opens { draft = before }
    }
  }

  /// Walks to the end, or to a place where nothing is left.
  private static func walk(
    _ tokenizer: any Tokenizer, _ request: HeldLimits, _ random: inout RepeatableGenerator
  ) -> (ids: [Int32], isFinished: Bool) {
    let bars = request.bars.map { BarLimit.exactly($0) } ?? .atMost(8)
    let vocabulary = tokenizer.vocabulary
    let limits = request.constraints.first { $0 is CellLimits }
    guard let limits else { return ([], true) }
    var grammar = tokenizer.makeGrammar(bars: bars)
    // As composing does.
    grammar.allowSilentParts()
    var walk = Walk(grammar, limits)
    walk.take(vocabulary.roles.beginning)
    var mask = [Bool](repeating: false, count: vocabulary.count)
    var barStart = (count: 0, index: 0)
    while !walk.grammar.isFinished {
      if walk.grammar.barCount != barStart.count { barStart = (walk.grammar.barCount, walk.ids.count) }
      walk.grammar.allowed(into: &mask)
      walk.limits.narrow(&mask)
      var open = mask.indices.filter { mask[$0] }.map(Int32.init)
      // A bar does not go on for ever: after a while it is left where it can be.
      if walk.ids.count - barStart.index > 40 {
        let leaving: TokenRole = [.barLine, .end]
        open.sort {
          (vocabulary.roles[$0].isDisjoint(with: leaving) ? 1 : 0)
            < (vocabulary.roles[$1].isDisjoint(with: leaving) ? 1 : 0)
        }
      } else {
        // First a kind, then one of it, for there are many more pitches than bar lines.
        open.shuffle(using: &random)
        let kinds = Dictionary(grouping: open) { vocabulary.tokens[Int($0)].prefix { $0 != "_" } }
        let order = kinds.keys.sorted().shuffled(using: &random)
        open = order.flatMap { kinds[$0] ?? [] }
      }
      guard let id = open.first(where: { walk.limits.leastToFinish(after: $0) != nil }) else {
        return (walk.ids, false)
      }
      walk.take(id)
    }
    return (walk.ids, true)
  }

  @Test("No choice leads to a dead end", arguments: 0..<4) func noChoiceLeadsToADeadEnd(ensemble: Int) throws
  {
    let tokenizer = try LimitTests.model(ensemble).tokenizer
    var drawing = LimitDrawing(
      RepeatableGenerator(seed: UInt64(31 + ensemble)), share: 0.25, hasInstruments: true,
      hasTimeSignatures: true,
      hasChordPart: ensemble > 0)
    var random = RepeatableGenerator(seed: 3)
    var (walked, stuck) = (0, 0)
    for number in 1...30 {
      let (limits, bars) = try drawing.next(bars: [1, 2, 4])
      guard let request = try? limits.held(by: tokenizer, bars: bars) else { continue }
      let (ids, isFinished) = Self.walk(tokenizer, request, &random)
      walked += 1
      if !isFinished {
        stuck += 1
        let trail = ids.suffix(30).map { tokenizer.vocabulary.tokens[Int($0)] }.joined(separator: " ")
        Issue.record("request \(number), \(limits.summary), \(request.bars ?? 0) bars: stuck after \(trail)")
      }
    }
    #expect(stuck == 0 && walked > 10)
  }
}
