import Foundation
import Music
import TestSupport
import Testing

@Suite struct ExampleTests {
  private static let checkout = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent().path

  @Test func theExamplesDoWhatTheySay() throws {
    let workshop = try Workshop()
    let trained = try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "20", "--quiet"] + Workshop.quick)
    #expect(trained.exitCode == 0, "\(trained.errors)")

    let composed = try Program("compose").run(
      [workshop("model"), workshop("piece")], folder: Self.checkout)
    #expect(composed.exitCode == 0, "\(composed.errors)")
    #expect(composed.output.hasPrefix("8 bars, "))
    #expect(try ScoreReader.read(path: workshop("piece.mid")).scores[0].bars.count == 8)

    let heard = try Program("features").run([workshop("piece.wav")])
    #expect(heard.exitCode == 0, "\(heard.errors)")
    #expect(heard.output.split(separator: "\n").count == 17)
  }

  @Test func translateLearnsPrintsAndDraws() throws {
    let folder = try TemporaryFolder()
    let run = try Program("translate").run(["20"], folder: folder.path)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains(" of 500 numbers that it never saw are right"))
    #expect(run.output.contains("seven hundred and sixty five thousand four hundred and thirty two"))
    #expect(try String(contentsOfFile: folder.file("alignment.svg"), encoding: .utf8).hasPrefix("<svg"))
  }

  @Test func theClassifierAndTheLabellerLearn() throws {
    let classified = try Program("classify").run(["corpora", "2"], folder: Self.checkout)
    #expect(classified.exitCode == 0, "\(classified.errors)")
    #expect(classified.output.contains("compound: ") && classified.output.contains("all: "))

    let labelled = try Program("label").run(["corpora", "1"], folder: Self.checkout)
    #expect(labelled.exitCode == 0, "\(labelled.errors)")
    #expect(labelled.output.contains("reading both ways: "))
  }

  @Test func forecastCountsWhatIsInsideItsInterval() throws {
    let run = try Program("forecast").run(["Examples/series/series.csv", "20"], folder: Self.checkout)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains(" of 336 hours of two weeks ("))
  }

  @Test func anomalyFindsWhatStandsOut() throws {
    let run = try Program("anomaly").run(["Examples/series/series.csv", "20"], folder: Self.checkout)
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(run.output.contains(" of 10 events were noticed"))
  }

  @Test func theCharacterModelLearnsItsText() throws {
    let outcome = try Program("charlm").run(["corpora/reels.abc", "5"], folder: Self.checkout)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.first?.hasSuffix("different ones") == true)
    let bits = lines.dropFirst().prefix(5).compactMap { line in
      line.split(separator: " ").dropFirst(2).first.flatMap { Double($0) }
    }
    // Unread, a text of some fifty characters has nearly six bits each.
    #expect(bits.count == 5 && bits.first ?? 0 > 4 && bits.last ?? 9 < (bits.first ?? 0) - 0.5, "\(lines)")
    #expect(outcome.output.count > 700)
    let lost = try Program("charlm").run(["no-such-file"], folder: Self.checkout)
    #expect(lost.exitCode == 64 && lost.output.hasPrefix("usage: "))
  }
}
