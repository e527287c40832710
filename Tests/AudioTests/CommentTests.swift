import Audio
import Foundation
import Groundwork
import TestSupport
import Testing

@Suite("What sound files tell of themselves") struct CommentTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ name: String, comment: String?, gain: Float = 1) throws -> [UInt8] {
    let sound = AudioFileTests.sound(frames: 12_000)
    var source = AudioBufferSource(
      AudioBuffer(sampleRate: 44_100, channelCount: 2, samples: sound.samples.map { $0 * gain }))
    try AudioFile.write(&source, to: folder.file(name), tags: SoundTags(comment: comment))
    return try readFile(folder.file(name))
  }

  @Test("A comment comes back, however long, and the sound stays", arguments: ["wav", "flac", "ogg"])
  func aCommentComesBack(ending: String) throws {
    _ = try write("plain.\(ending)", comment: nil)
    #expect(try AudioFileReader(path: folder.file("plain.\(ending)")).comment == nil)
    let plain = try AudioFile.read(folder.file("plain.\(ending)"))
    for comment in ["{\"gruppetto\":1}", "Grüße", String(repeating: "0123456789", count: 3000)] {
      _ = try write("a.\(ending)", comment: comment)
      #expect(try AudioFileReader(path: folder.file("a.\(ending)")).comment == comment)
      #expect(try AudioFile.read(folder.file("a.\(ending)")) == plain)
    }
  }

  @Test("The same sound and comment are the same file, byte for byte", arguments: ["wav", "flac", "ogg"])
  func theSameSoundAndCommentAreTheSameFile(ending: String) throws {
    let first = try write("a.\(ending)", comment: "one")
    // The encoder's random numbers follow the clock.
    Thread.sleep(forTimeInterval: 0.02)
    #expect(try write("b.\(ending)", comment: "one") == first)
    #expect(try write("c.\(ending)", comment: "two") != first)
  }

  @Test("Streams of different content have different serial numbers, and whole checksums")
  func streamsOfDifferentContentHaveDifferentSerialNumbers() throws {
    let loud = try write("a.ogg", comment: "one"), soft = try write("b.ogg", comment: "one", gain: 0.5)
    #expect(Array(loud[14..<18]) != Array(soft[14..<18]))
    // The same number on all pages: the reader, which checks them, finds the whole stream.
    #expect(try AudioFile.read(folder.file("a.ogg")).frameCount == 12_000)
    var offset = 0
    while offset < loud.count {
      #expect(Array(loud[offset + 14..<offset + 18]) == Array(loud[14..<18]))
      let segments = Int(loud[offset + 26])
      offset += 27 + segments + loud[offset + 27..<offset + 27 + segments].reduce(0) { $0 + Int($1) }
    }
    #expect(offset == loud.count)
  }
}
