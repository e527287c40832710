import Music
import TestSupport
import Testing
import Tokenization

@Suite struct CellsGrammarTests {
  static let limits = [
    BarLimit.exactly(1), .exactly(2), .exactly(5), .exactly(140), .atMost(1), .atMost(6), BarLimit(3...4),
    .unlimited,
  ]

  @Test("Whatever is allowed ends decodes and encodes to itself", arguments: limits)
  func whateverIsAllowedEndsDecodesAndEncodesToItself(_ limit: BarLimit) throws {
    for (number, configuration) in CellsConfigurations.all.enumerated() {
      let walker = try CellsWalker(configuration)
      // The finest grid has ten times as many tokens as the others, and long pieces have many.
      let isLong = limit.minimum > 100
      let walks = number == 5 ? (isLong ? 0 : 1) : isLong ? 1 : number == 1 || number == 2 ? 12 : 3
      for seed in 0..<walks {
        let name = "configuration \(number), seed \(seed)"
        let ids = try #require(walker.walk(within: limit, seed: UInt64(seed * 16 + number)), "\(name)")
        let score = try walker.tokenizer.decode(ids)
        let encoding = try walker.tokenizer.encode(score)
        #expect(walker.closed(encoding.ids) == walker.closed(ids), "\(name)")
        #expect((limit.minimum...limit.maximum).contains(encoding.barCount), "\(name)")
        let lastBar = score.bars[score.bars.count - 1]
        #expect(score.bars.count == encoding.barCount && score.lastNoteEnd <= lastBar.end, "\(name)")
        #expect(score.lastNoteEnd > lastBar.start, "\(name)")
      }
    }
  }

  @Test("A piece has the bars that it announces") func aPieceHasTheBarsThatItAnnounces() throws {
    let walker = try CellsWalker(CellsConfigurations.small)
    for seed in UInt64(0)..<100 {
      let ids = try #require(walker.walk(within: .atMost(6), seed: seed))
      let token = try #require(walker.tokenizer.vocabulary.token(of: ids[2]))
      guard token != "Length_open" else { continue }
      let bars = ids.count { walker.tokenizer.vocabulary.roles[$0].contains(.barLine) }
      #expect(token == "Length_\(bars)")
    }
  }

  @Test("Parts may be silent where that is allowed, and are no parts of what is read then")
  func partsMayBeSilent() throws {
    let walker = try CellsWalker(CellsConfigurations.small)
    var silentPieces = 0
    for seed in UInt64(0)..<80 {
      var grammar = walker.tokenizer.makeGrammar(bars: .atMost(4))
      grammar.allowSilentParts()
      let ids = try #require(walker.walk(by: grammar, seed: seed))
      let named = ids.count { walker.tokenizer.vocabulary.token(of: $0)?.hasPrefix("Part_") == true }
      let score = try walker.tokenizer.decode(ids)
      #expect(
        score.noteCount > 0 && score.tracks.count <= named && score.tracks.allSatisfy { !$0.notes.isEmpty })
      let again = try walker.tokenizer.encode(score)
      #expect(try walker.tokenizer.decode(again.ids) == walker.tokenizer.normalized(score).score)
      if score.tracks.count < named { silentPieces += 1 }
    }
    #expect(silentPieces > 0)
  }

  @Test("A cut between notes can be read") func aCutBetweenNotesCanBeRead() throws {
    let walker = try CellsWalker(CellsConfigurations.small)
    for seed in UInt64(0)..<30 {
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
    let walker = try CellsWalker(CellsConfigurations.small)
    var generator = RepeatableGenerator(seed: 5)
    var refused = 0
    for seed in UInt64(0)..<240 {
      var ids = try #require(walker.walk(within: .atMost(3), seed: seed))
      let place = Int.random(in: 4..<ids.count - 1, using: &generator)
      var grammar = walker.tokenizer.makeGrammar()
      for id in ids[..<place] { grammar.advance(id) }
      let mask = walker.mask(grammar)
      let wrong = Int32.random(in: 3..<Int32(mask.count), using: &generator)
      guard !mask[Int(wrong)] else { continue }
      ids[place] = wrong
      let again = (try? walker.tokenizer.decode(ids)).flatMap { try? walker.tokenizer.encode($0).ids }
      #expect(again != ids, "seed \(seed): id \(wrong) at \(place) is barred and yet can be written")
      refused += 1
    }
    #expect(refused > 100)
  }

  @Test("Random ids are refused and break nothing") func randomIDsAreRefusedAndBreakNothing() throws {
    for configuration in CellsConfigurations.all.dropLast() {
      let walker = try CellsWalker(configuration)
      let count = Int32(walker.tokenizer.vocabulary.count)
      var generator = RepeatableGenerator(seed: 11)
      for seed in UInt64(0)..<20 {
        var ids = try #require(walker.walk(within: .atMost(4), seed: seed))
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          let place = Int.random(in: 0..<ids.count, using: &generator)
          switch Int.random(in: 0..<3, using: &generator) {
          case 0: ids[place] = Int32.random(in: -2...count, using: &generator)
          case 1 where ids.count > 1: ids.remove(at: place)
          default: ids.insert(Int32.random(in: 0..<count, using: &generator), at: place)
          }
        }
        var grammar = walker.tokenizer.makeGrammar()
        for id in ids where id >= 0 && id < count { grammar.advance(id) }
        _ = walker.mask(grammar)
        guard let score = try? walker.tokenizer.decode(ids) else { continue }
        let normalized = try walker.tokenizer.normalized(score).score
        #expect(try walker.tokenizer.decode(walker.tokenizer.encode(score).ids) == normalized)
      }
      for seed in UInt64(0)..<60 {
        var noise = RepeatableGenerator(seed: seed)
        var decoder = walker.tokenizer.makeDecoder()
        var grammar = walker.tokenizer.makeGrammar()
        var music = DecodedMusic()
        for _ in 0..<60 {
          let id = Int32.random(in: 0..<count, using: &noise)
          grammar.advance(id)
          try? decoder.take(id, into: &music)
        }
        _ = walker.mask(grammar)
      }
    }
  }
}

