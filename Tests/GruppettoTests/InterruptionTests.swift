import Foundation
import Groundwork
import TestSupport
import Testing

/// Training that is killed, interrupted and resumed ends as training that was left alone.
@Suite(.serialized) struct InterruptionTests {
  let workshop: Workshop

  init() throws { workshop = try Workshop() }

  private let training = ["train", "tunes", "--steps", "240", "--seed", "7", "--quiet"] + Workshop.quick

  private func weights(_ model: String) throws -> [UInt8] { try workshop.bytes("\(model)/model.safetensors") }

  @Test("A run that is killed ten times ends with the same weights")
  func aRunThatIsKilledTenTimesEndsWithTheSameWeights() throws {
    let began = Date()
    let whole = try workshop.run(training + ["-o", "whole"])
    #expect(whole.exitCode == 0, "\(whole.errors)")
    let longest = max(0.1, Date().timeIntervalSince(began) / 3)
    var kills = 0
    for _ in 0..<10 {
      let running = try workshop.program.start(
        training + ["-o", "killed"] + (workshop.has("killed") ? ["--resume"] : []),
        folder: workshop.folder.path)
      Thread.sleep(forTimeInterval: Double.random(in: 0.02...longest))
      running.signal(SIGKILL)
      if running.wait().exitCode == -SIGKILL { kills += 1 }
    }
    #expect(kills > 0)
    let resumed = try workshop.run(training + ["-o", "killed", "--resume"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try weights("killed") == weights("whole"))
  }

  /// Killed with one number of threads, resumed with others: every file is that of the run with one thread.
  @Test("Other threads end with the same files") func otherThreadsEndWithTheSameFiles() throws {
    let options = ["--dropout", "0.2", "--average", "0.9", "--accumulate", "2"]
    func train(_ model: String, threads: Int, _ more: [String] = [], fault: Int? = nil) throws -> Int32 {
      let arguments =
        ["train", "tunes", "--steps", "60", "--seed", "7", "--quiet"] + Workshop.quick.dropLast(2)
      return try workshop.run(
        arguments + options + ["--threads", "\(threads)", "-o", model] + more,
        environment: fault.map { ["GRUPPETTO_FAULT": "before-rename:training.safetensors:\($0)"] } ?? [:]
      ).exitCode
    }
    #expect(try train("whole", threads: 1) == 0)
    let whole = try TrainedFiles(path: workshop("whole"))
    for threads in [[1, 4, 2], [4, 2, 1], [2, 1, 4]] {
      let model = "killed\(threads[0])"
      #expect(try train(model, threads: threads[0], fault: 4) == -SIGKILL)
      #expect(try train(model, threads: threads[1], ["--resume"], fault: 3) == -SIGKILL)
      #expect(try train(model, threads: threads[2], ["--resume"]) == 0)
      #expect(try TrainedFiles(path: workshop(model)) == whole, "threads \(threads)")
    }
  }

  /// With all that a checkpoint may have to keep: each rule's state, the average, the plateau, half an accumulation.
  @Test(
    "Any optimizer resumes as if it had not been killed",
    arguments: [
      ["--optimizer", "sgd", "--nesterov", "--schedule", "plateau", "--fall-patience", "0"],
      ["--optimizer", "rmsprop", "--momentum", "0.5", "--average", "0.99"],
      ["--optimizer", "adam", "--weight-decay", "0.001", "--accumulate", "3", "--clip-value", "0.1"],
      ["--schedule", "plateau", "--fall-patience", "0", "--average", "0.9", "--accumulate", "2"],
    ])
  func anyOptimizerResumesAsIfItHadNotBeenKilled(options: [String]) throws {
    let training = ["train", "tunes", "--steps", "60", "--seed", "7", "--quiet"] + Workshop.quick + options
    #expect(try workshop.run(training + ["-o", "whole"]).exitCode == 0)
    for number in [1, 3, 5] {
      let killed = try workshop.run(
        training + ["-o", "killed"] + (workshop.has("killed") ? ["--resume"] : []),
        environment: ["GRUPPETTO_FAULT": "before-rename:training.safetensors:\(number)"])
      #expect(killed.exitCode == -SIGKILL, "the fault was not reached")
    }
    #expect(try workshop.run(training + ["-o", "killed", "--resume"]).exitCode == 0)
    #expect(try weights("killed") == weights("whole"))
  }

  @Test(
    "A kill between writing and renaming loses nothing",
    arguments: [
      "corpus.gruppetto:1", "vocabulary.json:1", "model.json:1", "training.safetensors:1",
      "training.safetensors:2",
      "model.safetensors:1", "model.safetensors:2",
    ])
  func aKillBetweenWritingAndRenamingLosesNothing(fault: String) throws {
    #expect(try workshop.run(training + ["-o", "whole"]).exitCode == 0)
    let killed = try workshop.run(
      training + ["-o", "killed"], environment: ["GRUPPETTO_FAULT": "before-rename:\(fault)"])
    #expect(killed.exitCode == -SIGKILL, "the fault was not reached")
    let resumed = try workshop.run(training + ["-o", "killed", "--resume"])
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
    #expect(try weights("killed") == weights("whole"))
  }

  @Test("Control c saves and says how to continue") func controlCSavesAndSaysHowToContinue() throws {
    let endless = ["train", "tunes", "-o", "stopped", "--steps", "1000000", "--quiet"] + Workshop.quick
    let running = try workshop.program.start(endless, folder: workshop.folder.path)
    while !workshop.has("stopped/training.safetensors"), running.process.isRunning {
      Thread.sleep(forTimeInterval: 0.02)
    }
    running.signal(SIGINT)
    let outcome = running.wait()
    #expect(outcome.exitCode == 130)
    #expect(outcome.errors.contains("--resume"), "\(outcome.errors)")
    #expect(workshop.has("stopped/training.safetensors"))
    #expect(try workshop.names(in: "stopped").allSatisfy { !$0.hasSuffix(".part") })
  }

  @Test("Pieces that are complete when composing is interrupted are named")
  func piecesThatAreCompleteWhenComposingIsInterruptedAreNamed() throws {
    let trained = try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "5", "--quiet"] + Workshop.quick)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let running = try workshop.program.start(
      ["generate", "model", "--bars", "2", "--count", "10000", "--quiet", "-o", "piece.mid"],
      folder: workshop.folder.path)
    while !workshop.has("piece-00001.mid"), running.process.isRunning {
      Thread.sleep(forTimeInterval: 0.02)
    }
    running.signal(SIGINT)
    let outcome = running.wait()
    #expect(outcome.exitCode == 130)
    #expect(outcome.errors.contains("seed"), "\(outcome.errors)")
    let written = try workshop.names().filter { $0.hasPrefix("piece-") }
    let named = outcome.output.split(separator: "\n").compactMap { $0.split(separator: ":").first }
    #expect(!written.isEmpty && named.map(String.init).sorted() == written)
  }

  @Test("Resuming needs no other option and refuses a changed corpus")
  func resumingNeedsNoOtherOptionAndRefusesAChangedCorpus() throws {
    let stopped = try workshop.run(
      training + ["-o", "model"], environment: ["GRUPPETTO_FAULT": "before-rename:training.safetensors:2"])
    #expect(stopped.exitCode == -SIGKILL)
    #expect(try workshop.run(["train", "tunes", "-o", "model", "--resume", "--quiet"]).exitCode == 0)
    let other = "X:1\nT:Other\nM:4/4\nL:1/4\nK:C\n" + String(repeating: "CDEF|", count: 40) + "\n"
    try replaceFile(at: workshop("tunes/tune1.abc"), with: other)
    let refused = try workshop.run(["train", "tunes", "-o", "model", "--resume", "--quiet"])
    #expect(refused.exitCode == 65 && refused.errorLines.count == 1, "\(refused.errors)")
  }
}
