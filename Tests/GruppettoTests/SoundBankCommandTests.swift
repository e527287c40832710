import Foundation
import TestSupport
import Testing

@Suite("Banks on the command line", .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
struct SoundBankCommandTests {
  let workshop: Workshop
  let bank = SharedData.path("soundfonts/fluidsynth/sf2/VintageDreamsWaves-v2.sf2")
  let compressed = SharedData.path("soundfonts/fluidsynth/sf2/VintageDreamsWaves-v2.sf3")

  init() throws { workshop = try Workshop() }

  @Test("The presets of a bank are listed") func thePresetsOfABankAreListed() throws {
    for path in [bank, compressed] {
      let outcome = try workshop.run(["instruments", path, "--json"])
      #expect(outcome.exitCode == 0 && outcome.errors.isEmpty)
      let report = try outcome.json()
      let presets = try #require(report["presets"] as? [[String: Any]])
      #expect(presets.count == 136 && report["file"] as? String == path)
      #expect(presets[0]["bank"] as? Int == 0 && presets[0]["program"] as? Int == 0)
      let text = try workshop.run(["instruments", path, "--quiet"])
      #expect(text.output.contains(try #require(presets[0]["name"] as? String)) && text.errors.isEmpty)
    }
  }

  @Test("A bank plays where it is named, once or in a stack, and the report says which")
  func aBankPlays() throws {
    func sound(_ arguments: [String], environment: [String: String] = [:]) throws -> (String?, Data) {
      let outcome = try workshop.run(
        ["render", "short.abc", "-o", "a.wav", "--json", "--quiet"] + arguments, environment: environment)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let bytes = try Data(contentsOf: URL(filePath: workshop("a.wav")))
      return (try outcome.json()["sound"] as? String, bytes)
    }
    let builtIn = try sound(["--sound", "builtin"])
    let played = try sound(["--sound", bank])
    let stacked = try sound(["--sound", bank, "--sound", compressed])
    let chosen = try sound([], environment: ["GRUPPETTO_SOUND": bank])
    #expect(builtIn.0 == "builtin" && played.0 == bank && stacked.0 == "\(bank), \(compressed)")
    #expect(played.1 != builtIn.1 && stacked.1 == played.1 && chosen.1 == played.1 && chosen.0 == bank)
    #expect(try sound([]).1 == builtIn.1)
  }

  @Test("What is no bank, or is not there, is an error of its own exit code") func whatIsNoBank() throws {
    try Data("RIFF, but no bank".utf8).write(to: URL(filePath: workshop("no.sf2")))
    for (path, code) in [("no.sf2", 65), ("missing.sf2", 66)] as [(String, Int32)] {
      for arguments in [["instruments", path], ["render", "short.abc", "-o", "a.wav", "--sound", path]] {
        let outcome = try workshop.run(arguments)
        #expect(outcome.exitCode == code && outcome.errors.contains(path), "\(outcome.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: workshop("a.wav")))
    }
  }

  @Test("Left to the program, the system's bank plays and is named") func automatic() throws {
    let outcome = try workshop.run(["render", "short.abc", "-o", "a.wav", "--sound", "auto", "--json"])
    #expect(outcome.exitCode == 0)
    let name = try #require(try outcome.json()["sound"] as? String)
    #expect(name == "builtin" || outcome.errors.contains(name))
  }
}
