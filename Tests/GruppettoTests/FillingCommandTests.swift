import Foundation
import TestSupport
import Testing

@Suite struct FillingCommandTests {
  @Test("Bars of a piece are written anew, a tune is varied, led to another one and harmonized")
  func barsOfAPieceAreWrittenAnew() throws {
    let workshop = try Workshop()
    let trained = try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "20", "--infilling", "0.5", "--quiet"] + Workshop.quick)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    func succeeds(_ arguments: [String], _ file: String) throws {
      let run = try workshop.run(arguments + ["-o", file, "--seed", "2", "--tries", "2", "--quiet"])
      #expect(run.exitCode == 0 && workshop.has(file), "\(arguments): \(run.errors)")
    }
    try succeeds(["generate", "model", "--fill", "tunes/tune1.abc", "--bars", "3-4"], "filled.mid")
    try succeeds(["generate", "model", "--fill", "tunes/tune1.abc", "--bars", "3-4"], "again.mid")
    #expect(try workshop.bytes("filled.mid") == workshop.bytes("again.mid"))
    try succeeds(["generate", "model", "--vary", "tunes/tune1.abc", "--share", "0.2"], "varied.mid")
    try succeeds(["harmonize", "model", "short.abc", "--parts", "chords"], "with-chords.mid")
    let morph = try workshop.run([
      "generate", "model", "--morph", "tunes/tune1.abc", "--to", "tunes/tune2.abc", "--steps", "2", "-o",
      "between.mid", "--seed", "1", "--json",
    ])
    #expect(
      morph.exitCode == 0 && workshop.has("between-001.mid") && workshop.has("between-002.mid"),
      "\(morph.errors)")
  }

  @Test("Requests that cannot be met are refused in one line") func requestsThatCannotBeMetAreRefused() throws
  {
    let workshop = try Workshop()
    let trained = try workshop.run(
      ["train", "tunes", "-o", "model", "--steps", "5", "--quiet"] + Workshop.quick)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    let refusals: [([String], Int32)] = [
      (["generate", "model", "--fill", "tunes/tune1.abc", "--bars", "16-19"], 64),
      (["generate", "model", "--fill", "tunes/tune1.abc", "--parts", "9"], 64),
      (["generate", "model", "--fill", "tunes/tune1.abc", "--parts", "drums"], 64),
      (["generate", "model", "--fill", "missing.mid"], 66),
      (["generate", "model", "--bars", "3-4"], 64),
      (["generate", "model", "--vary", "tunes/tune1.abc", "--share", "0"], 64),
      (["generate", "model", "--morph", "tunes/tune1.abc"], 64),
      (["harmonize", "model", "short.abc", "--parts", "tuba"], 64),
      (["harmonize", "model", "short.abc", "--parts", "bass, chords,bass"], 64),
    ]
    for (arguments, code) in refusals {
      let run = try workshop.run(arguments + ["-o", "out.mid", "--seed", "1"])
      #expect(run.exitCode == code, "\(arguments): \(run.exitCode) \(run.errors)")
      #expect(run.errorLines.count == 1 && !workshop.has("out.mid"), "\(arguments): \(run.errors)")
    }
  }
}
