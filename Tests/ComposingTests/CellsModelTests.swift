import Arithmetic
import Groundwork
import ModelSupport
import Music
import Recurrent
import Testing
import Tokenization

@testable import Composing

/// Models that write cells: whatever runs them tells their networks the same of every place.
@Suite struct CellsModelTests {
  private let model: MusicModel
  private let tokenizer: any Tokenizer

  init() throws {
    model = try ComposerTests.model(CellsConfiguration.small)
    tokenizer = model.tokenizer
    // Bars that end, so that pieces are short.
    for name in ["Bar_None", "Rest_None", "EOS_None"] {
      let id = try #require(tokenizer.vocabulary.id(of: name))
      try ComposerTests.setOutputBias(of: model, id: id, to: 3)
    }
  }

  /// Whether what the model found while it composed is what it finds where it reads.
  private func expectSameWhenRead(_ piece: Composition, by composer: Composer, _ comment: Comment) throws {
    let read = try composer.surprisals(ofIDs: piece.ids)[piece.givenCount...]
    #expect(read.count == piece.surprisals.count, comment)
    #expect(zip(read, piece.surprisals).allSatisfy { abs($0 - $1) < 1e-3 }, comment)
    #expect(try tokenizer.decode(piece.ids).noteCount > 0, comment)
  }

  private func primer(by composer: Composer) throws -> Score {
    try composer.compose(CompositionOptions(seed: 99, bars: 3)).score
  }

  @Test(
    "Alone, side by side, with a primer or a search for its end, a piece is as probable as when it is read",
    arguments: [WeightFormat.float32, .float16, .int8])
  func aPieceIsAsProbableAsWhenItIsRead(format: WeightFormat) throws {
    let composer = try Composer(model: model, format: format)
    let primer = try primer(by: composer)
    var options = [CompositionOptions(seed: 1, bars: 6), CompositionOptions(seed: 2)]
    options.append(CompositionOptions(seed: 3, bars: 4, primer: primer, keepsPrimer: true))
    options.append(CompositionOptions(seed: 4, primer: primer))
    for given in options {
      let piece = try composer.compose(given)
      try expectSameWhenRead(piece, by: composer, "seed \(given.seed)")
      var searching = given
      searching.ending = EndingSearch(bars: 2, tries: 12)
      let searched = try composer.compose(searching)
      try expectSameWhenRead(searched, by: composer, "seed \(given.seed), with a search")
      if let bars = given.bars { #expect(searched.bars == bars + (given.keepsPrimer ? 3 : 0)) }
    }
    for (given, result) in zip(options, composer.compose(options, threadCount: 2)) {
      #expect(try result.get().ids == composer.compose(given).ids)
    }
  }

  @Test("Sections of a form return, and what is drawn for it is as probable as when it is read")
  func sectionsOfAFormReturn() throws {
    let composer = try Composer(model: model)
    for seed in UInt64(1)...4 {
      let piece = try composer.compose(
        CompositionOptions(
          seed: seed, form: Form("A2 A'2 B2 A2"), ending: EndingSearch(bars: 1, tries: 4)))
      #expect(piece.bars == 8)
      try expectSameWhenRead(piece, by: composer, "seed \(seed)")
      #expect(
        FormCompositionTests.content(piece.score, 0..<2) == FormCompositionTests.content(piece.score, 6..<8))
    }
  }

  @Test("Variants of a piece are as probable as when they are read by themselves")
  func variantsAreAsProbable() throws {
    let composer = try Composer(model: model)
    let ids = try composer.compose(CompositionOptions(seed: 5, bars: 6)).ids
    let other = try composer.compose(CompositionOptions(seed: 6, bars: 6)).ids
    var variants: [TokenVariant] = []
    var expected: [Double] = []
    for place in 1..<ids.count - 1 {
      for count in [1, 4, 9] {
        let own = Array(other.dropFirst(place).prefix(count))
        guard !own.isEmpty else { continue }
        variants.append(TokenVariant(first: place, ids: own))
        expected.append(try composer.surprisals(ofIDs: ids[..<place] + own)[place...].reduce(0, +))
      }
    }
    let read = try composer.distributions(over: ids, variants: variants)
    #expect(variants.count > 60)
    #expect(
      zip(read.surprisals, try composer.surprisals(ofIDs: ids)).allSatisfy { abs($0 - $1) < 1e-6 })
    for (found, wanted) in zip(read.variants, expected) {
      #expect(abs(try #require(found) - wanted) < 1e-4 * max(1, wanted))
    }
  }

  @Test("A piece of any length tells how long it is, to the longest that its tokens can tell")
  func aPieceOfAnyLengthTellsHowLongItIs() throws {
    let composer = try Composer(model: model)
    #expect(composer.barLimit == 70 && tokenizer.longestStatedLength == 70)
    let open = try #require(tokenizer.vocabulary.id(of: "Length_open"))
    // What training has read in both ways may be left open; here it is even preferred.
    try ComposerTests.setOutputBias(of: model, id: open, to: 20)
    for seed in UInt64(1)...12 {
      let piece = try composer.compose(CompositionOptions(seed: seed))
      #expect(!piece.ids.contains(open))
      #expect(piece.ids.contains(try #require(tokenizer.vocabulary.id(of: "Length_\(piece.bars)"))))
    }
    #expect(try Composer(model: ComposerTests.untrainedModel()).barLimit == Composer.barLimit)
  }

  @Test("Parts that share a program are told apart") func partsThatShareAProgramAreToldApart() throws {
    let piece = try Composer(model: model).compose(CompositionOptions(seed: 8, bars: 16))
    let spans = try tokenizer.spans(of: piece.ids)
    #expect(Set(spans.notes.map(\.decoded.part)) == [0, 1])
    #expect(spans.notes.allSatisfy { $0.decoded.part == $0.place.track && $0.decoded.program == 0 })
  }
}
