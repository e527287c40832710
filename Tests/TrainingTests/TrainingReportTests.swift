import Drawing
import Groundwork
import Recurrent
import TestSupport
import Testing

@testable import Training

@Suite struct TrainingReportTests {
  func history(_ losses: [Double], looksInside: Bool = true) throws -> TrainingHistory {
    let folder = try TemporaryFolder()
    let lines = try losses.enumerated().map { index, loss in
      let inside = Inspection(
        tensors: [
          .init(name: "embedding.weight", gradientNorm: 0.1, updateRatio: 1e-3),
          .init(name: "rnn.weight_hh_l0", gradientNorm: 3, updateRatio: 2e-3),
          .init(name: "rnn.bias_ih_l0", gradientNorm: 4, updateRatio: 1e-3),
          .init(name: "rnn.bias_hh_l0", gradientNorm: 4, updateRatio: 1e-3),
        ], lags: GradientLags(lags: [1, 2, 4], norms: [[1, 0.1, 0.001], [2, 0.2, 0.002]]),
        gates: ["reset", "update"].map { GateSaturation(layer: 0, gate: $0, shut: 0.1, open: 0.2) })
      let entry = HistoryEntry(
        step: 100 * (index + 1), tokens: 1000, seconds: 1, trainingLoss: loss - 0.1, validationLoss: loss,
        learningRate: 1e-3, gradientNorm: 1, inside: looksInside ? inside : nil)
      return String(decoding: try JSONFormat.encodeLine(entry), as: UTF8.self) + "\n"
    }
    // A line that was cut off is no entry.
    try replaceFile(at: folder.file("history.jsonl"), with: lines.joined() + #"{"step": 9"#)
    return try TrainingHistory(path: folder.file("history.jsonl"))
  }

  /// The last line may have been damaged as the machine died; another one is the reader's to delete.
  @Test("A damaged line is left out or named") func aDamagedLineIsLeftOutOrNamed() throws {
    let (folder, good) = (try TemporaryFolder(), try history([2, 1.25]))
    let path = folder.file("history.jsonl")
    let newline = UInt8(ascii: "\n")
    let lines = try good.entries.map { try JSONFormat.encodeLine($0) + [newline] }
    try replaceFile(at: path, with: lines.flatMap(\.self) + Array("\0\0\0\n".utf8))
    #expect(try TrainingHistory(path: path) == good)
    try replaceFile(at: path, with: lines[0] + Array("{}\n".utf8) + lines[1])
    let error = #expect(throws: TrainingError.self) { try TrainingHistory(path: path) }
    #expect(error?.message.contains("line 2") == true && error?.message.contains("--overwrite") == false)
  }

  @Test("One file shows the whole training") func oneFileShowsTheWholeTraining() throws {
    let report = TrainingReport(
      try history([2, 1.25, 1.5]), title: "folk & <more>",
      facts: [(heading: "Network", rows: [("Layers", "2 of 256")])], lossUnit: "nats per token")
    let document = report.page.document
    #expect(document.split(separator: "<svg ").count == 1 + 7)
    #expect(document.contains("those of update 200, whose validation loss is 1.2500 nats per token"))
    #expect(document.contains("<h1>folk &amp; &lt;more&gt;</h1>") && document.contains("2 of 256"))
    #expect(document.contains("layer 0 reset") && document.contains("rnn.weight_hh_l0"))
    #expect(document.contains(">rnn.bias_l0<") && !document.contains("bias_hh_l0"))
    #expect(document.contains("state measured is 4 steps back"))
    // Nothing from elsewhere, and nothing that runs.
    for word in ["<script", "src=", "href=", "@import", "url("] {
      #expect(!document.contains(word), "\(word)")
    }
    #expect(
      document.split(separator: "http").dropFirst().allSatisfy { $0.hasPrefix("://www.w3.org/2000/svg") })
  }

  @Test("An old history is drawn without the inside") func anOldHistoryIsDrawnWithoutTheInside() throws {
    let document = TrainingReport(try history([2, 1.25], looksInside: false), title: "folk").page.document
    #expect(document.split(separator: "<svg ").count == 1 + 3)
  }

  @Test("The report of a running training refreshes itself") func theReportOfARunningTrainingRefreshesItself()
    throws
  {
    let refresh = #"<meta http-equiv="refresh" content="5">"#
    let over = TrainingReport(try history([2]), title: "folk").html
    let underWay = TrainingReport(try history([2]), title: "folk", isUnderWay: true).html
    #expect(underWay.contains(refresh) && underWay.contains("is running"))
    #expect(!over.contains(refresh) && !over.contains("is running"))
  }

  @Test("An empty history is reported as empty") func anEmptyHistoryIsReportedAsEmpty() throws {
    #expect(TrainingReport(try history([]), title: "folk").page.document.contains("no validation yet"))
  }
}
