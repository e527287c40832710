import Composing
import Groundwork
import Music
import TestSupport
import Testing

@testable import Evaluation

@Suite("Evaluator") struct EvaluatorTests {
  @Test("A model is measured, compared and drawn") func aModelIsMeasuredComparedAndDrawn() throws {
    let model = try Examples.model()
    let human = HeldOutMusic(
      pieces: try Examples.pieces(Examples.tunes(8, repeats: true, seed: 1), model),
      source: "eight <tunes>")
    let composed = ComposedMusic(
      pieces: try Examples.pieces(Examples.tunes(8, seed: 2), model), source: "eight others",
      cutOff: 2)
    let evaluator = Evaluator(
      seed: 1, threadCount: 2, lengths: [.bars(8), .whole], discriminators: [.linear])
    let evaluation = try evaluator.evaluate(model, on: human, composed: composed)
    #expect(evaluation.likelihood.pieces == 8 && evaluation.composedPieces == 8)
    #expect(evaluation.discriminators.map(\.length) == [.bars(8), .whole])
    #expect(evaluation.discriminators.allSatisfy { ($0.area?.area ?? 0) > 0.8 })
    #expect(evaluation.features.contains { $0.words != nil })
    let html = EvaluationReport(evaluation).html
    #expect(html.contains("eight &lt;tunes&gt;") && html.contains("Which bars are alike"))
    #expect(html.contains("Calibration") && html.contains("Area under the curve"))
    #expect(!html.contains("nan") && !html.contains("<script") && !html.contains("src="))

    let bars = Evaluator(seed: 1, lengths: [.bars(8)], discriminators: [.linear])
    let again = try bars.evaluate(model, on: human, composed: composed)
    #expect(again.discriminators == Array(evaluation.discriminators.prefix(1)))
    let alone = try evaluator.evaluate(model, on: human, composed: nil)
    #expect(alone.discriminators.isEmpty && alone.likelihood == evaluation.likelihood)
    #expect(EvaluationReport(alone).html.contains("Calibration"))
  }

  @Test("A model composes what is compared, the same pieces for the same seed")
  func aModelComposesWhatIsCompared() throws {
    let model = try Examples.model()
    let pieces = try ComposedMusic(by: model, count: 3, seed: 7, threadCount: 2)
    #expect(pieces.pieces.count + pieces.failures == 3)
    #expect(pieces.pieces.allSatisfy { $0.score.noteCount > 0 })
    #expect(
      try ComposedMusic(by: model, count: 3, seed: 7).pieces.map(\.ids) == pieces.pieces.map(\.ids))
  }

  @Test("A model without a corpus says what to give") func aModelWithoutACorpusSaysWhatToGive() throws {
    let model = try Examples.model()
    let error = #expect(throws: EvaluationError.self) { try HeldOutMusic(of: model) }
    #expect(error?.kind == .missingInput)
    #expect(error?.message.contains("name the corpus that it was trained on") == true)
  }

  @Test("Numbers in a report are rounded as they are read") func numbersInAReportAreRounded() {
    #expect(Figure.decimal(1.004, 2) == "1.00" && Figure.decimal(1.006, 2) == "1.01")
    #expect(Figure.decimal(-0.25, 1) == "−0.3" && Figure.decimal(-0.001, 2) == "0.00")
    #expect(Figure.decimal(12, 0) == "12" && Figure.percent(0.476) == "48 %")
    #expect(Figure.decimal(.nan) == "–")
    #expect(Figure.value(0.25, "share") == "25 %" && Figure.value(2.5, "bits") == "2.50 bits")
  }
}
