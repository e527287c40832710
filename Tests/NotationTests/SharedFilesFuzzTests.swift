import Foundation
import Groundwork
import Music
import Notation
import TestSupport
import Testing

/// Files of public collections, damaged at random: whatever comes of it can be measured, written and read again.
@Suite("Damaged files of public collections", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct SharedFilesFuzzTests {
  /// How many files are tried; `GRUPPETTO_FUZZ_ROUNDS` asks for more.
  private static let rounds =
    ProcessInfo.processInfo.environment["GRUPPETTO_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 400

  @Test(
    "no damage makes a reader stop the process",
    arguments: [
      ("midi-conformance", ".mid"), ("folk-abc", ".abc"), ("nottingham", ".abc"), ("multitrack", ".mid"),
    ])
  func damage(folder: String, suffix: String) throws {
    var random = RepeatableGenerator(seed: 0x5EA5)
    let files = try SharedData.files(under: folder, suffix: suffix).prefix(80).map {
      (name: $0, bytes: Array(try readFile($0).prefix(20_000)))
    }
    try #require(!files.isEmpty)
    var read = 0
    for round in 0..<Self.rounds {
      let name = files[round % files.count].name
      var bytes = files[round % files.count].bytes
      let start = random.next(max(1, bytes.count - 2_000))
      // Of a tune book a part is enough, and quicker.
      if suffix == ".abc" { bytes = Array(bytes[start...].prefix(2_000)) }
      for _ in 0...random.next(8) { damage(&bytes, &random) }
      if round % 16 == 0 { bytes += bytes }
      guard let reading = try? ScoreReader.read(bytes: bytes, name: name) else { continue }
      read += 1
      for score in reading.scores.prefix(8) { use(score, round) }
    }
    #expect(read > Self.rounds / 3)
  }

  /// Asks a score everything that a program asks.
  private func use(_ score: Score, _ round: Int) {
    let summary = ScoreSummary(score)
    #expect(summary.seconds.isFinite && summary.seconds >= 0)
    #expect(score.length >= score.lastNoteEnd, "round \(round)")
    if let bar = score.bars.last { #expect(bar.end >= score.length, "round \(round)") }
    _ = score.bars.position(of: score.length)
    _ = score.timeMap.tick(atSeconds: summary.seconds)
    _ = score.lyrics
    _ = score.karaokeTags
    _ = score.transposed(by: 5)
    guard score.length < 1 << 32, let encoded = try? MIDIFormat().encode(score) else { return }
    let again = try? ScoreReader.read(bytes: encoded.bytes, name: "again.mid").scores.first
    #expect(again?.noteCount == score.noteCount, "round \(round)")
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout RepeatableGenerator) {
    guard !bytes.isEmpty else { return }
    let place = random.next(bytes.count)
    switch random.next(7) {
    case 0: bytes[place] = UInt8(random.next(256))
    case 1: bytes[place] ^= 1 << UInt8(random.next(8))
    case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.next(12)))
    case 3: bytes.insert(contentsOf: bytes[place...].prefix(1 + random.next(60)), at: place)
    case 4: bytes.insert(contentsOf: [0xFF, 0xFF, 0xFF, 0x7F].prefix(1 + random.next(4)), at: place)
    case 5: bytes.removeSubrange(place...)
    default: bytes[place] = [0x00, 0x7F, 0x80, 0xC0, 0x90, 0xF0, 0xF7, 0xFF, 0x2F, 0x51][random.next(10)]
    }
  }
}
