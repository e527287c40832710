import Foundation
import Groundwork
import MIDI
import TestSupport
import Testing

@Suite("Reading anything at all")
struct FuzzTests {
  /// How many mutations are tried; `GRUPPETTO_FUZZ_ROUNDS` asks for more.
  static let rounds =
    ProcessInfo.processInfo.environment["GRUPPETTO_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 20_000

  /// Files with every kind of event, to be broken.
  static let seeds: [[UInt8]] = [
    file(
      """
      00 FF 03 03 41 42 43  00 FF 51 03 07 A1 20  00 FF 58 04 03 02 18 08  00 FF 59 02 FF 01
      00 F0 05 7E 7F 09 01 F7  00 C0 05  00 B0 07 64  00 E0 00 40  00 90 3C 40  81 00 3C 00
      00 D0 10  00 A0 3C 20  00 F7 02 FA FB  00 FF 7F 02 01 02  83 60 90 40 41  10 80 40 40  00 FF 2F 00
      """),
    file(
      format: 1, "00 FF 51 03 07 A1 20 83 60 FF 2F 00", "00 90 3C 40 60 3C 00 00 FF 2F 00",
      "00 99 24 40 10 24 00 00 FF 05 01 61 00 FF 2F 00"),
    Array("RIFF".utf8) + [60, 0, 0, 0] + Array("RMIDdata".utf8) + [40, 0, 0, 0]
      + file(format: 2, division: "E7 28", "00 90 3C 40 60 3C 00 00 FF 2F 00"),
    // A MacBinary header, and a file after a file.
    [0, 4] + [UInt8](repeating: 0, count: 126) + file("00 90 3C 40 60 3C 00 00 FF 2F 00"),
    file("00 90 3C 40 60 3C 00 00 FF 2F 00") + file(format: 1, "00 C0 01 00 90 3C 40 60 3C 00 00 FF 2F 00"),
  ]

  /// One to eight changes: a byte replaced, a bit turned, bytes removed, repeated, or a large length put in.
  static func mutate(_ bytes: [UInt8], _ generator: inout RepeatableGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...8, using: &generator) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...9, using: &generator)))
      case 3:
        bytes.insert(contentsOf: bytes[place...].prefix(Int.random(in: 1...30, using: &generator)), at: place)
      case 4: bytes.insert(contentsOf: [0xFF, 0xFF, 0xFF, 0x7F], at: place)
      default: bytes[place] = [0x00, 0x7F, 0x80, 0xF0, 0xF7, 0xFF].randomElement(using: &generator) ?? 0
      }
    }
    return bytes
  }

  @Test(
    "no damage crashes the reader, events stay within bounds, and what was read can be written and read again"
  )
  func mutations() throws {
    var generator = RepeatableGenerator(seed: 20_261)
    var readable = 0
    for round in 0..<Self.rounds {
      let bytes = Self.mutate(Self.seeds[round % Self.seeds.count], &generator)
      guard let midi = try? MIDIFile(bytes: bytes) else { continue }
      readable += 1
      let eventCount = midi.tracks.reduce(0) { $0 + $1.events.count }
      #expect(eventCount <= bytes.count / 2)
      #expect(midi.warnings.count <= MIDIRule.allCases.count * 32)
      let again = try MIDIFile(bytes: midi.encoded())
      #expect(again == midi || Self.hasBridge(midi), "round \(round)")
      #expect(!again.rules.contains { !Self.keptRules.contains($0) }, "round \(round): \(again.warnings)")
    }
    #expect(readable > Self.rounds / 2)
  }

  @Test("lengths that lie take no memory and no time")
  func lyingLengths() throws {
    let huge = try MIDIFile(bytes: file("00 90 3C 40 00 F0 FF FF FF 7F 00", "00 FF 01 FF FF FF 7F 41"))
    #expect(huge.tracks.map(\.events.count) == [1, 0])
    // Each track claims everything after it, or more than there is.
    for claim in [[0x7F, 0xFF, 0xFF, 0xFF], [0x00, 0x00, 0xFF, 0xFF]] as [[UInt8]] {
      var bytes = chunk("MThd", [0, 1, 0xFF, 0xFF, 0, 96])
      for _ in 0..<20_000 { bytes += Array("MTrk".utf8) + claim + [0x00, 0xFF, 0x2F, 0x00] }
      let midi = try MIDIFile(bytes: bytes)
      #expect(midi.tracks.count == 20_000)
      #expect(
        midi.tracks.reduce(0) { $0 + $1.events.capacity } * MemoryLayout<MIDIEvent>.stride < 64 * bytes.count)
    }
  }

  /// Whether a pause is longer than a delta time, so that the writer adds an event.
  private static func hasBridge(_ midi: MIDIFile) -> Bool {
    midi.tracks.contains { track in
      let ticks = [0] + track.events.map(\.tick) + [track.length]
      return zip(ticks, ticks.dropFirst()).contains { $1 - $0 > 0x0FFF_FFFF }
    }
  }

  /// What is still to be said of a file after it was written: values, which are kept as they are.
  private static let keptRules: Set<MIDIRule> = [
    .tempo, .timeSignature, .keySignature, .metaLength, .metaType, .trackCount,
  ]
}