/// Walks at random through the grammar of cells.
struct CellsWalker {
  let tokenizer: CellsTokenizer
  /// For each kind of token its ids.
  private let kinds: [Range<Int>]

  init(_ configuration: CellsConfiguration) throws {
    tokenizer = try CellsTokenizer(configuration: configuration)
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

  /// The ids without what they say of their number of bars, which may be left open.
  func closed(_ ids: [Int32]) -> [Int32] {
    let table = tokenizer.openLengthTable ?? []
    return ids.map { table[Int($0)] }
  }

  /// A sequence that only takes allowed ids: first a kind is drawn, then one of its ids. Nil where nothing is allowed, or no end is
  /// found within 60,000 ids.
  func walk(within limit: BarLimit, seed: UInt64) -> [Int32]? {
    walk(by: tokenizer.makeGrammar(bars: limit), seed: seed)
  }

  /// The same by a grammar before its first id.
  func walk(by grammar: any TokenGrammar, seed: UInt64) -> [Int32]? {
    var generator = RepeatableGenerator(seed: seed)
    var grammar = grammar
    var mask = [Bool](repeating: false, count: tokenizer.vocabulary.count)
    var ids: [Int32] = []
    var drafts: [Int: any TokenGrammar] = [:]
    // Some walks take references wherever they can, and single notes, so that memories fill with what is alike.
    let prefersLikeness = Int.random(in: 0..<2, using: &generator) == 0
    while !grammar.isFinished {
      grammar.allowed(into: &mask)
      var possible = kinds.filter { kind in kind.contains { mask[$0] } }
      if prefersLikeness, possible.count > 1 {
        let rare = possible.filter { kind in
          let token = tokenizer.vocabulary.tokens[kind.lowerBound]
          return ["Position", "Duration", "Part", "Velocity", "TimeSig"].contains { token.hasPrefix($0) }
        }
        if rare.count < possible.count, Int.random(in: 0..<4, using: &generator) > 0 {
          possible.removeAll { rare.contains($0) }
        }
      }
      guard let kind = possible.randomElement(using: &generator), ids.count < 60_000 else { return nil }
      let choices = kind.filter { mask[$0] }
      // Tokens at the edge of what is allowed are the ones that go wrong.
      let place =
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: 0
        case 1: choices.count - 1
        default: Int.random(in: 0..<choices.count, using: &generator)
        }
      let id = Int32(choices[place])
      if grammar.beginsDraft(with: id) { drafts = [ids.count: grammar].merging(drafts) { new, _ in new } }
      ids.append(id)
      grammar.advance(id)
      guard let rewriting = grammar.rewriting else { continue }
      guard let draft = drafts[rewriting.keptCount] else { return nil }
      grammar = draft
      ids = Array(ids[..<rewriting.keptCount]) + rewriting.ids
      for id in rewriting.ids { grammar.advance(id) }
    }
    return ids
  }
}
