import Foundation
import Groundwork
import TestSupport
import Testing

/// What a program of the first version wrote is read by this one; `Scripts/make-version-fixtures` made the files with that
/// program, on plain kernels, which give the same bits everywhere.
@Suite struct EarlierVersionTests {
  private static let fixtures = ExampleTests.checkout + "/Tests/GruppettoTests/Fixtures/first"
  private let workshop: Workshop

  init() throws {
    workshop = try Workshop()
    try FileManager.default.copyItem(atPath: Self.fixtures + "/model", toPath: workshop("model"))
  }

  @Test("A model of the first version composes the piece that it composed then")
  func aModelOfTheFirstVersionComposesTheSamePiece() throws {
    let run = try workshop.run(
      [
        "generate", "model", "--bars", "4", "--seed", "8", "--top-p", "0.95", "--min-p", "0", "-o",
        "piece.mid", "--no-metadata",
      ],
      environment: ["GRUPPETTO_KERNELS": "plain"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(try workshop.bytes("piece.mid") == readFile(Self.fixtures + "/piece.mid"))
  }

  @Test("The corpus and the training of a model of the first version are read")
  func theCorpusAndTheTrainingOfTheFirstVersionAreRead() throws {
    let corpus = try workshop.run(["corpus", "info", "model/corpus", "--json"])
    #expect(corpus.exitCode == 0, "\(corpus.errors)")
    #expect(try corpus.json()["pieces"] as? Int ?? 0 > 0)
    let info = try workshop.run(["model", "info", "model", "--json"])
    #expect(info.exitCode == 0 && info.output.contains("bestValidationLoss"), "\(info.errors)")
    let resumed = try workshop.run(["train", "model/corpus", "-o", "model", "--resume", "--json"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try resumed.json()["steps"] as? Int == 60)
  }
}
