import Groundwork
import SoundFonts
import Testing

private func bits(_ value: Int) -> UInt16 { UInt16(bitPattern: Int16(value)) }
private func range(_ range: ClosedRange<Int>) -> UInt16 { UInt16(range.lowerBound | range.upperBound << 8) }

@Suite("Zones of a preset, resolved")
struct ResolutionTests {
  typealias Zone = BankBuilder.Zone

  private func bank(preset: [Zone], instrument: [Zone]) -> BankBuilder {
    var bank = BankBuilder()
    bank.presets = [.init(zones: preset)]
    bank.instruments = [.init(zones: instrument)]
    return bank
  }

  @Test("a zone that says nothing has the defaults, the ten modulators and its sample")
  func defaults() throws {
    let bank = try BankBuilder().read()
    #expect(bank.name == "A bank" && bank.version == (2, 4) && bank.diagnostics.isEmpty)
    let zones = try #require(bank.preset(bank: 0, program: 0)).zones
    let zone = try #require(zones.first)
    #expect(zones.count == 1 && zone.keys == 0...127 && zone.velocities == 0...127)
    for generator in Generator.allCases where generator.kind == .value {
      #expect(zone.generators[generator] == generator.defaultValue, "\(generator)")
    }
    #expect(zone.modulators == Modulator.standard && zone.modulators.count == 10)
    let sample = zone.sample
    #expect((sample.start, sample.end, sample.loopStart, sample.loopEnd) == (0, 100, 10, 90))
    #expect(sample.sampleRate == 44_100 && sample.originalKey == 60 && sample.channel == .mono)
    withExtendedLifetime(sample.memory) {
      #expect((0..<1_000).allSatisfy { sample.data[$0] == Int16($0) } && sample.frameCount == 1_000)
    }
  }

  @Test("instruments set, presets add, local zones hold before global ones (§9.4)")
  func additions() throws {
    let zones = try bank(
      preset: [
        Zone(generators: [(51, bits(2)), (8, bits(-500))]),
        Zone(generators: [(51, bits(-1)), (17, bits(100)), (41, 0)]),
      ],
      instrument: [
        Zone(generators: [(51, bits(12)), (52, bits(30)), (17, bits(-50))]),
        Zone(generators: [(51, bits(7)), (8, bits(9_000)), (53, 0)]),
        Zone(generators: [(53, 0)]),
      ]
    ).zones()
    #expect(zones.map { $0.generators[.coarseTune] } == [6, 11])
    #expect(zones.map { $0.generators[.fineTune] } == [30, 30])
    #expect(zones.map { $0.generators[.filterCutoff] } == [8_500, 13_000])
    #expect(zones.map { $0.generators[.pan] } == [50, 50])
  }

  @Test("ranges of both levels are intersected, and what no note reaches is left out")
  func ranges() throws {
    let zones = try bank(
      preset: [
        Zone(generators: [(43, range(20...70))]),
        Zone(generators: [(44, range(0...99)), (41, 0)]),
        Zone(generators: [(43, range(0...30)), (41, 0)]),
      ],
      instrument: [
        Zone(generators: [(43, range(60...127)), (44, range(64...127)), (53, 0)]),
        Zone(generators: [(43, range(0...59)), (53, 0)]),
      ]
    ).zones()
    #expect(zones.map(\.keys) == [60...70, 20...59, 0...30])
    #expect(zones.map(\.velocities) == [64...99, 0...99, 0...127])
  }

  @Test("sums are limited to the ranges of §8.1.3, but attenuation may wait for what modulators add")
  func limits() throws {
    let zones = try bank(
      preset: [
        Zone(generators: [(8, bits(5_000)), (48, bits(-300)), (17, bits(-1_000)), (52, bits(99)), (41, 0)])
      ],
      instrument: [
        Zone(generators: [(8, bits(13_000)), (48, bits(100)), (17, bits(-500)), (52, bits(99)), (53, 0)])
      ]
    ).zones()
    let values = try #require(zones.first).generators
    #expect(values[.filterCutoff] == 13_500 && values[.attenuation] == -200)
    #expect(values[.pan] == -500 && values[.fineTune] == 198)
  }

  @Test("what has no meaning in a preset is ignored there: offsets, keys, loops and classes")
  func presetGenerators() throws {
    let zones = try bank(
      preset: [Zone(generators: [(54, 1), (57, 3), (58, 70), (0, 5), (46, 60), (56, bits(-50)), (41, 0)])],
      instrument: [Zone(generators: [(53, 0)])]
    ).zones()
    let values = try #require(zones.first).generators
    #expect(values[.loopMode] == 0 && values[.exclusiveClass] == 0 && values[.rootKey] == -1)
    #expect(values[.startOffset] == 0 && values[.key] == -1 && values[.scaleTuning] == 50)
  }

  @Test("a generator's second value holds, ranges come first, nothing follows the sample")
  func order() throws {
    let bank = try bank(
      preset: [Zone(generators: [(41, 0)])],
      instrument: [
        Zone(generators: [(51, 1), (51, 2), (43, range(0...5)), (53, 0), (51, 3)]),
        Zone(generators: [(51, 9)]),
      ]
    ).read()
    let zone = try #require(bank.presets[0].zones.first)
    #expect(zone.generators[.coarseTune] == 2 && zone.keys == 0...127)
    #expect(bank.diagnostics.map(\.rule) == ["range-order", "zone-without-target"])
    #expect(bank.presets[0].zones.count == 1)
  }

