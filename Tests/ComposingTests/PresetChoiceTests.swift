import Composing
import Corpora
import Testing

@Suite("The choice of a preset") struct PresetChoiceTests {
  private static let folder =
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/presets"

  @Test("Each kind of music has a preset that exists", arguments: CollectionProfile.Kind.allCases)
  func eachKindHasAPreset(kind: CollectionProfile.Kind) throws {
    let choice = PresetChoice(for: CollectionProfile(kind: kind, share: 0.9, pieces: 1_034, notes: 250_000))
    #expect(choice.reason.contains("90 % of its pieces (about 1030)"))
    let preset = try ModelPreset(named: choice.name, folder: Self.folder + "/models")
    #expect(preset.summary?.isEmpty == false)
  }

  @Test("A collection of a few notes, or of none, gets the smallest network") func fewNotes() {
    let few = PresetChoice(for: CollectionProfile(kind: .band, share: 1, pieces: 3, notes: 2_345))
    #expect(few.name == "demo")
    #expect(few.reason == "because it has only about 2350 notes")
    #expect(PresetChoice(for: nil).name == "demo")
  }
}
