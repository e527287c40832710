import Music
import TestSupport
import Testing
import Tokenization

@Suite struct GrammarTests {
  /// How long a piece a walk makes, and how it looks for its end.
  struct Walk: Sendable, CustomTestStringConvertible {
    var limit: BarLimit
    var name: String
    var testDescription: String { name }

    static let all = [
      Walk(limit: .exactly(1), name: "1 bar"), Walk(limit: .exactly(2), name: "2 bars"),
      Walk(limit: .exactly(5), name: "5 bars"), Walk(limit: .atMost(1), name: "at most 1 bar"),
      Walk(limit: .atMost(6), name: "at most 6 bars"), Walk(limit: BarLimit(3...4), name: "3 or 4 bars"),
      Walk(limit: .unlimited, name: "any number of bars"),
    ]
  }

  @Test("Whatever is allowed ends decodes and encodes to itself", arguments: Walk.all)
  func whateverIsAllowedEndsDecodesAndEncodesToItself(_ walk: Walk) throws {
    for (number, configuration) in TestConfigurations.all.enumerated() {
      let walker = try GrammarWalker(configuration)
      // The finest grid has ten times as many tokens as the others.
      for seed in 0..<(number == 5 ? 4 : 24) {
        let name = "configuration \(number), seed \(seed)"
        let ids = try #require(walker.walk(within: walk.limit, seed: UInt64(seed * 16 + number)), "\(name)")
        let score = try walker.tokenizer.decode(ids)
        let encoding = try walker.tokenizer.encode(score)
        #expect(encoding.ids == ids, "\(name)")
        #expect((walk.limit.minimum...walk.limit.maximum).contains(encoding.barCount), "\(name)")
        #expect(encoding.noteCount > 0, "\(name)")
        let lastBar = score.bars[score.bars.count - 1]
        #expect(score.bars.count == encoding.barCount && score.lastNoteEnd <= lastBar.end, "\(name)")
        #expect(score.lastNoteEnd > lastBar.start, "\(name)")
      }
    }
  }

  @Test("The end is barred before and the bar after") func theEndIsBarredBeforeAndTheBarAfter() throws {
    let walker = try GrammarWalker(REMIConfiguration())
    let roles = walker.tokenizer.vocabulary.roles
    let bar = Int(try #require(roles.barLines.first)), padding = Int(try #require(roles.padding))
    for seed in UInt64(0)..<20 {
      var grammar = walker.tokenizer.makeGrammar(bars: .exactly(3))
      for id in try #require(walker.walk(within: .exactly(3), seed: seed)) {
        let mask = walker.mask(grammar)
        #expect(!(mask[Int(roles.end)] && grammar.barCount < 3), "EOS in bar \(grammar.barCount)")
        #expect(!(mask[bar] && grammar.barCount >= 3), "Bar after bar \(grammar.barCount)")
        grammar.advance(id)
      }
      #expect(grammar.isFinished && grammar.barCount == 3 && grammar.noteCount > 0)
      let mask = walker.mask(grammar)
      #expect(mask[padding] && mask.count { $0 } == 1, "only PAD follows the end")
    }
  }

  /// A sequence may be cut wherever the grammar says so, and only there.
  @Test("A cut between notes can be read") func aCutBetweenNotesCanBeRead() throws {
    let walker = try GrammarWalker(TestConfigurations.small)
    for seed in UInt64(0)..<20 {
      var grammar = walker.tokenizer.makeGrammar()
      let ids = try #require(walker.walk(within: .atMost(4), seed: seed))
      for (index, id) in ids.enumerated() {
        grammar.advance(id)
        guard !grammar.isFinished, grammar.noteCount > 0 else { continue }
        let isReadable = (try? walker.tokenizer.decode(Array(ids[...index]))) != nil
        #expect(isReadable == grammar.isBetweenNotes, "seed \(seed), cut after id \(index)")
      }
    }
  }

  @Test("Only what is allowed encodes to itself") func onlyWhatIsAllowedEncodesToItself() throws {
    let walker = try GrammarWalker(TestConfigurations.small)
    var generator = RepeatableGenerator(seed: 5)
    var refused = 0
    for seed in UInt64(0)..<150 {
      var ids = try #require(walker.walk(within: .atMost(3), seed: seed))
      let place = Int.random(in: 1..<ids.count - 1, using: &generator)
      var grammar = walker.tokenizer.makeGrammar()
      for id in ids[..<place] { grammar.advance(id) }
      let mask = walker.mask(grammar)
      let music = (0..<Int32(mask.count)).filter {
        walker.tokenizer.vocabulary.roles[$0].isDisjoint(with: .special)
      }
      let wrong = music[Int.random(in: music.indices, using: &generator)]
      guard !mask[Int(wrong)] else { continue }
      ids[place] = wrong
      let again = (try? walker.tokenizer.decode(ids)).flatMap { try? walker.tokenizer.encode($0).ids }
      #expect(again != ids, "seed \(seed): id \(wrong) at \(place) is barred and yet can be written")
      refused += 1
    }
    #expect(refused > 50)
  }

