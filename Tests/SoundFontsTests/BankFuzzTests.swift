import Foundation
import Groundwork
import SoundFonts
import TestSupport
import Testing

@Suite("Reading any bank at all")
struct BankFuzzTests {
  /// How many mutations are tried; `GRUPPETTO_FUZZ_ROUNDS` asks for more.
  static let rounds =
    ProcessInfo.processInfo.environment["GRUPPETTO_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 2_000

  /// Banks with everything in them, to be broken.
  static func seeds() throws -> [[UInt8]] {
    var bank = BankBuilder()
    bank.low = [UInt8](repeating: 1, count: 1_000)
    bank.samples.append(
      .init(name: "Left", start: 200, end: 900, loopStart: 300, loopEnd: 800, link: 2, kind: 4))
    bank.samples.append(
      .init(name: "Right", start: 200, end: 900, loopStart: 300, loopEnd: 800, link: 1, kind: 2))
    bank.instruments = (0..<3).map { _ in
      .init(zones: [
        .init(generators: [(34, 5), (8, 9_000)], modulators: [[0x0502, 48, 480, 0, 0]]),
        .init(generators: [(43, 0x7F00), (44, 0x4000), (0, 5), (3, 9), (58, 60), (54, 1), (53, 1)]),
        .init(generators: [(53, 2)], modulators: [[0x0081, 8, 700, 0x0010, 2], [0x007F, 0x8000, 1, 0, 0]]),
      ])
    }
    bank.presets = (0..<4).map { program in
      .init(
        program: program, bank: program / 2,
        zones: [
          .init(generators: [(51, 1)]), .init(generators: [(43, 0x3F00), (41, 1)]),
          .init(generators: [(48, 20), (41, 2)], modulators: [[0x0502, 48, 1, 0, 0]]),
        ])
    }
    let compressed = CompressedSampleTests.bank([
      try CompressedSampleTests.vorbis(frames: 900), try CompressedSampleTests.vorbis(frames: 3_000),
    ])
    var seeds = [bank.bytes, compressed.bytes, DLSBuilder().bytes]
    if SharedData.isPresent {
      let path = SharedData.path("soundfonts/fluidsynth/sf2/VintageDreamsWaves-v2.sf3")
      seeds.append(Array(try Data(contentsOf: URL(filePath: path))))
    }
    return seeds
  }

  /// One to eight changes: bytes replaced, removed or repeated, large numbers put in; mostly behind the samples.
  static func mutate(_ bytes: [UInt8], tables: Int, _ generator: inout RepeatableGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<generator.number(1...8) where bytes.count > 16 {
      let isInTables = generator.number(0...3) > 0 && tables < bytes.count
      let place = generator.number((isInTables ? tables : 0)...(bytes.count - 1))
      switch generator.number(0...7) {
      case 0: bytes[place] = UInt8(generator.number(0...255))
      case 1: bytes[place] ^= 1 << UInt8(generator.number(0...7))
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + generator.number(1...50)))
      case 3: bytes.insert(contentsOf: bytes[place...].prefix(generator.number(1...50)), at: place)
      case 4: bytes.replaceSubrange(place..<min(bytes.count, place + 4), with: [0xFF, 0xFF, 0xFF, 0x7F])
      case 5: bytes.replaceSubrange(place..<min(bytes.count, place + 2), with: [0, 0])
      case 6: bytes[place] = bytes[place] &+ 1
      default: bytes[place] = [0x00, 0x7F, 0x80, 0x1F, 0xFF, 41, 53].randomElement(using: &generator) ?? 0
      }
    }
    return bytes
  }

  @Test("no damage crashes the reader, and what it reads can be played without a check")
  func mutations() throws {
    var generator = RepeatableGenerator(seed: 2_004)
    let seeds = try Self.seeds()
    let tables = seeds.map { max($0.lastIndex(of: Array("pdta".utf8)), $0.lastIndex(of: Array("lins".utf8))) }
    var readable = 0
    for round in 0..<Self.rounds {
      // The real bank is a hundred times as large as the others.
      let seed = round % 16 == 0 ? seeds.count - 1 : round % 3
      let bytes = Self.mutate(seeds[seed], tables: tables[seed], &generator)
      do throws(SoundFontError) {
        let bank = try SoundFont(bytes: bytes, name: "fuzz")
        readable += 1
        #expect(bank.presets.count <= bytes.count / 24 && bank.diagnostics.count <= 1_000)
        for preset in bank.presets.prefix(4) {
          let zones = preset.zones
          BankInvariants.check(zones, "round \(round)")
          for zone in zones.prefix(20) { listen(zone.sample) }
        }
      } catch {
        #expect(error.kind == .badInput && !error.message.isEmpty)
      }
    }
    #expect(readable > Self.rounds / 20)
  }

  /// Reads every frame, as a voice does.
  private func listen(_ sample: SoundFontSample) {
    var sum = 0
    for frame in sample.start..<sample.end { sum &+= Int(sample.data[frame]) + Int(sample.low8?[frame] ?? 0) }
    withExtendedLifetime((sum, sample.memory)) {}
  }
}

extension [UInt8] {
  /// The last place of a sequence of bytes; 0 where it is missing.
  fileprivate func lastIndex(of part: [UInt8]) -> Int {
    stride(from: count - part.count, through: 0, by: -1).first {
      self[$0] == part[0] && self[$0...].starts(with: part)
    } ?? 0
  }
}
