import Music
import Testing
import Tokenization

/// What a grammar of cells says of rests beyond whether they may come.
@Suite("Rests of cells") struct CellsRestsTests {
  private let tokenizer: CellsTokenizer

  init() throws {
    var configuration = CellsConfiguration(timeSignature: .common)
    configuration.parts = [.init(role: .melody, program: 73)]
    configuration.tempo = 500_000
    configuration.velocity = 80
    configuration.longestLag = 8
    tokenizer = try CellsTokenizer(configuration: configuration)
  }

  private func advance(_ grammar: inout any TokenGrammar, _ tokens: String) throws {
    for token in tokens.split(separator: " ") {
      let id = try #require(tokenizer.vocabulary.id(of: String(token)), "\(token)")
      var mask = [Bool](repeating: false, count: tokenizer.vocabulary.count)
      grammar.allowed(into: &mask)
      #expect(mask[Int(id)], "\(token)")
      grammar.advance(id)
    }
  }

  @Test("A rest is overlong where a part that has played rests as long as it may", arguments: [0, 1, 2])
  func restsAreOverlong(_ limit: Int) throws {
    let rest = tokenizer.vocabulary.id(of: "Rest_None")
    var grammar = tokenizer.makeGrammar()
    grammar.limitRests(to: [.melody: RestLimit(bars: limit), .bass: RestLimit(bars: 0)])
    try advance(&grammar, "BOS_None Key_C Length_open Bar_None Rest_None Bar_None")
    #expect(grammar.overlongRest == nil, "it has not played")
    try advance(&grammar, "Notes_None Duration_1.0.12 Pitch_60 Bar_None")
    for bars in 0..<4 {
      #expect(grammar.overlongRest == (bars >= limit ? rest : nil), "after \(bars)")
      // It stays allowed.
      try advance(&grammar, "Rest_None Bar_None")
    }
    var free = tokenizer.makeGrammar()
    free.limitRests(to: [.bass: RestLimit(bars: 0)])
    try advance(&free, "BOS_None Key_C Length_open Bar_None Notes_None Duration_1.0.12 Pitch_60 Bar_None")
    #expect(free.overlongRest == nil)
  }

  @Test("A rest of one bar is no large share of a short piece, but may be longer than any of the collection")
  func oneBar() throws {
    for (bars, expected) in [(3, 1), (0, 0)] {
      var grammar = tokenizer.makeGrammar()
      grammar.limitRests(to: [.melody: RestLimit(bars: bars, share: 0)])
      try advance(
        &grammar, "BOS_None Key_C Length_8 Bar_None Notes_None Duration_1.0.12 Pitch_60 Bar_None")
      #expect((grammar.overlongRest != nil) == (expected == 0))
      try advance(&grammar, "Rest_None Bar_None")
      #expect(grammar.overlongRest != nil)
    }
  }

  @Test(
    "Of a piece whose length is known a part may rest for a share, and has to begin after one",
    arguments: [true, false])
  func shares(_ isOpen: Bool) throws {
    let rest = tokenizer.vocabulary.id(of: "Rest_None")
    var grammar = tokenizer.makeGrammar()
    grammar.limitRests(to: [.melody: RestLimit(bars: 5, share: 0.1, entryShare: 0.3)])
    try advance(&grammar, "BOS_None Key_C \(isOpen ? "Length_open" : "Length_12") Bar_None")
    // Three tenths of twelve bars are four bars.
    for bars in 0..<6 {
      #expect(grammar.overlongRest == (!isOpen && bars >= 4 ? rest : nil), "after \(bars)")
      try advance(&grammar, "Rest_None Bar_None")
    }
    try advance(&grammar, "Notes_None Duration_1.0.12 Pitch_60 Bar_None")
    // A tenth are two.
    for bars in 0..<3 {
      #expect(grammar.overlongRest == (!isOpen && bars >= 2 ? rest : nil), "after \(bars) more")
      try advance(&grammar, "Rest_None Bar_None")
    }
  }
}
