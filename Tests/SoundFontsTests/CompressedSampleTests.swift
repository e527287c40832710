import Audio
import Foundation
import Groundwork
import SoundFonts
import TestSupport
import Testing

@Suite("Samples that are compressed (SF3)")
struct CompressedSampleTests {
  /// Ogg Vorbis of a sine of 441 Hz at 44,100 Hz.
  static func vorbis(frames: Int, channels: Int = 1) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let samples = (0..<frames * channels).map { 0.5 * Float(sin(Double($0 / channels) * 2 * .pi / 100)) }
    try AudioFile.write(
      AudioBuffer(sampleRate: 44_100, channelCount: channels, samples: samples), to: folder.file("a.ogg"))
    return Array(try Data(contentsOf: URL(filePath: folder.file("a.ogg"))))
  }

  static func bank(_ parts: [[UInt8]]) -> BankBuilder {
    var bank = BankBuilder()
    bank.version = (3, 0)
    bank.pool = parts.flatMap(\.self)
    bank.samples = []
    var offset = 0
    for part in parts {
      bank.samples.append(
        .init(start: offset, end: offset + part.count, loopStart: 1_000, loopEnd: 2_000, kind: 0x11))
      offset += part.count
    }
    bank.instruments[0].zones = parts.indices.map { .init(generators: [(53, UInt16($0))]) }
    return bank
  }

  @Test("they are decoded when a preset is asked for, also by several threads at once")
  func decoding() async throws {
    let parts = try [5_000, 2_500, 40_000].map { try Self.vorbis(frames: $0) }
    let bank = try Self.bank(parts).read()
    let all = await withTaskGroup(of: [Int].self) { group in
      for _ in 0..<8 { group.addTask { bank.presets[0].zones.map { Int(bitPattern: $0.sample.data) } } }
      return await group.reduce(into: [[Int]]()) { $0.append($1) }
    }
    #expect(Set(all).count == 1)
    let zones = bank.presets[0].zones
    #expect(zones.map(\.sample.end) == [5_000, 2_500, 40_000] && zones.map(\.sample.start) == [0, 0, 0])
    for sample in zones.map(\.sample) {
      #expect(sample.loopStart == 1_000 && sample.loopEnd == 2_000 && sample.frameCount == sample.end)
      let errors = (500..<2_000).map {
        abs(Double(sample.data[$0]) - 16_384 * sin(Double($0) * 2 * .pi / 100))
      }
      #expect(try #require(errors.max()) < 1_200)
    }
    #expect(withExtendedLifetime(bank) { bank.diagnostics.isEmpty })
  }

  @Test("what is no Vorbis, has two channels or ends early is told, and the rest sounds")
  func damage() throws {
    let good = try Self.vorbis(frames: 3_000)
    var damaged = try Self.vorbis(frames: 60_000)
    damaged.removeLast(damaged.count / 2)
    let bank = try Self.bank([
      good, Array(repeating: 7, count: 500), try Self.vorbis(frames: 100, channels: 2), damaged,
    ]).read()
    let zones = bank.presets[0].zones
    #expect(zones.first?.sample.end == 3_000 && (1...2).contains(zones.count))
    #expect(bank.diagnostics.count { $0.rule == "compressed-sample" } == 3)
    #expect(bank.diagnostics.allSatisfy { $0.offset != nil })
    #expect(bank.presets[0].zones.count == zones.count)
  }

  @Test("in a bank of version 2 the same bit has no meaning")
  func version2() throws {
    var bank = BankBuilder()
    bank.samples[0].kind = 0x11
    #expect(try bank.zones().first?.sample.end == 100)
  }

  @Test("headers of the same bytes share what is decoded, and what they ask for is bounded")
  func sharedBytes() throws {
    let part = try Self.vorbis(frames: 200_000)
    var bank = Self.bank([part])
    bank.samples = (0..<500).map {
      .init(start: 0, end: part.count, loopStart: $0, loopEnd: 2_000, kind: 0x11)
    }
    bank.instruments[0].zones = (0..<100).map { .init(generators: [(53, UInt16($0))]) }
    let zones = try bank.zones()
    #expect(Set(zones.map(\.sample.data)).count == 1 && zones.count == 100)
    #expect(zones.map(\.sample.loopStart) == Array(0..<100))
    // Each loop needs a copy of its own: 500 are 400 MB.
    bank.instruments[0].zones = (0..<500).map { .init(generators: [(53, UInt16($0))]) }
    #expect {
      try bank.read()
    } throws: { error in
      if case .tooLarge = error as? SoundFontError { true } else { false }
    }
  }

  @Test("no more frames are decoded than the last page counts")
  func granulePosition() throws {
    var part = try Self.vorbis(frames: 40_000)
    let page = try #require(part.indices.reversed().first { part[$0...].starts(with: Array("OggS".utf8)) })
    part.replaceSubrange(page + 6..<page + 14, with: BankBuilder.little(1_234, 8))
    let zones = try Self.bank([part]).zones()
    #expect(zones.allSatisfy { $0.sample.end <= 1_234 })
  }
}
