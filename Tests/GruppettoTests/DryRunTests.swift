import Foundation
import Groundwork
import TestSupport
import Testing

/// What `train --dry-run` says before is what `train` finds.
@Suite struct DryRunTests {
  let workshop: Workshop

  init() throws { workshop = try Workshop() }

  @Test(
    "Memory and files are as foretold",
    arguments: [
      ["--layers", "2", "--hidden", "192", "--embedding", "128", "--batch", "64", "--truncation", "64"],
      ["--layers", "1", "--hidden", "1024", "--embedding", "64", "--batch", "4", "--truncation", "8"],
      [
        "--layers", "1", "--hidden", "768", "--embedding", "64", "--batch", "4", "--truncation", "8",
        "--optimizer",
        "sgd", "--momentum", "0", "--average", "0.99", "--accumulate", "2",
      ],
    ])
  func memoryAndFilesAreAsForetold(options: [String]) throws {
    let training = ["train", "tunes", "-o", "model", "--steps", "2", "--threads", "2", "--json"] + options
    let dry = try workshop.run(training + ["--dry-run"])
    #expect(dry.exitCode == 0, "\(dry.errors)")
    #expect(!workshop.has("model"), "a dry run leaves nothing behind")
    let plan = try dry.json()
    let trained = try workshop.run(training)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let memory = try #require(trained.json()["peakMemory"] as? Int)
    let foretold = try #require(plan["peakMemory"] as? Int)
    #expect(abs(Double(foretold) / Double(memory) - 1) < 0.1, "\(foretold) foretold, \(memory) used")
    for (name, key) in [("model", "modelSize"), ("training", "checkpointSize")] {
      let size = try workshop.bytes("model/\(name).safetensors").count
      let foretold = try #require(plan[key] as? Int)
      #expect(abs(Double(foretold) / Double(size) - 1) < 0.05, "\(name): \(foretold) foretold, \(size) found")
    }
    let info = try workshop.run(["model", "info", "model", "--json"]).json()
    #expect(plan["parameters"] as? Int == info["parameters"] as? Int)
  }

  @Test("A dry run of any size takes no memory") func aDryRunOfAnySizeTakesNoMemory() throws {
    let dry = try workshop.run([
      "train", "tunes", "-o", "model", "--hidden", "8192", "--layers", "32", "--batch", "4", "--truncation",
      "8", "--average", "0.99", "--dry-run", "--json",
    ])
    #expect(dry.exitCode == 0, "\(dry.errors)")
    let plan = try dry.json()
    let (needed, present) = (
      try #require(plan["peakMemory"] as? Int), try #require(plan["machineMemory"] as? Int)
    )
    #expect(needed > 100_000_000_000 && present > 100_000_000)
  }

  @Test("A dry run is printed as text too") func aDryRunIsPrintedAsTextToo() throws {
    let dry = try workshop.run(["train", "tunes", "-o", "model", "--dry-run", "--quiet"] + Workshop.quick)
    #expect(dry.exitCode == 0 && dry.output.contains("memory: "), "\(dry.errors)")
    #expect(
      try workshop.run(["train", "tunes", "-o", "m", "--dry-run", "--report", "r.html"]).exitCode == 64)
  }
}
