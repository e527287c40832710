import Music
import TestSupport
import Testing

@testable import Tokenization

/// What pieces in cells say of themselves.
@Suite struct CellAttributeTests {
  private func tokenizer(_ attributes: PieceAttributes?) throws -> CellsTokenizer {
    var configuration = CellsConfiguration()
    configuration.attributes = attributes
    return try CellsTokenizer(configuration: configuration)
  }

  private static let all = PieceAttributes(density: true, register: true, styles: ["jig", "reel"])

  /// Four bars in D of eight notes each.
  private static let tune: Score = {
    let notes = (0..<32).map {
      Note(onset: 240 * $0, duration: 240, pitch: 74 + [0, 2, 4, 5][$0 % 4], velocity: 80)
    }
    return Score(
      ticksPerQuarter: 480, tracks: [Track(program: 73, role: .melody, notes: notes)], tempos: [.standard],
      timeSignatures: [.standard], keys: [KeyChange(tick: 0, fifths: 2, isMinor: false)], length: 32 * 240)
  }()

  @Test("They stand after the tempo, are counted, and add nothing but themselves")
  func theyStandAfterTheTempo() throws {
    let plain = try tokenizer(nil), told = try tokenizer(Self.all)
    let ids = try plain.encode(Self.tune).ids, stated = try told.encode(Self.tune).ids
    let names = stated.compactMap { told.vocabulary.token(of: $0) }
    #expect(Array(names[4..<7]) == ["Style_open", "Density_8", "Register_74"])
    let rest = Array(names.prefix(4)) + Array(names.dropFirst(7))
    #expect(rest == ids.compactMap { plain.vocabulary.token(of: $0) })
    #expect(Array(told.vocabulary.tokens.prefix(plain.vocabulary.count)) == plain.vocabulary.tokens)
    #expect(try told.decode(stated) == plain.decode(ids))
    #expect(plain.attributes.isEmpty && told.attributes.map(\.kind) == [.style, .density, .register])
  }

  @Test("A style is put in, and what is not said is refused") func aStyleIsPutIn() throws {
    let told = try tokenizer(Self.all)
    let ids = try told.encode(Self.tune).ids
    let jig = told.stating(style: "jig", in: ids)
    #expect(told.vocabulary.token(of: jig[4]) == "Style_jig")
    #expect(told.stating(style: "polka", in: ids) == ids)
    #expect(try told.decode(jig) == told.decode(ids))
    for missing in 4..<7 {
      var broken = ids
      broken.remove(at: missing)
      #expect(throws: TokenizationError.self) { try told.decode(broken) }
    }
    let plain = try tokenizer(nil)
    #expect(plain.stating(style: "jig", in: try plain.encode(Self.tune).ids).count == ids.count - 3)
  }

  @Test("The grammar lets through what is encoded, whatever else the header has")
  func theGrammarLetsThroughWhatIsEncoded() throws {
    var fixed = CellsConfiguration()
    fixed.tempo = 500_000
    fixed.parts = [.init(role: .melody, program: 73)]
    for base in [CellsConfiguration(), fixed] {
      for attributes in [
        Self.all, PieceAttributes(density: true), PieceAttributes(styles: ["a"]),
        PieceAttributes(register: true),
      ] {
        let tokenizer = try #require(base.stating(attributes)).makeTokenizer()
        var grammar = tokenizer.makeGrammar()
        var mask = [Bool](repeating: false, count: tokenizer.vocabulary.count)
        for id in try tokenizer.encode(Self.tune).ids {
          grammar.allowed(into: &mask)
          #expect(mask[Int(id)], "\(tokenizer.vocabulary.token(of: id) ?? "")")
          grammar.advance(id)
        }
        #expect(grammar.isFinished)
      }
    }
  }

  @Test("They are kept in a vocabulary, and invalid ones are refused") func theyAreKept() throws {
    let told = try tokenizer(Self.all)
    let again = try Vocabulary(json: told.vocabulary.json(), tokenizers: .standard)
    #expect(again == told.vocabulary)
    #expect(!String(decoding: try tokenizer(nil).vocabulary.json(), as: UTF8.self).contains("attributes"))
    for styles in [["a b"], ["a", "a"], [""], ["open"]] {
      #expect(throws: TokenizationError.self) { try tokenizer(PieceAttributes(styles: styles)) }
    }
    #expect(REMIConfiguration().stating(Self.all) == nil)
    #expect(REMIConfiguration().stating(PieceAttributes()) != nil)
  }
}
