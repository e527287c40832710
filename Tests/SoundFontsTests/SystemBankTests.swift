import Groundwork
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
    #expect(bank.diagnostics.isEmpty, "\(bank.diagnostics)")
    let envelope = try #require(bank.presets[0].zones.first { $0.keys == 58...58 }).generators
    #expect(envelope[.volumeEnvelopeAttack] == 0 && envelope[.volumeEnvelopeSustain] == 120)
    let cutoffs = bank.presets[4].zones.map { $0.generators[.filterCutoff] }
    #expect(cutoffs.prefix(5) == [1_549, 3_135, 4_335, 5_535, 7_121] && cutoffs[19] == 13_500)
    let left = try #require(bank.presets[6].zones.first { $0.keys.contains(0x34) })
    #expect(left.generators[.pan] == -500 && left.sample.channel == .left && left.sample.link == 45)
  }

  @Test("the same bank with and without compression has the same presets, sounding alike")
  func compressed() throws {
    let folder = "soundfonts/fluidsynth/sf2/VintageDreamsWaves-v2"
    let plain = try SoundFont(path: SharedData.path(folder + ".sf2"))
    let compressed = try SoundFont(path: SharedData.path(folder + ".sf3"))
    #expect(plain.presets.map(\.name) == compressed.presets.map(\.name) && plain.presets.count == 136)
    #expect(compressed.version.major == 3)
    for (a, b) in zip(plain.presets, compressed.presets) {
      let (a, b) = (a.zones, b.zones)
      #expect(a.map(\.keys) == b.map(\.keys))
      for (zone, other) in zip(a, b) {
        let (x, y) = (zone.sample, other.sample)
        #expect(zone.generators == other.generators && x.sampleRate == y.sampleRate)
        #expect(abs((x.end - x.start) - (y.end - y.start)) <= 1)
        #expect(x.loopStart - x.start == y.loopStart && x.loopEnd - x.start == y.loopEnd)
      }
    }
    // What is in the memory of a sound card cannot be played from either.
    #expect(compressed.diagnostics.contains { $0.rule == "rom-sample" })
    #expect(!compressed.diagnostics.contains { $0.rule == "compressed-sample" })
  }

  @Test("every bank that stands beside the checkout can be read, and all of its presets resolved")
  func all() throws {
    let paths = SharedData.files(under: "", suffix: ".sf2") + SharedData.files(under: "", suffix: ".sf3")
    #expect(paths.count >= 6)
    for path in paths {
      let bank = try SoundFont(path: path)
      for preset in bank.presets { BankInvariants.check(preset.zones, "\(path): \(preset.name)") }
    }
  }
}

/// What holds for every zone of every bank, however damaged.
enum BankInvariants {
  static func check(_ zones: [SoundFontZone], _ name: @autoclosure () -> String) {
    for zone in zones {
      let sample = zone.sample
      let isSound =
        0...127 ~= zone.keys.lowerBound && zone.keys.upperBound <= 127 && zone.velocities.upperBound <= 127
        && 0 <= sample.start && sample.start < sample.end && sample.end <= sample.frameCount
        && sample.loopStart <= sample.loopEnd && sample.loopStart >= sample.start
        && sample.loopEnd <= sample.end
        && sample.sampleRate > 0 && 0...127 ~= sample.originalKey && zone.modulators.count >= 9
      #expect(isSound, "\(name()): \(sample.name)")
      let place = sample.addresses(zone.generators)
      let isWithin =
        0 <= place.start && place.start <= place.end && place.end <= sample.frameCount
        && place.start <= place.loopStart && place.loopStart <= place.loopEnd && place.loopEnd <= place.end
      #expect(isWithin, "\(name()): \(place)")
      let areLimited = Generator.allCases.allSatisfy { generator in
        generator.kind != .value
          || generator.rangeBeforeModulation.contains(zone.generators[generator])
      }
      #expect(areLimited, "\(name())")
    }
  }
}
