import Foundation
import Groundwork
import TestSupport
import Testing

/// `gruppetto evaluate` as a user types it.
@Suite struct EvaluateTests {
  let workshop: Workshop

  init() throws {
    workshop = try Workshop()
    try workshop.run(["train", "tunes", "-o", "model", "--steps", "5", "--quiet"] + Workshop.quick)
  }

  @Test("A model is evaluated on its own corpus, and the figures are named")
  func aModelIsEvaluatedOnItsOwnCorpus()
    throws
  {
    let outcome = try workshop.run([
      "evaluate", "model", "--pieces", "0", "--json", "--threads", "2",
    ])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let json = try outcome.json()
    for name in ["nllPerToken", "nllPerNote", "nllPerBeat", "bitsPerToken"] {
      #expect(try #require(json[name] as? Double) > 0, "\(name)")
    }
    #expect(try #require(json["tokens"] as? Int) > 0 && json["metrics"] is [String: Any])
    let text = try workshop.run(["evaluate", "model", "--pieces", "0"])
    #expect(text.output.contains("surprise per") && text.output.contains("calibration error"))
  }

  @Test("Pieces are composed and compared with files, and the page needs nothing besides itself")
  func piecesAreComposedAndCompared() throws {
    let options = [
      "evaluate", "model", "tunes", "--pieces", "8", "--seed", "3", "--discriminators", "linear", "--threads",
      "2",
    ]
    let outcome = try workshop.run(options + ["--report", "evaluation.html", "--json"])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let json = try outcome.json()
    #expect(json["humanPieces"] as? Int == 12 && json["seed"] as? Int == 3)
    let results = try #require(json["discriminators"] as? [[String: Any]])
    #expect(results.map { $0["bars"] as? Int } == [8, 16, nil])
    #expect(try #require(results[0]["auc"] as? Double) > 0.5)
    let metrics = try #require(json["metrics"] as? [String: [String: Any]])
    #expect(metrics.count > 20 && metrics.values.contains { $0["overlappingArea"] is Double })
    let html = try String(decoding: workshop.bytes("evaluation.html"), as: UTF8.self)
    #expect(html.contains("<svg") && html.contains("Which bars are alike"))

    let text = try workshop.run(options)
    #expect(text.output.contains("human halves") && text.output.contains("what gave it away"))
    #expect(text.output.contains("seed 3"))
  }

  @Test("Pieces that exist are compared instead of new ones") func piecesThatExistAreCompared() throws {
    try FileManager.default.createDirectory(atPath: workshop("made"), withIntermediateDirectories: true)
    let made = try workshop.run(
      ["generate", "model", "--bars", "9", "--count", "5", "--seed", "1", "-o", "made/tune.mid"])
    #expect(made.exitCode == 0, "\(made.errors)")
    let outcome = try workshop.run([
      "evaluate", "model", "tunes", "--generated", "made", "--discriminators", "linear", "--json",
    ])
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    #expect(try outcome.json()["composedPieces"] as? Int == 5)
    #expect(
      try workshop.run(["evaluate", "model", "--generated", "made", "--pieces", "3"]).exitCode == 64)
  }

  @Test("What is missing or unusable is said") func whatIsMissingOrUnusableIsSaid() throws {
    #expect(try workshop.run(["evaluate", "nowhere"]).exitCode == 66)
    #expect(try workshop.run(["evaluate", "model", "nowhere.mid"]).exitCode == 66)
    #expect(try workshop.run(["evaluate", "model", "--report", "a.txt"]).exitCode == 64)
    #expect(try workshop.run(["evaluate", "model", "--report", "none/a.html"]).exitCode == 73)
    let split = try workshop.run(["evaluate", "model", "--split", "test"])
    #expect(split.exitCode == 64 && split.errors.contains("train and valid"), "\(split.errors)")
    try removeTree(workshop("model/corpus"))
    let alone = try workshop.run(["evaluate", "model", "--json"])
    #expect(alone.exitCode == 66 && alone.errors.contains("name the corpus"), "\(alone.errors)")
    #expect(try #require(alone.json()["error"] as? [String: Any])["code"] as? Int == 66)
  }

  @Test("Ctrl-C ends it with nothing written") func controlCEndsIt() throws {
    let running = try workshop.program.start(
      ["evaluate", "model", "tunes", "--pieces", "10000", "--report", "late.html", "--quiet"],
      folder: workshop.folder.path)
    Thread.sleep(forTimeInterval: 1)
    running.signal(SIGINT)
    let outcome = running.wait()
    #expect(outcome.exitCode == 130, "\(outcome.errors)")
    #expect(!workshop.has("late.html"))
  }
}
