import Foundation
import Groundwork
import SoundFonts
import TestSupport
import Testing

/// Writes banks of downloadable sounds: one instrument, a wave of 16 bits and one of 8.
struct DLSBuilder {
  struct Connection {
    var source = 0, control = 0, destination = 0, transform = 0, scale = 0
  }

  var bank = 0, program = 5
  var keys = 0...127
  /// The loop of the first wave; nil for none.
  var loop: Range<Int>? = 10..<90
  var isLoopReleased = false
  var unityKey = 60, fineTune = 0, gain = 0
  var connections: [Connection] = []
  /// Which wave the region plays.
  var wave = 0
  /// How many regions there are, of which each has a loop a frame later.
  var regionCount = 1
  /// Whether the articulator is that of the instrument, and not of each region.
  var sharesArticulator = false
  var frames: [Int16] = (0..<1_000).map { Int16($0) }

  private func wsmp(_ offset: Int) -> [UInt8] {
    var content =
      BankBuilder.little(20, 4) + BankBuilder.little(unityKey, 2) + BankBuilder.little(fineTune, 2)
    content +=
      BankBuilder.little(gain, 4) + BankBuilder.little(0, 4) + BankBuilder.little(loop == nil ? 0 : 1, 4)
    if let loop {
      content += BankBuilder.little(16, 4) + BankBuilder.little(isLoopReleased ? 1 : 0, 4)
      content += BankBuilder.little(loop.lowerBound + offset, 4) + BankBuilder.little(loop.count, 4)
    }
    return BankBuilder.chunk("wsmp", content)
  }

  private func region(_ index: Int) -> [UInt8] {
    let header = [keys.lowerBound, keys.upperBound, 0, 127, 0, 3].flatMap { BankBuilder.little($0, 2) }
    let link =
      [0, 0].flatMap { BankBuilder.little($0, 2) } + BankBuilder.little(1, 4) + BankBuilder.little(wave, 4)
    return BankBuilder.list(
      "rgn2",
      [BankBuilder.chunk("rgnh", header), wsmp(index), BankBuilder.chunk("wlnk", link)]
        + (sharesArticulator ? [] : [articulator]))
  }

  private var articulator: [UInt8] {
    var articulator = BankBuilder.little(8, 4) + BankBuilder.little(connections.count, 4)
    for c in connections {
      articulator += [c.source, c.control, c.destination, c.transform].flatMap { BankBuilder.little($0, 2) }
      articulator += BankBuilder.little(c.scale, 4)
    }
    return BankBuilder.list("lar2", [BankBuilder.chunk("art2", articulator)])
  }

  private func wave(_ bits: Int, _ data: [UInt8]) -> [UInt8] {
    let format = BankBuilder.little(1, 2) + BankBuilder.little(1, 2) + BankBuilder.little(22_050, 4)
    return BankBuilder.list(
      "wave",
      [
        BankBuilder.chunk(
          "fmt ",
          format + BankBuilder.little(22_050 * bits / 8, 4) + BankBuilder.little(bits / 8, 2)
            + BankBuilder.little(bits, 2)),
        BankBuilder.chunk("data", data),
      ])
  }

  var bytes: [UInt8] {
    let first = wave(16, frames.flatMap { BankBuilder.little(Int($0), 2) })
    let second = wave(8, (0..<200).map { UInt8($0) })
    let instrument = BankBuilder.list(
      "ins ",
      [
        BankBuilder.chunk("insh", [regionCount, bank, program].flatMap { BankBuilder.little($0, 4) }),
        BankBuilder.list("lrgn", (0..<regionCount).map(region)), sharesArticulator ? articulator : [],
        BankBuilder.list("INFO", [BankBuilder.chunk("INAM", Array("Tone\0".utf8))]),
      ])
    let pool =
      BankBuilder.little(8, 4) + BankBuilder.little(2, 4) + BankBuilder.little(0, 4)
      + BankBuilder.little(first.count, 4)
    let lists = [
      BankBuilder.chunk("colh", BankBuilder.little(1, 4)), BankBuilder.chunk("ptbl", pool),
      BankBuilder.list("wvpl", [first, second]), BankBuilder.list("lins", [instrument]),
    ]
    return BankBuilder.chunk("RIFF", Array("DLS ".utf8) + lists.flatMap(\.self))
  }

