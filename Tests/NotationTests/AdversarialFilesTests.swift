import Foundation
import Groundwork
import Music
import Notation
import Testing

/// No file makes a reader take time or memory out of proportion to its size.
@Suite("Files made to be slow", .serialized)
struct AdversarialFilesTests {
  private static let small = 30_000
  private static let large = 120_000

  @Test(
    "A file four times as long takes no more than some six times as long", arguments: AdversarialFiles.names)
  func timeGrowsWithSize(name: String) {
    // What is quadratic takes sixteen times as long. A machine that is busy is given a second chance.
    let ratios = (0..<3).lazy.map { _ in Self.growth(of: name) }
    #expect(ratios.contains { $0 < 8 }, "\(name)")
  }

  @Test("What is read of a file is bounded", arguments: AdversarialFiles.names)
  func contentIsBounded(name: String) {
    guard
      let reading = try? ScoreReader.read(bytes: AdversarialFiles.bytes(name, size: Self.large), name: name)
    else { return }
    #expect(reading.warnings.count <= DiagnosticSink.capacity)
    #expect(reading.scores.reduce(0) { $0 + $1.noteCount } <= 700_000)
    #expect(reading.scores.reduce(0) { $0 + $1.tracks.count } <= Self.large / 4)
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

  /// How many times as long the large file takes as the small one; 1 where it takes no time that can be measured.
  private static func growth(of name: String) -> Double {
    let seconds = [small, large].map { size in
      let bytes = AdversarialFiles.bytes(name, size: size)
      let start = processorSeconds()
      _ = try? ScoreReader.read(bytes: bytes, name: name)
      return processorSeconds() - start
    }
    return seconds[1] < 0.05 ? 1 : seconds[1] / max(seconds[0], 0.002)
  }

  /// The time for which this thread has kept a processor busy.
  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
