import SoundFonts
import TestSupport
import Testing

@Suite("Banks that others made", .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
struct SharedBankTests {
  @Test("the specification's test bank has its presets, zones and generators")
  func specificationBank() throws {
    let bank = try SoundFont(path: SharedData.path("soundfont-spec/sf_spec_test.sf2"))
    #expect(bank.version == (2, 1))
    #expect(bank.presets.map(\.program) == [0, 1, 2, 3, 4, 5, 6])
    for preset in bank.presets {
      #expect(!preset.zones.isEmpty, "\(preset.name)")
    }
    #expect(bank.diagnostics.isEmpty, "\(bank.diagnostics)")
  }
}
