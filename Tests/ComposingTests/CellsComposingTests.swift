import Groundwork
import ModelSupport
import Music
import Testing
import Tokenization

@testable import Composing

/// What is asked of pieces in cells, which say a time signature only where it changes, and how long they are at their beginning.
@Suite("Composing in cells") struct CellsComposingTests {
  private let model: MusicModel
  private let composer: Composer

  init() throws {
    model = try ComposerTests.model(CellsConfiguration.melody)
    // Long bars are slow, and pieces of them all alike.
    for token in ["Bar_None", "Notes_None"] {
      let id = try #require(model.tokenizer.vocabulary.id(of: token))
      try ComposerTests.setOutputBias(of: model, id: id, to: 3)
    }
    composer = try Composer(model: model)
  }

  private static func tune(_ signature: TimeSignature, bars: Int) -> Score {
    let bar = 4 * 480 * signature.numerator / signature.denominator
    let notes = (0..<bars * bar / 480).map {
      Note(onset: 480 * $0, duration: 480, pitch: 60 + [0, 2, 4, 7, 5][$0 % 5], velocity: 80)
    }
    return Score(
      ticksPerQuarter: 480, tracks: [Track(program: 73, notes: notes)],
      timeSignatures: [TimeSignatureChange(tick: 0, timeSignature: signature)], length: bars * bar)
  }

  @Test("A requested time signature holds after a primer in another one")
  func aRequestedTimeSignatureHoldsAfterAPrimer() throws {
    let requested = try RequestedTimeSignature(TimeSignature(3, 4), tokenizer: model.tokenizer)
    for seed in UInt64(1)...6 {
      let piece = try composer.compose(
        CompositionOptions(
          seed: seed, bars: 4, primer: Self.tune(.common, bars: 3), keepsPrimer: true,
          constraints: [requested]))
      let signatures = piece.score.bars.map(\.timeSignature)
      #expect(signatures.prefix(3).allSatisfy { $0 == .common })
      #expect(signatures.count == 7 && signatures.dropFirst(3).allSatisfy { $0 == TimeSignature(3, 4) })
    }
  }

  @Test("A piece that has announced the greatest length ends by itself") func theGreatestLengthIsNoLimit()
    throws
  {
    let longest = try #require(model.tokenizer.vocabulary.id(of: "Length_12"))
    try ComposerTests.setOutputBias(of: model, id: longest, to: 30)
    let piece = try Composer(model: model).compose(CompositionOptions(seed: 3))
    #expect(piece.bars == 12 && piece.stopReason == .modelEnded)
  }

  @Test("Where a piece announces its length, its ending is searched") func endingsOfFreePiecesAreSearched()
    throws
  {
    var changed = 0
    for seed in UInt64(1)...6 {
      let plain = try composer.compose(CompositionOptions(seed: seed))
      let options = CompositionOptions(seed: seed, ending: EndingSearch(bars: 2, tries: 24))
      let searched = try composer.compose(options)
      #expect(searched.bars == plain.bars && searched.stopReason == .modelEnded)
      if searched.ids != plain.ids { changed += 1 }
      #expect(try composer.compose(options).ids == searched.ids)
    }
    #expect(changed > 0)
  }

  @Test("The first section of a form is never silent at its beginning") func formsBeginAtOnce() throws {
    for form in ["A4", "A2B2A2"] {
      for seed in UInt64(1)...8 {
        let piece = try composer.compose(CompositionOptions(seed: seed, form: Form(form)))
        let bars = piece.score.bars
        #expect(bars.count == (form == "A4" ? 4 : 6))
        #expect(piece.score.noteCount > 0)
      }
    }
  }
}