  @Test("modulators: the instrument's in the place of the defaults, the preset's added (§9.5)")
  func modulators() throws {
    let zones = try bank(
      preset: [
        Zone(modulators: [[0x0502, 48, bits(100), 0, 0], [0x0081, 6, bits(10), 0, 0]]),
        Zone(
          generators: [(41, 0)], modulators: [[0x0502, 48, bits(-200), 0, 0], [0x0082, 8, bits(700), 0, 0]]),
      ],
      instrument: [
        Zone(modulators: [[0x0502, 48, bits(480), 0, 0], [0x0081, 6, 0, 0, 0]]),
        Zone(
          generators: [(53, 0)], modulators: [[0x0502, 48, bits(500), 0, 0], [0x0502, 48, bits(600), 0, 0]]),
      ]
    ).zones()
    let modulators = try #require(zones.first).modulators
    #expect(modulators.count == 11)
    #expect(modulators[0] == Modulator(0x0502, to: .attenuation, amount: 400))
    #expect(modulators[3] == Modulator(0x0081, to: .vibratoLFOToPitch, amount: 10))
    #expect(modulators[10] == Modulator(0x0082, to: .filterCutoff, amount: 700))
    #expect(modulators[1] == Modulator.standard[1])
  }

  @Test("a bank of version 2.01 switches the velocity's filter off by its own identity")
  func velocityFilterOf201() throws {
    func filters(_ modulators: [[UInt16]]) throws -> [Modulator] {
      let bank = bank(
        preset: [Zone(generators: [(41, 0)])],
        instrument: [Zone(generators: [(53, 0)], modulators: modulators)])
      return try #require(try bank.zones().first).modulators.filter { $0.destination == .filterCutoff }
    }
    #expect(try filters([]).map(\.amount) == [-2_400])
    #expect(try filters([[0x0102, 8, 0, 0x0D02, 0]]).map(\.amount) == [0])
    #expect(try filters([[0x0102, 8, 0, 0, 0]]).map(\.amount) == [0])
    let both = try filters([[0x0102, 8, bits(-7_200), 0, 0], [0x0102, 8, 0, 0x0D02, 0]])
    #expect(both.map(\.amount) == [-7_200, 0])
  }

  @Test("modulators of unknown curves, controllers and transforms are ignored")
  func unknownModulators() throws {
    let bank = try bank(
      preset: [Zone(generators: [(41, 0)])],
      instrument: [
        Zone(
          generators: [(53, 0)],
          modulators: [
            [0x1001, 48, 5, 0, 0], [0x0080, 48, 5, 0, 0], [0x0004, 48, 5, 0, 0], [0x0081, 48, 5, 0, 1],
            [0x0081, 41, 5, 0, 0], [0x0081, 200, 5, 0, 0], [0x0081, 48, 5, 0x00FF, 0], [0x0081, 48, 5, 0, 2],
          ])
      ]
    ).read()
    let modulators = try #require(bank.presets[0].zones.first).modulators
    #expect(
      Array(modulators.dropFirst(10)) == [Modulator(0x0081, to: .attenuation, amount: 5, isAbsolute: true)])
    #expect(bank.diagnostics.count == 7)
  }

  @Test("a modulator has those that feed it, and links that loop or lead nowhere are ignored (§9.5.4)")
  func linkedModulators() throws {
    let bank = try bank(
      preset: [Zone(generators: [(41, 0)])],
      instrument: [
        Zone(
          generators: [(53, 0)],
          modulators: [
            [0x0081, 0x8001, 64, 0, 0], [0x007F, 8, bits(-2_400), 0x0010, 2],
            // A loop, one that waits for nobody, and one that feeds what takes nothing.
            [0x007F, 0x8003, 5, 0, 0], [0x007F, 0x8002, 5, 0, 0], [0x007F, 51, 5, 0, 0],
            [0x0081, 0x8000, 5, 0, 0],
            // Beyond the zone's modulators, and a link as the amount's source.
            [0x0081, 0x8100, 5, 0, 0], [0x0081, 51, 5, 0x007F, 0],
          ])
      ]
    ).read()
    var expected = Modulator(0x007F, to: .filterCutoff, amount: -2_400, by: 0x0010, isAbsolute: true)
    expected.inputs = [Modulator(0x0081, to: .attenuation, amount: 64)]
    let modulators = try #require(bank.presets[0].zones.first).modulators
    #expect(Array(modulators.dropFirst(10)) == [expected])
    #expect(
      bank.diagnostics.map(\.rule).sorted() == Array(repeating: "linked-modulator", count: 4) + ["modulator"])
  }

  @Test("offsets move a sample's start, end and loop, and never out of the bank's data")
  func offsets() throws {
    func addresses(_ generators: [(Int, UInt16)]) throws -> SoundFontSample.Addresses {
      let bank = bank(
        preset: [Zone(generators: [(41, 0)])], instrument: [Zone(generators: generators + [(53, 0)])])
      let zone = try #require(try bank.zones().first)
      return zone.sample.addresses(zone.generators)
    }
    #expect(try addresses([]) == .init(start: 0, end: 100, loopStart: 10, loopEnd: 90))
    #expect(
      try addresses([(0, 5), (1, bits(-5)), (2, 3), (3, bits(-4))])
        == .init(start: 5, end: 95, loopStart: 13, loopEnd: 86))
    #expect(try addresses([(4, 3)]) == .init(start: 1_000, end: 1_000, loopStart: 1_000, loopEnd: 1_000))
    #expect(try addresses([(50, 1)]) == .init(start: 0, end: 100, loopStart: 0, loopEnd: 0))
    #expect(try addresses([(3, 100)]) == .init(start: 0, end: 190, loopStart: 10, loopEnd: 190))
  }
}