  func zone() throws -> SoundFontZone {
    try #require(try SoundFont(bytes: bytes, name: "bank.dls").presets.first?.zones.first)
  }
}

@Suite("Downloadable sounds (DLS)")
struct DLSTests {
  private func connection(
    _ source: Int, _ destination: Int, _ scale: Int, control: Int = 0, transform: Int = 0
  )
    -> DLSBuilder.Connection
  {
    DLSBuilder.Connection(
      source: source, control: control, destination: destination, transform: transform, scale: scale << 16)
  }

  @Test("a region has its wave, range, loop and tuning")
  func regions() throws {
    var bank = DLSBuilder()
    (bank.keys, bank.unityKey, bank.fineTune, bank.gain) = (40...52, 57, -5, -60 << 16)
    let preset = try #require(try SoundFont(bytes: bank.bytes, name: "bank.dls").presets.first)
    #expect((preset.bank, preset.program, preset.name) == (0, 5, "Tone"))
    let zone = try #require(preset.zones.first)
    #expect(zone.keys == 40...52 && zone.velocities == 0...127)
    #expect(
      zone.sample.originalKey == 57 && zone.sample.correctionCents == -5 && zone.sample.sampleRate == 22_050)
    #expect((zone.sample.loopStart, zone.sample.loopEnd, zone.sample.end) == (10, 90, 1_000))
    #expect(zone.generators[.loopMode] == 1 && zone.generators[.exclusiveClass] == 3)
    // Six decibels, of which a SoundFont's attenuation gives four tenths.
    #expect(zone.generators[.attenuation] == 150)
    withExtendedLifetime(zone.sample.memory) {
      #expect((0..<1_000).allSatisfy { zone.sample.data[$0] == Int16($0) })
    }
    bank.isLoopReleased = true
    #expect(try bank.zone().generators[.loopMode] == 3)
    bank.loop = nil
    #expect(try bank.zone().generators[.loopMode] == 0)
    bank.loop = 10..<1_001
    #expect(try bank.zone().generators[.loopMode] == 0)
  }

  @Test("waves of 8 bits are unsigned")
  func eightBits() throws {
    var bank = DLSBuilder()
    bank.wave = 1
    let sample = try bank.zone().sample
    withExtendedLifetime(sample.memory) {
      #expect((0..<200).allSatisfy { Int(sample.data[$0]) == ($0 - 128) * 256 } && sample.frameCount == 200)
    }
  }

  @Test("drums and banks are found by their numbers")
  func banks() throws {
    func address(_ bank: Int) throws -> Int {
      try #require(try SoundFont(bytes: DLSBuilder(bank: bank).bytes, name: "x").presets.first).bank
    }
    #expect(
      try address(1 << 31) == 128 && address(8 << 8) == 8 && address(121 << 8 | 3) == 3 && address(2) == 2)
  }

  @Test("a time set after its change from key to key is as long, and key 0 alone is a range")
  func orderAndRange() throws {
    var bank = DLSBuilder()
    bank.keys = 0...0
    bank.connections = [connection(3, 0x207, -2_560), connection(0, 0x207, 1_200)]
    let zone = try bank.zone()
    bank.connections.reverse()
    #expect(try bank.zone().generators[.volumeEnvelopeDecay] == zone.generators[.volumeEnvelopeDecay])
    #expect(zone.generators[.volumeEnvelopeDecay] == 0)
    #expect(zone.keys == 0...0 && zone.velocities == 0...127)
  }

  @Test("an articulator that every region would copy is refused before it is copied")
  func copiedArticulators() throws {
    var bank = DLSBuilder()
    bank.connections = [DLSBuilder.Connection](
      repeating: connection(2, 0x206, 600, transform: 1 << 15), count: 300)
    #expect(try bank.zone().modulators.count <= 257)
    bank.regionCount = 12_000
    bank.sharesArticulator = true
    #expect {
      try SoundFont(bytes: bank.bytes, name: "bank.dls")
    } throws: { error in
      if case .tooLarge = error as? SoundFontError { true } else { false }
    }
  }

  @Test("connections become generators and modulators")
  func connections() throws {
    var bank = DLSBuilder()
    bank.connections = [
      connection(0, 0x206, -1_200), connection(0, 0x20A, 250), connection(0, 0x30E, 400),
      connection(0, 0x500, 7_000),
      connection(0, 3, 250), connection(0, 4, -500), connection(1, 3, 40), connection(5, 0x500, 2_400),
      connection(9, 3, 30), connection(9, 3, 50, control: 0x81), connection(3, 3, 6_400),
      connection(3, 0x207, -2_560),
      connection(0, 0x207, 1_200), connection(2, 0x206, 600, transform: 1 << 15), connection(0x8A, 4, 500),
      connection(0x77, 0x999, 5),
    ]
    let zone = try bank.zone()
    let expected: [(Generator, Int)] = [
      (.volumeEnvelopeAttack, -1_200), (.volumeEnvelopeSustain, 720), (.modulationEnvelopeSustain, 600),
      (.filterCutoff, 7_000), (.coarseTune, 2), (.fineTune, 50), (.pan, -500), (.modulationLFOToPitch, 40),
      (.modulationEnvelopeToFilterCutoff, 2_400), (.vibratoLFOToPitch, 30), (.scaleTuning, 50),
      (.keyToVolumeEnvelopeDecay, 20), (.vibratoLFOFrequency, -851),
    ]
    for (generator, value) in expected { #expect(zone.generators[generator] == value, "\(generator)") }
    let modulators = zone.modulators
    #expect(modulators.contains(Modulator(0x0081, to: .vibratoLFOToPitch, amount: 50)))
    #expect(modulators.contains(Modulator(0x0102, to: .volumeEnvelopeAttack, amount: 600)))
    #expect(modulators.filter { $0.destination == .filterCutoff }.allSatisfy { $0.amount == 0 })
    #expect(modulators.count { $0.destination == .pan } == 1)
  }

  @Test(
    "a bank that is damaged or without instruments is an error, and one that wants too much memory is refused"
  )
  func damage() throws {
    let bytes = DLSBuilder().bytes
    for count in stride(from: 12, to: bytes.count - 1, by: 7) {
      do throws(SoundFontError) {
        _ = try SoundFont(bytes: Array(bytes.prefix(count)), name: "bank.dls")
        Issue.record("cut at \(count)")
      } catch { #expect(error.kind == .badInput && error.message.hasPrefix("bank.dls: ")) }
    }
    var bank = DLSBuilder()
    bank.frames = [Int16](repeating: 0, count: 100_000)
    bank.regionCount = 2_000
    #expect {
      try SoundFont(bytes: bank.bytes, name: "bank.dls")
    } throws: { error in
      if case .tooLarge = error as? SoundFontError { true } else { false }
    }
  }

  @Test(
    "a real bank has the presets of its SoundFont",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func realBank() throws {
    let folder = "soundfonts/fluidsynth/sf2/VintageDreamsWaves-v2"
    let sounds = try SoundFont(path: SharedData.path(folder + ".dls"))
    let font = try SoundFont(path: SharedData.path(folder + ".sf2"))
    #expect(sounds.format == "DLS level 2" && font.format.hasPrefix("SoundFont 2.0"))
    #expect(sounds.presets.map(\.name) == font.presets.map(\.name) && sounds.presets.count == 136)
    // Cents of key 60 above the sample's own pitch.
    func pitch(_ zone: SoundFontZone) -> Int {
      let root = zone.generators[.rootKey]
      return zone.generators[.scaleTuning] * (60 - (root >= 0 ? root : zone.sample.originalKey))
        + zone.sample.correctionCents + 100 * zone.generators[.coarseTune] + zone.generators[.fineTune]
    }
    var (same, all) = (0, 0)
    for (ours, theirs) in zip(sounds.presets, font.presets) where ours.zones.count == theirs.zones.count {
      all += ours.zones.count
      same += zip(ours.zones.map(pitch).sorted(), theirs.zones.map(pitch).sorted()).count {
        abs($0 - $1) <= 15
      }
    }
    #expect(all > 500 && same > all * 9 / 10, "\(same) of \(all)")
  }
}
