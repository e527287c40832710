import Audio
import Foundation
import Groundwork
import TestSupport
import Testing

/// Files that hold less than their headers promise.
@Suite("Files that were cut short") struct TruncatedFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The bytes of a file of 5,000 frames in stereo.
  private func bytes(_ ending: String, _ encoding: SampleEncoding? = nil) throws -> [UInt8] {
    let path = folder.file("whole." + ending)
    try AudioFile.write(AudioFileTests.sound(), to: path, encoding: encoding)
    return try readFile(path)
  }

  private func read(_ bytes: [UInt8]) throws -> (sound: AudioBuffer, missing: MissingSound?) {
    let path = folder.file("cut")
    try replaceFile(at: path, with: bytes)
    return try AudioFile.readTelling(path)
  }

  @Test(
    "What the header promises and the file does not have is told",
    arguments: [
      ("wav", SampleEncoding.pcm16, 4), ("wav", .pcm24, 6), ("wav", .float, 8), ("aiff", .pcm24, 6),
      ("w64", .pcm16, 4),
    ])
  func missingFrames(ending: String, encoding: SampleEncoding, frameBytes: Int) throws {
    let whole = try bytes(ending, encoding)
    #expect(try read(whole).missing == nil)
    // The tags behind the sound may be gone too: nothing is lost by that.
    for cut in [1000, 1003] {
      var rest = whole
      let end = try #require(Self.soundEnd(whole, ending))
      rest.removeLast(rest.count - end + cut * frameBytes - (cut % 10))
      let (sound, missing) = try read(rest)
      #expect(
        missing == .frames(cut) && sound.frameCount == 5000 - cut,
        "\(String(describing: missing)) of \(ending)")
      // The same of bytes that came through a pipe, before anything was read.
      #expect(try AudioFileReader(bytes: rest, name: "pipe").missingSound == .frames(cut))
    }
  }

  /// Where the samples of a file of 5,000 frames end: these formats put nothing behind them here but what fills up.
  private static func soundEnd(_ bytes: [UInt8], _ ending: String) -> Int? {
    let name = Array((ending == "aiff" ? "SSND" : "data").utf8)
    guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: name) }) else { return nil }
    let sizes = ["wav": (4, 4), "aiff": (4, 4), "w64": (16, 8)]
    guard let (offset, count) = sizes[ending] else { return nil }
    let field = bytes[(start + offset)..<(start + offset + count)]
    let size = (ending == "aiff" ? Array(field) : field.reversed()).reduce(0) { $0 << 8 | Int($1) }
    // Wave64 counts the name and the size.
    return ending == "w64" ? start + size : start + offset + count + size
  }

  @Test("Of a FLAC file it is known at its end, wherever it was cut") func flac() throws {
    let whole = try bytes("flac")
    #expect(try read(whole).missing == nil)
    for share in [2, 3, 5, 9] {
      let (sound, missing) = try read(Array(whole.prefix(whole.count * share / 10)))
      #expect(sound.frameCount > 0 && missing == .frames(5000 - sound.frameCount), "\(share)")
    }
  }

  @Test("A FLAC file that is damaged far from its end is no file that was cut short") func damagedFLAC()
    throws
  {
    let path = folder.file("long.flac")
    var generator = RepeatableGenerator(seed: 3)
    var sound = AudioBuffer(sampleRate: 44_100, channelCount: 1)
    sound.append(contentsOf: (0..<200_000).map { _ in Float.random(in: -0.5...0.5, using: &generator) }.span)
    try AudioFile.write(sound, to: path)
    var bytes = try readFile(path)
    let middle = bytes.count / 2
    for index in middle..<middle + 4000 { bytes[index] = 0 }
    do throws(AudioError) {
      try replaceFile(at: path, with: bytes)
      _ = try AudioFile.readTelling(path)
      Issue.record("it was read")
    } catch {
      guard case .damaged(_, let frame, _) = error else { throw error }
      #expect((50_000...100_000).contains(frame))
    }
  }

  @Test(
    "Of an Ogg file whose last page is not there it is known that something is missing",
    arguments: ["ogg", "opus"])
  func ogg(ending: String) throws {
    let whole = try bytes(ending)
    #expect(try read(whole).missing == nil)
    // Within the last page, its header, and some pages before.
    for cut in [1, 20, 100, whole.count / 4] {
      let rest = Array(whole.dropLast(cut))
      guard let reader = try? AudioFileReader(bytes: rest, name: "pipe") else { continue }
      #expect(reader.missingSound == .end, "\(cut) bytes of \(ending)")
    }
    let (sound, missing) = try read(Array(whole.dropLast(1)))
    #expect(missing == .end && sound.frameCount <= 5000)
  }

  @Test(
    "A length that was not known when the header was written is none",
    arguments: [0, 0xFFFF_FFFF, 0x7FFF_FFFF, 0x8000_0000, 0x7FFF_F024] as [UInt32])
  func openLength(size: UInt32) throws {
    var file = try bytes("wav", .pcm16)
    let place = try #require(file.indices.first { file[$0...].starts(with: Array("data".utf8)) })
    for index in 0..<4 { file[place + 4 + index] = UInt8(truncatingIfNeeded: size >> (8 * index)) }
    #expect(try AudioFileReader(bytes: file, name: "pipe").missingSound == nil)
  }

  @Test("Headers of any content are read within the file") func damagedHeaders() throws {
    var generator = RepeatableGenerator(seed: 5)
    for (ending, encoding) in [
      ("wav", SampleEncoding.pcm16), ("aiff", .pcm16), ("w64", .pcm16),
    ] {
      let whole = Array(try bytes(ending, encoding).prefix(2000))
      for _ in 0..<100 {
        var file = whole
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          file[Int.random(in: 12..<120, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        guard let reader = try? AudioFileReader(bytes: file, name: ending) else { continue }
        if case .frames(let count) = reader.missingSound { #expect(count > 0) }
      }
    }
  }
}
