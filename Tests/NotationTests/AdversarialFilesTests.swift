import Foundation
import Groundwork
import Music
import Notation
import Testing

/// No file makes a reader take time or memory out of proportion to its size.
@Suite("Files made to be slow", .serialized)
struct AdversarialFilesTests {
  private static let small = 12_500
  private static let large = 50_000

  @Test(
    "The time to read a file grows with its size, and what is read is bounded",
    arguments: AdversarialFiles.names)
  func timeAndContentAreBounded(name: String) {
    let bytes = [Self.small, Self.large].map { AdversarialFiles.bytes(name, size: $0) }
    // What is quadratic takes sixteen times as long. A machine that is busy is given a second chance.
    var ratio = Double.infinity
    for _ in 0..<3 where ratio >= 8 {
      let seconds = bytes.map { Self.secondsToRead($0, name: name) }
      // So short a time measures nothing.
      ratio = seconds[1] < 0.05 ? 1 : seconds[1] / max(seconds[0], 0.002)
    }
    #expect(ratio < 8, "\(name)")
  }

  @Test("A long pause in one track does not make all tracks of the file that is written long")
  func pausesAreBridgedOnce() throws {
    var score = Score(ticksPerQuarter: 96, tracks: Array(repeating: Track(program: 0), count: 1_000))
    score.tracks[0].notes = [Note(onset: 1 << 42, duration: 1, pitch: 60, velocity: 64)]
    score.length = score.lastNoteEnd
    let encoded = try MIDIFormat().encode(score)
    #expect(encoded.bytes.count < 500_000)
    let again = try MIDIFormat().read(encoded.bytes, name: "a.mid", options: ScoreReadingOptions())
    #expect(again.scores.map(\.length) == [score.length])
  }

  /// How long a file takes to read, and its first scores to be summed up and written; its content must be in proportion
  /// to it.
  private static func secondsToRead(_ bytes: [UInt8], name: String) -> Double {
    let start = processorSeconds()
    let reading = try? ScoreReader.read(bytes: bytes, name: name)
    for score in reading?.scores.prefix(100) ?? [] {
      _ = ScoreSummary(score)
      _ = score.lyrics
      _ = score.bars.position(of: score.length)
      _ = try? MIDIFormat().encode(score)
    }
    let seconds = processorSeconds() - start
    guard let reading else { return seconds }
    #expect(reading.warnings.count <= DiagnosticSink.capacity, "\(name)")
    #expect(reading.scores.reduce(0) { $0 + $1.noteCount } <= 700_000, "\(name)")
    #expect(reading.scores.reduce(0) { $0 + $1.tracks.count } <= bytes.count / 4, "\(name)")
    return seconds
  }

  /// The time for which this thread has kept a processor busy.
  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
