import Groundwork
import Music
import Testing
import Tokenization

@testable import Composing

@Suite struct RequestedTests {
  @Test("The tempo is the one asked for throughout") func theTempoIsTheOneAskedFor() throws {
    let model = try ComposerTests.untrainedModel()
    let composer = try Composer(model: model)
    for tempo in [61.0, 96, 240, 999] {
      let constraint = try #require(
        try RequestedTempo(quartersPerMinute: tempo, tokenizer: model.tokenizer))
      let piece = try composer.compose(CompositionOptions(seed: 3, bars: 4, constraints: [constraint]))
      #expect(piece.score.tempos.count == 1)
      let said = piece.score.tempos[0].quartersPerMinute
      #expect(abs(said - constraint.quartersPerMinute) < 0.01)
      #expect(tempo > 300 || abs(said / tempo - 1) < 0.06, "\(said) instead of \(tempo)")
      let exact = try piece.played(quartersPerMinute: tempo)
      #expect(abs(exact.score.tempos[0].quartersPerMinute - tempo) < 0.01 && exact.score.tempos.count == 1)
      #expect(abs(exact.seconds * tempo - piece.seconds * said) < 0.01 * exact.seconds * tempo)
    }
    for tempo in [0, -1, 2000, Double.nan] {
      #expect(throws: ComposingError.self) {
        try RequestedTempo(quartersPerMinute: tempo, tokenizer: model.tokenizer)
      }
    }
  }

  @Test("Music before the new one keeps its tempo") func musicBeforeTheNewOneKeepsItsTempo() throws {
    let composer = try Composer(model: try ComposerTests.untrainedModel())
    let piece = try composer.compose(
      CompositionOptions(seed: 3, bars: 2, primer: ComposerTests.primer, keepsPrimer: true)
    ).played(quartersPerMinute: 77)
    #expect(piece.score.tempos.first?.tick == 0 && piece.score.tempos.last?.tick == piece.newMusicTick)
    #expect(abs((piece.score.tempos.last?.quartersPerMinute ?? 0) - 77) < 0.01)
  }

  @Test("The time signature is the one asked for throughout") func theTimeSignatureIsTheOneAskedFor() throws {
    let model = try ComposerTests.untrainedModel()
    let composer = try Composer(model: model)
    for signature in [TimeSignature(3, 4), TimeSignature(6, 8)] {
      let constraint = try RequestedTimeSignature(signature, tokenizer: model.tokenizer)
      let piece = try composer.compose(
        CompositionOptions(seed: 5, constraints: [constraint], form: Form("A2B2A2")))
      #expect(piece.score.bars.count == 6)
      #expect(piece.score.bars.allSatisfy { $0.timeSignature == signature })
    }
  }

  @Test("A time signature that the model does not know is refused with those it knows")
  func anUnknownTimeSignatureIsRefused() throws {
    let tokenizer = try REMIConfiguration(timeSignature: TimeSignature(3, 4)).makeTokenizer()
    do {
      _ = try RequestedTimeSignature(TimeSignature(17, 16), tokenizer: tokenizer)
      Issue.record("17/16 was accepted")
    } catch {
      #expect(error.message.contains("3/4") && error.kind == .usage, "\(error.message)")
    }
  }
}
