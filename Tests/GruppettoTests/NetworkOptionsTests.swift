import Foundation
import TestSupport
import Testing

/// A network of any cell is trained, resumed and composes from the command line alone.
@Suite struct NetworkOptionsTests {
  let workshop: Workshop

  init() throws { workshop = try Workshop() }

  private static let small = [
    "--layers", "2", "--hidden", "16", "--embedding", "16", "--batch", "4", "--truncation", "32", "--threads",
    "1", "--seed", "3", "--quiet",
  ]

  private func network(_ model: String) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(workshop.bytes("\(model)/model.json")))
    return try #require(
      ((object as? [String: Any])?["settings"] as? [String: Any])?["network"] as? [String: Any])
  }

  @Test(
    "Any network is trained resumed and composes",
    arguments: [
      ("lstm", ["--cell", "lstm"]), ("rnn-tanh", ["--cell", "rnn"]), ("rnn-relu", ["--cell", "rnn-relu"]),
      (
        "gru-reset-before",
        [
          "--cell", "gru-reset-before", "--residual", "--layer-norm", "--locked-dropout", "--dropout", "0.2",
          "--tied-embedding",
        ]
      ),
    ])
  func anyNetworkIsTrainedResumedAndComposes(cell: String, options: [String]) throws {
    let training = ["train", "tunes", "--steps", "20"] + Self.small + options
    let whole = try workshop.run(training + ["-o", "whole"])
    #expect(whole.exitCode == 0, "\(whole.errors)")
    let network = try network("whole")
    #expect(network["cell"] as? String == cell)
    if options.contains("--residual") {
      #expect(network["isResidual"] as? Bool == true && network["normalizesLayers"] as? Bool == true)
      #expect(network["tiesEmbedding"] as? Bool == true && network["dropoutKind"] as? String == "locked")
    }

    let killed = try workshop.run(
      training + ["-o", "killed"], environment: ["GRUPPETTO_FAULT": "before-rename:training.safetensors:4"])
    #expect(killed.exitCode == -SIGKILL, "the fault was not reached")
    let resumed = try workshop.run(["train", "tunes", "-o", "killed", "--resume", "--quiet"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try workshop.bytes("killed/model.safetensors") == workshop.bytes("whole/model.safetensors"))

    let generated = try workshop.run([
      "generate", "whole", "--bars", "2", "--seed", "1", "-o", "piece.mid", "--json",
    ])
    #expect(generated.exitCode == 0, "\(generated.errors)")
    #expect(try generated.json()["bars"] as? Int == 2)
  }

  @Test(
    "A network that cannot be is refused",
    arguments: [
      (["--cell", "transformer"], "transformer"), (["--cell", "transformer"], ": rnn, rnn-tanh"),
      (["--tied-embedding", "--hidden", "24"], "--embedding (embeddingSize) is 16"),
      (["--dropout", "1"], "dropout is 1.0"), (["--layers", "0"], "--layers (layerCount) is 0"),
    ])
  func aNetworkThatCannotBeIsRefused(options: [String], reason: String) throws {
    let outcome = try workshop.run(["train", "tunes", "-o", "model", "--steps", "2"] + Self.small + options)
    #expect(outcome.exitCode == 64 && outcome.errors.contains(reason), "\(outcome.errors)")
    #expect(!workshop.has("model"))
  }
}