  @Test("Positions only go forward and notes upwards") func positionsOnlyGoForwardAndNotesUpwards() throws {
    let tokenizer = try REMITokenizer()
    let grammar = try after(["BOS_None", "Bar_None", "TimeSig_3/4"], tokenizer)
    #expect(allowed(grammar, tokenizer) == ["Position_0"])
    let beginning = ["BOS_None", "Bar_None", "TimeSig_3/4", "Position_0", "Tempo_120.0"]
    let note = ["Program_5", "Pitch_60", "Velocity_91", "Duration_1.0.12"]
    let then = allowed(try after(beginning + note + ["Position_12"] + note, tokenizer), tokenizer)
    #expect(!then.contains("Position_12") && then.contains("Position_13") && then.contains("Position_35"))
    #expect(!then.contains("Position_36") && !then.contains("Tempo_120.0"))
    #expect(!then.contains("Program_4") && then.contains("Program_5") && then.contains("Program_-1"))
    let tempo = allowed(try after(beginning + note + ["Position_12"], tokenizer), tokenizer)
    #expect(!tempo.contains("Tempo_120.0") && tempo.contains("Tempo_125.31"))
    let unison = allowed(try after(beginning + note + note + ["Program_5"], tokenizer), tokenizer)
    #expect(!unison.contains("Pitch_60") && !unison.contains("Pitch_59") && unison.contains("Pitch_61"))
  }

  @Test("The end waits for the last note") func theEndWaitsForTheLastNote() throws {
    let tokenizer = try REMITokenizer()
    let beginning = ["BOS_None", "Bar_None", "TimeSig_3/4", "Position_0", "Tempo_120.0"]
    #expect(!allowed(try after(beginning, tokenizer), tokenizer).contains("EOS_None"))
    let note = beginning + ["Program_0", "Pitch_60", "Velocity_91"]
    #expect(allowed(try after(note + ["Duration_3.0.12"], tokenizer), tokenizer).contains("EOS_None"))
    let long = try after(note + ["Duration_3.1.12"], tokenizer)
    #expect(!allowed(long, tokenizer).contains("EOS_None") && allowed(long, tokenizer).contains("Bar_None"))
    let limited = try after(note, tokenizer, bars: .exactly(1))
    #expect(allowed(limited, tokenizer).contains("Duration_3.0.12"))
    #expect(!allowed(limited, tokenizer).contains("Duration_3.1.12"))
  }

  @Test(
    "Real music is allowed step by step", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
    arguments: RealCollection.allCases)
  func realMusicIsAllowedStepByStep(_ collection: RealCollection) throws {
    let tokenizer = try REMITokenizer()
    var mask = [Bool](repeating: false, count: tokenizer.vocabulary.count)
    for path in collection.paths(every: 3) {
      let encoding = try tokenizer.encode(collection.score(path))
      var grammar = tokenizer.makeGrammar()
      var barred: Int?
      for (index, id) in encoding.ids.enumerated() where barred == nil {
        grammar.allowed(into: &mask)
        if !mask[Int(id)] { barred = index }
        grammar.advance(id)
      }
      #expect(barred == nil, "\(path) leaves the grammar")
      #expect(grammar.isFinished && grammar.noteCount == encoding.noteCount, "\(path)")
      #expect(grammar.barCount == encoding.barCount, "\(path)")
    }
  }

  private func after(
    _ tokens: [String], _ tokenizer: REMITokenizer, bars: BarLimit = .unlimited
  ) throws -> any TokenGrammar {
    var grammar = tokenizer.makeGrammar(bars: bars)
    for id in try tokenizer.vocabulary.ids(of: tokens) { grammar.advance(id) }
    return grammar
  }

  private func allowed(_ grammar: any TokenGrammar, _ tokenizer: REMITokenizer) -> Set<String> {
    var mask = [Bool](repeating: false, count: tokenizer.vocabulary.count)
    grammar.allowed(into: &mask)
    return Set(mask.indices.filter { mask[$0] }.map { tokenizer.vocabulary.tokens[$0] })
  }
}

/// Walks at random through a tokenizer's grammar.
private struct GrammarWalker {
  let tokenizer: REMITokenizer
  /// For each kind of token its ids.
  private let kinds: [Range<Int>]

  init(_ configuration: REMIConfiguration) throws {
    tokenizer = try REMITokenizer(configuration: configuration)
    var kinds: [Range<Int>] = []
    var last: Substring?
    for (id, token) in tokenizer.vocabulary.tokens.enumerated() {
      let kind = token.prefix { $0 != "_" }
      if kind == last {
        kinds[kinds.count - 1] = kinds[kinds.count - 1].lowerBound..<id + 1
      } else {
        kinds.append(id..<id + 1)
      }
      last = kind
    }
    self.kinds = kinds
  }

  func mask(_ grammar: any TokenGrammar) -> [Bool] {
    var mask = [Bool](repeating: true, count: tokenizer.vocabulary.count)
    grammar.allowed(into: &mask)
    return mask
  }

  /// A sequence that only takes allowed ids: first a kind is drawn, then one of its ids. Nil where nothing is allowed, or no end is
  /// found within 20,000 ids.
  func walk(within limit: BarLimit, seed: UInt64) -> [Int32]? {
    var generator = RepeatableGenerator(seed: seed)
    var grammar = tokenizer.makeGrammar(bars: limit)
    var mask = [Bool](repeating: false, count: tokenizer.vocabulary.count)
    var ids: [Int32] = []
    while !grammar.isFinished {
      grammar.allowed(into: &mask)
      let possible = kinds.filter { kind in kind.contains { mask[$0] } }
      guard let kind = possible.randomElement(using: &generator), ids.count < 20_000 else { return nil }
      let choices = kind.filter { mask[$0] }
      // Tokens at the edge of what is allowed are the ones that go wrong.
      let place =
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: 0
        case 1: choices.count - 1
        default: Int.random(in: 0..<choices.count, using: &generator)
        }
      ids.append(Int32(choices[place]))
      grammar.advance(Int32(choices[place]))
    }
    return ids
  }
}
