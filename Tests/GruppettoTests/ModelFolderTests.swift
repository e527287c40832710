import Foundation
import Groundwork
import TestSupport
import Testing

/// What is in a model's folder is not lost to a command that was meant otherwise.
@Suite struct ModelFolderTests {
  let workshop: Workshop

  init() throws { workshop = try Workshop() }

  private func train(_ options: [String]) throws -> Program.Outcome {
    try workshop.run(["train"] + options)
  }

  @Test("Weights without a checkpoint are not trained over") func weightsWithoutACheckpointAreNotTrainedOver()
    throws
  {
    #expect(try train(["tunes", "-o", "model", "--steps", "5", "--quiet"] + Workshop.quick).exitCode == 0)
    let weights = try workshop.bytes("model/model.safetensors")
    try FileManager.default.removeItem(atPath: workshop("model/training.safetensors"))
    let resumed = try train(["tunes", "-o", "model", "--resume", "--quiet"])
    #expect(resumed.exitCode == 66 && resumed.errors.contains("no training.safetensors"), "\(resumed.errors)")
    #expect(try workshop.bytes("model/model.safetensors") == weights)
  }

  @Test("A training that has ended says so") func aTrainingThatHasEndedSaysSo() throws {
    let options = ["tunes", "-o", "model", "--steps", "5"] + Workshop.quick
    let trained = try train(options)
    #expect(!trained.errors.contains("had already ended"), "\(trained.errors)")
    let resumed = try train(["tunes", "-o", "model", "--resume"])
    #expect(
      resumed.exitCode == 0 && resumed.errors.contains("had already ended"), "\(resumed.errors)")
  }

  @Test("Music is no substitute for the corpus of a training")
  func musicIsNoSubstituteForTheCorpusOfATraining() throws {
    #expect(try workshop.run(["corpus", "build", "tunes", "-o", "corpus", "--quiet"]).exitCode == 0)
    #expect(try train(["corpus", "-o", "model", "--steps", "5", "--quiet"] + Workshop.quick).exitCode == 0)
    let names = try workshop.names(in: "model")
    let resumed = try train(["tunes", "-o", "model", "--resume"])
    #expect(resumed.exitCode == 65 && resumed.errors.contains("was trained on the corpus corpus"))
    #expect(!resumed.errors.contains("continuing"), "\(resumed.errors)")
    #expect(try workshop.names(in: "model") == names)
  }

  @Test("Two programs do not train one model") func twoProgramsDoNotTrainOneModel() throws {
    #expect(try train(["tunes", "-o", "model", "--steps", "5", "--quiet"] + Workshop.quick).exitCode == 0)
    let lock = try FolderLock(path: workshop("model"))
    for option in ["--resume", "--overwrite"] {
      let second = try train(["tunes", "-o", "model", option, "--quiet"])
      #expect(
        second.exitCode == 73 && second.errors.contains("another program is using it"), "\(second.errors)")
    }
    #expect(workshop.has("model/model.safetensors"))
    withExtendedLifetime(lock) {}
  }

  @Test("A limit on the size of files is an error like any other")
  func aLimitOnTheSizeOfFilesIsAnErrorLikeAnyOther() throws {
    let run = try workshop.shell(
      "ulimit -f 20; exec '\(workshop.program.path)' train tunes -o model --steps 5 --quiet "
        + Workshop.quick.joined(separator: " ") + " --hidden 64")
    #expect(run.exitCode == 73 && run.errors.contains("file too large"), "\(run.exitCode) \(run.errors)")
    #expect(try !workshop.has("model") || workshop.names(in: "model").allSatisfy { !$0.hasSuffix(".part") })
  }

  @Test("An exported network comes back with its cell") func anExportedNetworkComesBackWithItsCell() throws {
    let options = ["tunes", "-o", "model", "--steps", "5", "--cell", "rnn-relu", "--quiet"]
    #expect(try train(options + Workshop.quick).exitCode == 0)
    for arguments in [
      ["model", "export", "model", "-o", "weights.safetensors"],
      ["model", "import", "weights.safetensors", "-o", "back"],
    ] {
      let run = try workshop.run(arguments)
      #expect(run.exitCode == 0, "\(run.errors)")
    }
    #expect(try workshop.run(["model", "info", "back"]).output.contains("RNN-RELU"))
    let foreign = try workshop.run(["model", "import", "tunes/tune1.abc", "-o", "other"])
    #expect(
      foreign.exitCode == 65 && foreign.errors.contains("safetensors.torch.save_file"), "\(foreign.errors)")
  }
}
