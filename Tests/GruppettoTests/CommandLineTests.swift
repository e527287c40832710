import Foundation
import TestSupport
import Testing

@Suite struct CommandLineTests {
  let program = Program()

  @Test("The version is printed") func theVersionIsPrinted() throws {
    let outcome = try program.run(["--version"])
    #expect(outcome.exitCode == 0 && outcome.output == "0.1.0\n")
  }

  @Test(
    "Every command has help with an example",
    arguments: [
      ["inspect"], ["tokenize"], ["detokenize"], ["corpus", "build"], ["corpus", "info"],
      ["corpus", "export"],
      ["corpus", "list"], ["train"], ["generate"], ["continue"], ["render"], ["play"], ["features"],
      ["model", "info"], ["model", "report"], ["instruments"], ["evaluate"],
    ])
  func everyCommandHasHelpWithAnExample(command: [String]) throws {
    let outcome = try program.run(command + ["--help"])
    #expect(outcome.exitCode == 0)
    #expect(outcome.output.contains("gruppetto \(command.joined(separator: " "))"), "no example")
    #expect(outcome.output.contains("--json"))
  }

  @Test(
    "A long help page begins with the main options and ends with the rarely needed ones",
    arguments: ["train", "generate", "continue", "evaluate", "features"])
  func aLongHelpPageBeginsWithTheMainOptionsAndEndsWithTheRarelyNeededOnes(command: String) throws {
    for arguments in [[command, "--help"], ["help", command]] {
      let outcome = try program.run(arguments)
      let titles = outcome.output.split(separator: "\n\n").compactMap {
        $0.firstMatch(of: /^([A-Z][^:a-z]*):\n/)?.1
      }
      #expect(titles.starts(with: ["ARGUMENTS", "OPTIONS"]) && titles.last == "RARELY NEEDED", "\(titles)")
      #expect(outcome.exitCode == 0 && outcome.output.contains("--size-limit"))
    }
  }

  @Test("A usage error is explained") func aUsageErrorIsExplained() throws {
    let requests = [
      ["inspekt"], ["render", "x.mid"], ["generate", "m", "-o", "x.mid", "--bars", "many"], ["play"],
    ]
    for arguments in requests {
      let outcome = try program.run(arguments)
      #expect(outcome.exitCode == 64, "\(arguments)")
      #expect(!outcome.errors.isEmpty && outcome.output.isEmpty)
    }
  }

  @Test("Kernels that do not exist are a usage error") func kernelsThatDoNotExistAreAUsageError() throws {
    let outcome = try program.run(["instruments"], environment: ["GRUPPETTO_KERNELS": "abacus"])
    #expect(outcome.exitCode == 64 && outcome.output.isEmpty)
    #expect(outcome.errorLines.count == 1 && outcome.errors.contains("GRUPPETTO_KERNELS=abacus"))
    #expect(try program.run(["instruments"], environment: ["GRUPPETTO_KERNELS": "plain"]).exitCode == 0)
  }

  @Test("An ending that means nothing is refused before any work")
  func anEndingThatMeansNothingIsRefusedBeforeAnyWork() throws {
    let outcome = try program.run(["generate", "nowhere", "-o", "tune.mp4"])
    #expect(outcome.exitCode == 64)
    #expect(outcome.errorLines.count == 1 && outcome.errors.contains("tune.mp4"))
  }

  @Test("Numbers below zero need no equals sign") func numbersBelowZeroNeedNoEqualsSign() throws {
    let workshop = try Workshop()
    let louder = try workshop.run(["render", "short.abc", "-o", "a.wav", "--gain", "0", "--json"])
    let softer = try workshop.run(["render", "short.abc", "-o", "b.wav", "--gain", "-20", "--json"])
    let peaks = try [louder, softer].map { try #require(try $0.json()["peak"] as? Double) }
    #expect(peaks[1] < peaks[0] / 5)
  }

  @Test(
    "What is wrong with a number below zero is said",
    arguments: [
      (["generate", "m", "-o", "x.mid", "--bars"], "--bars is a number from 1"),
      (["generate", "m", "-o", "x.mid", "--count"], "--count is a number from 1"),
      (["generate", "m", "-o", "x.mid", "--seed"], "a whole number from 0"),
      (["train", "tunes", "-o", "m", "--learning-rate"], "a rate above 0"),
      (["features", "x.wav", "-o", "x.npy", "--channel"], "--channel counts from 1"),
    ])
  func whatIsWrongWithANumberBelowZeroIsSaid(arguments: [String], reason: String) throws {
    let workshop = try Workshop()
    let apart = try workshop.run(arguments + ["-1"])
    let joined = try workshop.run(arguments.dropLast() + ["\(arguments.last ?? "")=-1"])
    for outcome in [apart, joined] {
      #expect(outcome.exitCode == 64 && outcome.errors.contains(reason), "\(outcome.errors)")
    }
  }

  @Test("Channels are counted as the option counts them") func channelsAreCountedAsTheOptionCountsThem()
    throws
  {
    let workshop = try Workshop()
    try workshop.run(["render", "short.abc", "-o", "a.wav", "--quiet"])
    let outcome = try workshop.run(["features", "a.wav", "-o", "a.npy", "--channel", "9"])
    #expect(
      outcome.exitCode == 64 && outcome.errors.contains("no channel 9; the last is 2"), "\(outcome.errors)")
    let endless = try workshop.run(["features", "a.wav", "-o", "a.npy", "--frame-length", "nan"])
    #expect(
      endless.exitCode == 64 && endless.errors.contains("frames of nan ms"), "\(endless.errors)")
  }

  @Test("Errors are JSON where that is asked for") func errorsAreJSONWhereThatIsAskedFor() throws {
    let outcome = try program.run(["inspect", "/nowhere/x.mid", "--json"])
    #expect(outcome.exitCode == 66)
    let error = try #require(try outcome.json()["error"] as? [String: Any])
    #expect(error["code"] as? Int == 66 && error["file"] as? String == "/nowhere/x.mid")
    #expect(outcome.errorLines == ["gruppetto: " + (error["message"] as? String ?? "")])
  }

  @Test("The instruments cover general MIDI") func theInstrumentsCoverGeneralMIDI() throws {
    struct Entry: Decodable {
      var programs: [Int]
      var drumKeys: [Int]
    }
    let outcome = try program.run(["instruments", "--json"])
    struct Report: Decodable {
      var instruments: [Entry]
    }
    let entries = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8)).instruments
    #expect(Set(entries.flatMap(\.programs)) == Set(0..<128))
    #expect(Set(entries.flatMap(\.drumKeys)).isSuperset(of: 35...81))
  }

  @Test("The collections are listed") func theCollectionsAreListed() throws {
    let outcome = try program.run(["corpus", "list"])
    for name in ["Nottingham", "POP909", "JSB", "MAESTRO", "Lakh", "GiantMIDI", "Groove"] {
      #expect(outcome.output.contains(name))
    }
  }
}
