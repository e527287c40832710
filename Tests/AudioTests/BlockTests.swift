import Arithmetic
import Audio
import Foundation
import Groundwork
import Synchronization
import TestSupport
import Testing

@Suite("Sound block by block") struct BlockTests {
  private static let sound = AudioFileTests.sound(frames: 10_000)

  @Test("Each reader gets every block in its order, with any number of threads", arguments: [1, 2, 4])
  func readers(threads: Int) {
    for frames in [100, 999, 5000, 10_000, 20_000] {
      var source = AudioBufferSource(Self.sound)
      let team = threads > 1 ? ThreadTeam(threadCount: threads) : nil
      let heard = Mutex([[Float]](repeating: [], count: 3))
      source.forEachBlock(of: frames, on: team, readers: 3) {
        true
      } _: { reader, block in
        let samples = block.withUnsafeBufferPointer { Array($0) }
        heard.withLock { $0[reader] += samples }
      }
      for samples in heard.withLock({ $0 }) { #expect(samples == Self.sound.samples, "blocks of \(frames)") }
    }
  }

  @Test("It stops when nothing more is wanted") func stopping() {
    var source = AudioBufferSource(Self.sound)
    var blocks = 0
    source.forEachBlock(of: 100, on: nil, readers: 1) {
      blocks < 5
    } _: { _, _ in
      blocks += 1
    }
    #expect(blocks == 5)
  }

  @Test("A file does not depend on how many threads write it", arguments: ["wav", "flac", "ogg"])
  func files(ending: String) throws {
    let folder = try TemporaryFolder()
    var written: [WrittenSound] = []
    for threads in [1, 2, 4] {
      var source = AudioBufferSource(Self.sound)
      written.append(
        try #require(
          try AudioFile.write(
            &source, to: folder.file("\(threads).\(ending)"), isDithered: true, threadCount: threads)))
    }
    let first = try readFile(folder.file("1.\(ending)"))
    #expect(
      try readFile(folder.file("2.\(ending)")) == first && readFile(folder.file("4.\(ending)")) == first)
    #expect(written[0].frameCount == 10_000 && written[1] == written[0] && written[2] == written[0])
  }
}
