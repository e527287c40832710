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

  /// The bytes of a file of noise in mono, which cannot be made small.
  private func noise(frames: Int, rate: Int, ending: String) throws -> [UInt8] {
    let path = folder.file("noise." + ending)
    var generator = RepeatableGenerator(seed: 3)
    let samples = (0..<frames).map { _ in Float.random(in: -0.5...0.5, using: &generator) }
    var sound = AudioBuffer(sampleRate: rate, channelCount: 1)
    sound.append(contentsOf: samples.span)
    try AudioFile.write(sound, to: path)
    return try readFile(path)
  }

  private func read(_ bytes: [UInt8]) throws -> (sound: AudioBuffer, missing: MissingSound?) {
    let path = folder.file("cut")
    try replaceFile(at: path, with: bytes)
    return try AudioFile.readTelling(path)
  }

  /// What is told at once of bytes that came through a pipe; nil where they cannot be read.
  private static func told(_ bytes: [UInt8]) -> [MissingSound]? {
    do {
      let reader = try AudioFileReader(bytes: bytes, name: "pipe")
      return reader.missingSound.map { [$0] } ?? []
    } catch { return nil }
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
      #expect(Self.told(rest) == [.frames(cut)])
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
    let whole = try noise(frames: 100_000, rate: 44_100, ending: "flac")
    #expect(try read(whole).missing == nil)
    for share in [2, 3, 5, 9] {
      let (sound, missing) = try read(Array(whole.prefix(whole.count * share / 10)))
      #expect(sound.frameCount > 0 && missing == .frames(100_000 - sound.frameCount), "\(share)")
    }
  }

  @Test("Of a FLAC file whose header does not tell its length it is known that its end is missing")
  func openFLAC() throws {
    var whole = try noise(frames: 100_000, rate: 44_100, ending: "flac")
    // The number of frames is the 36 bits from the middle of byte 13 of STREAMINFO on, which begins at byte 8 (RFC 9639, section 8.2); 0 is
    // for one that was not known when the header was written.
    whole[21] &= 0xF0
    for index in 22..<26 { whole[index] = 0 }
    let (sound, missing) = try read(whole)
    #expect(sound.frameCount == 100_000 && missing == nil)
    for share in [2, 3, 6, 9] {
      let (sound, missing) = try read(Array(whole.prefix(whole.count * share / 10)))
      #expect((1..<100_000).contains(sound.frameCount) && missing == .end, "\(share)")
    }
    // Damage far from the end is still reported as such.
    for index in whole.count / 4..<whole.count / 4 + 4000 { whole[index] = 0 }
    let damaged = whole
    #expect(throws: AudioError.self) { try read(damaged) }
  }

  @Test("A FLAC file that is damaged far from its end is no file that was cut short") func damagedFLAC()
    throws
  {
    let path = folder.file("long.flac")
    var bytes = try noise(frames: 200_000, rate: 44_100, ending: "flac")
    let middle = bytes.count / 2
    for index in middle..<middle + 4000 { bytes[index] = 0 }
    try replaceFile(at: path, with: bytes)
    let error = #expect(throws: AudioError.self) { try AudioFile.readTelling(path) }
    #expect(error?.problem.contains("is damaged; the sound cannot be read from frame") == true)
  }

  @Test(
    "Of an Ogg file whose last page is not there it is known that something is missing",
    arguments: ["ogg", "opus"])
  func ogg(ending: String) throws {
    let whole = try noise(frames: 40_000, rate: 48_000, ending: ending)
    #expect(try read(whole).missing == nil)
    // Within the last page, its header, and some pages before.
    for cut in [1, 20, 100] {
      let told = try #require(Self.told(Array(whole.dropLast(cut))), "\(cut) bytes of \(ending)")
      #expect(told == [.end], "\(cut) bytes of \(ending)")
    }
    // The decoder may refuse one that has lost so many pages.
    if let told = Self.told(Array(whole.dropLast(whole.count / 4))) { #expect(told == [.end]) }
    let (sound, missing) = try read(Array(whole.dropLast(1)))
    #expect(missing == .end && sound.frameCount <= 40_000)
  }

  @Test(
    "A length that was not known when the header was written is none",
    arguments: [0, 0xFFFF_FFFF, 0x7FFF_FFFF, 0x8000_0000, 0x7FFF_F024] as [UInt32])
  func openLength(size: UInt32) throws {
    var file = try bytes("wav", .pcm16)
    let place = try #require(file.indices.first { file[$0...].starts(with: Array("data".utf8)) })
    for index in 0..<4 { file[place + 4 + index] = UInt8(truncatingIfNeeded: size >> (8 * index)) }
    #expect(Self.told(file) == [])
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
        if case .frames(let count)? = Self.told(file)?.first { #expect(count > 0) }
      }
    }
  }
}
