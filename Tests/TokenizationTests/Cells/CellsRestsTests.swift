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
    grammar.limitRests(to: [.melody: limit, .bass: 0])
    try advance(&grammar, "BOS_None Key_C Length_open Bar_None Rest_None Bar_None")
    #expect(grammar.overlongRest == nil, "it has not played")
    try advance(&grammar, "Notes_None Duration_1.0.12 Pitch_60 Bar_None")
    for bars in 0..<4 {
      #expect(grammar.overlongRest == (bars >= limit ? rest : nil), "after \(bars)")
      // It stays allowed.
      try advance(&grammar, "Rest_None Bar_None")
    }
    var free = tokenizer.makeGrammar()
    free.limitRests(to: [.bass: 0])
    try advance(&free, "BOS_None Key_C Length_open Bar_None Notes_None Duration_1.0.12 Pitch_60 Bar_None")
    #expect(free.overlongRest == nil)
  }
}
