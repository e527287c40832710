import Composing
import Foundation
import Groundwork
import Recurrent
import TestSupport
import Testing
import Training

@Suite struct PresetTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "presets").path

  @Test(
    "The projects model presets are valid",
    arguments: [
      "demo", "folk", "piano", "band", "chorale", "drums", "small", "medium",
    ])
  func theProjectsModelPresetsAreValid(name: String) throws {
    let preset = try ModelPreset(named: name, folder: Self.folder + "/models")
    #expect(preset.summary != nil)
  }

  @Test("The projects sampling presets are valid", arguments: ["default", "careful", "adventurous"])
  func theProjectsSamplingPresetsAreValid(name: String) throws {
    let preset = try SamplingPreset(named: name, folder: Self.folder + "/sampling")
    #expect(try !preset.filters().isEmpty)
  }

  @Test("Small is the comparisons network") func smallIsTheComparisonsNetwork() throws {
    let preset = try ModelPreset(named: "small", folder: Self.folder + "/models")
    #expect(preset.network == LanguageModelShape())
    #expect(preset.training.batchSize == 32 && preset.training.truncationLength == 128)
    #expect(preset.training.learningRate == 2e-3)
    #expect(preset.transposition == nil)
  }

  @Test("A missing preset is answered with those there are") func aMissingPresetIsAnsweredWithThoseThereAre()
  {
    do {
      _ = try SamplingPreset(named: "wild", folder: Self.folder + "/sampling")
      Issue.record("a preset that does not exist was read")
    } catch {
      #expect(error.kind == .usage)
      #expect(error.message.contains("adventurous, careful, default"))
    }
  }

  @Test(
    "An invalid preset is named",
    arguments: [
      ("{", "not JSON"), ("", "it is empty"),
      (#"{"temperature": 1, "topK": 1e30, "topP": 1, "minP": 0}"#, "too large for its setting"),
      ("[]", "not a JSON object of settings"),
      (#"{"temperature": 1, "topK": 0, "topP": 1}"#, "'minP' is missing"),
      (#"{"temperature": "hot", "topK": 0, "topP": 1, "minP": 0}"#, "'temperature'"),
      (#"{"temperature": 1, "topK": 0, "topP": 1, "minP": 0, "warmth": 3}"#, "'warmth'"),
      (#"{"temperature": 1, "topK": 0, "topP": 2, "minP": 0}"#, "top-p is 2.0"),
    ])
  func anInvalidPresetIsNamed(_ text: String, _ reason: String) throws {
    let folder = try TemporaryFolder()
    try replaceFile(at: folder.file("odd.json"), with: text)
    do {
      _ = try SamplingPreset(named: "odd", folder: folder.path)
      Issue.record("\(text) was read")
    } catch {
      #expect(error.kind == .badInput)
      #expect(error.file == folder.file("odd.json"))
      #expect(error.message.contains(reason), "\(error.message)")
    }
  }

  @Test("An unknown setting deep inside is named") func anUnknownSettingDeepInsideIsNamed() throws {
    let folder = try TemporaryFolder()
    let text = String(decoding: try readFile(Self.folder + "/models/small.json"), as: UTF8.self)
    try replaceFile(
      at: folder.file("odd.json"),
      with: text.replacingOccurrences(of: #""warmUp""#, with: #""warmup": 0, "warmUp""#))
    do {
      _ = try ModelPreset(named: "odd", folder: folder.path)
      Issue.record("an unknown setting was read")
    } catch {
      #expect(error.message.contains("'training.schedule.warmup'"), "\(error.message)")
    }
  }
}
