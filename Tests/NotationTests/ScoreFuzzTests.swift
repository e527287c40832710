import Foundation
import MIDI
import Music
import Notation
import Testing

@Suite("Scores of damaged MIDI files")
struct ScoreFuzzTests {
  /// How many files are tried; `GRUPPETTO_FUZZ_ROUNDS` asks for more.
  private static let rounds =
    ProcessInfo.processInfo.environment["GRUPPETTO_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 5_000

  /// Events that pull at everything a score is made of, in several tracks and channels.
  private static let seed: [UInt8] = midiFile(
    [
      text(0, .trackName, "Title"), (0, .meta(.tempo(400_000))), (0, .programChange(channel: 1, program: 7)),
      (
        0,
        .meta(
          .timeSignature(numerator: 6, denominatorPower: 3, clocksPerClick: 36, thirtySecondsPerQuarter: 8))
      ),
      (0, .meta(.keySignature(fifths: -3, isMinor: true))), text(100, .marker, "B"),
      (
        200,
        .meta(
          .timeSignature(numerator: 2, denominatorPower: 2, clocksPerClick: 24, thirtySecondsPerQuarter: 8))
      ),
    ],
    [
      text(0, .trackName, "Left"), (0, .controlChange(channel: 1, controller: 0, value: 20)),
      (0, .programChange(channel: 1, program: 9)), strike(0, 60, channel: 1), strike(0, 64, channel: 1),
      strike(5, 60, channel: 1), strike(9, 60, 0, channel: 1), strike(30, 60, 0, channel: 1),
      (31, .controlChange(channel: 1, controller: 123, value: 0)), (40, .pitchBend(channel: 1, value: -300)),
      (41, .meta(.channelPrefix(1))), text(41, .trackName, "Other"), (41, .meta(.port(1))),
    ],
    [
      strike(0, 36, channel: 9), strike(0, 36, 0, channel: 9), (3, .systemExclusive([0x7E, 0xF7])),
      text(4, .lyric, "la"), (5, .keyPressure(channel: 9, key: 36, pressure: 3)),
      (900, .channelPressure(channel: 2, pressure: 3)),
    ]
  ).encoded()

  @Test(
    "whatever can be read makes scores that can be measured, written and read again",
    arguments: MIDIScoreOptions.OverlapPolicy.allCases)
  func mutations(policy: MIDIScoreOptions.OverlapPolicy) throws {
    var state: UInt64 = 99
    func random(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    for round in 0..<Self.rounds / 4 {
      var bytes = Self.seed
      for _ in 0...random(6) {
        let place = random(bytes.count)
        switch random(4) {
        case 0: bytes[place] = UInt8(random(256))
        case 1: bytes[place] ^= 1 << UInt8(random(8))
        case 2: bytes.remove(at: place)
        default: bytes.insert(contentsOf: [0xFF, 0xFF, 0xFF, 0x7F].prefix(1 + random(4)), at: place)
        }
      }
      guard let midi = try? MIDIFile(bytes: bytes) else { continue }
      for score in Score.sequences(in: midi, options: MIDIScoreOptions(overlap: policy)) {
        #expect(
          score.tracks.allSatisfy { $0.notes.allSatisfy { $0.duration >= 0 && $0.end <= score.length } })
        #expect(score.seconds.isFinite && score.seconds >= 0)
        #expect(score.length == 0 || score.bars.last.map { $0.end >= score.length } == true, "round \(round)")
        let written = try MIDIFile(score: score)
        let again = try Score(
          midi: MIDIFile(bytes: written.encoded(), options: MIDIReadingOptions(policy: .lenient)))
        #expect(again.noteCount == score.noteCount, "round \(round)")
        #expect(again.length == score.length, "round \(round)")
      }
    }
  }
}
