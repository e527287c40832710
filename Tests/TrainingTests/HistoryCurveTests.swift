import Drawing
import Foundation
import Groundwork
import TestSupport
import Testing
import Training

@Suite struct HistoryCurveTests {
  func history(_ losses: [Double]) throws -> TrainingHistory {
    let folder = try TemporaryFolder()
    let lines = try losses.enumerated().map { index, loss in
      let entry = HistoryEntry(
        step: 100 * (index + 1), tokens: 1000, seconds: 1, trainingLoss: loss - 0.1, validationLoss: loss,
        learningRate: 1e-3, gradientNorm: 1)
      return String(decoding: try JSONFormat.encodeLine(entry), as: UTF8.self) + "\n"
    }
    // A line that was cut off is no entry.
    try replaceFile(at: folder.file("history.jsonl"), with: lines.joined() + #"{"step": 9"#)
    return try TrainingHistory(path: folder.file("history.jsonl"))
  }

  @Test func showsBothLossesAndTheBest() throws {
    let document = HistoryCurve(try history([2, 1.25, 1.5]), title: "folk").svg().document
    #expect(document.components(separatedBy: "<polyline").count == 3)
    #expect(document.contains("best 1.250 at step 200"))
    #expect(document.contains("folk"))
  }

  @Test func anEmptyHistoryIsSaidToBeEmpty() throws {
    #expect(HistoryCurve(try history([]), title: "folk").svg().document.contains("no validation yet"))
  }
}
