import Audio
import Foundation
import Groundwork
import TestSupport
import Testing

@Suite("Sound files")
struct AudioFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Stereo, of `frames` frames: two sines and, in the first frames, the extremes.
  static func sound(frames: Int = 5000, sampleRate: Int = 44_100) -> AudioBuffer {
    var samples: [Float] = []
    for frame in 0..<frames {
      let time = Double(frame) / Double(sampleRate)
      samples.append(Float(0.8 * sin(2 * Double.pi * 440 * time)))
      samples.append(Float(0.3 * sin(2 * Double.pi * 1234.5 * time)))
    }
    samples.replaceSubrange(0..<6, with: [1, -1, 1.5, -1.5, 0.25, -0.25])
    return AudioBuffer(sampleRate: sampleRate, channelCount: 2, samples: samples)
  }

  struct Lossless: Sendable {
    var name: String
    var encoding: SampleEncoding
    /// The most that a sample within full scale may differ.
    var bound: Double

    static let all = [
      Lossless(name: "a.wav", encoding: .pcm16, bound: 0.5 / 32768),
      Lossless(name: "a.wav", encoding: .pcm24, bound: 0.5 / 8_388_608),
      Lossless(name: "a.wav", encoding: .float, bound: 0),
      Lossless(name: "a.flac", encoding: .pcm16, bound: 0.5 / 32768),
      Lossless(name: "a.flac", encoding: .pcm24, bound: 0.5 / 8_388_608),
    ]
  }

  @Test("What was written without loss comes back to half a step", arguments: Lossless.all)
  func losslessRoundTrip(_ kind: Lossless) throws {
    let (name, encoding, bound) = (kind.name, kind.encoding, kind.bound)
    let sound = Self.sound()
    let path = folder.file(name)
    try AudioFile.write(sound, to: path, encoding: encoding)
    let read = try AudioFile.read(path)
    #expect(read.sampleRate == 44_100 && read.channelCount == 2 && read.frameCount == 5000)
    let limit: Float = encoding == .float ? 2 : 1
    for (index, (a, b)) in zip(sound.samples, read.samples).enumerated() {
      // Positive full scale is one step out of an integer's range.
      let clipped = max(-limit, min(limit, a))
      #expect(abs(Double(clipped - b)) <= (clipped == 1 && bound > 0 ? 2 * bound : bound), "sample \(index)")
    }
    let again = folder.file("again-" + name)
    try AudioFile.write(read, to: again, encoding: encoding)
    #expect(try readFile(again) == readFile(path), "integers read and written again are the same")
  }

  @Test(
    "Ogg Vorbis gives the same sound, and the same samples each time",
    arguments: [8000, 22_050, 44_100, 48_000])
  func vorbis(sampleRate: Int) throws {
    let sound = Self.sound(frames: sampleRate, sampleRate: sampleRate)
    try AudioFile.write(sound, to: folder.file("a.ogg"))
    try AudioFile.write(sound, to: folder.file("b.ogg"))
    let read = try AudioFile.read(folder.file("a.ogg"))
    #expect(try AudioFile.read(folder.file("b.ogg")) == read)
    #expect(read.frameCount == sound.frameCount && read.sampleRate == sampleRate)
    var error: Float = 0
    var power: Float = 0
    for (a, b) in zip(sound.samples[100...], read.samples[100...]) {
      error += (a - b) * (a - b)
      power += a * a
    }
    #expect(error < 0.01 * power, "the codec's noise is 20 dB below the sound")
  }

  @Test("A long sound in one call does not overrun the Vorbis encoder")
  func longVorbis() throws {
    let sound = AudioBuffer(
      sampleRate: 44_100, channelCount: 1, samples: [Float](repeating: 0.1, count: 3_000_000))
    try AudioFile.write(sound, to: folder.file("long.ogg"))
    #expect(try AudioFile.read(folder.file("long.ogg")).frameCount == 3_000_000)
  }

  @Test("The same sound gives the same bytes whatever the blocks", arguments: ["a.wav", "a.flac"])
  func sameBytes(name: String) throws {
    let sound = Self.sound(frames: 20_000)
    try AudioFile.write(sound, to: folder.file(name))
    var writer = try AudioFileWriter(path: folder.file("blocks-" + name), sampleRate: 44_100, channelCount: 2)
    var start = 0
    for size in [2, 1000, 34, 7778] {
      try write(sound, from: start, count: size, to: &writer)
      start += size
    }
    try write(sound, from: start, count: sound.samples.count - start, to: &writer)
    #expect(writer.frameCount == 20_000)
    try writer.commit()
    #expect(try readFile(folder.file(name)) == readFile(folder.file("blocks-" + name)))
  }

  private func write(
    _ sound: AudioBuffer, from start: Int, count: Int, to writer: inout AudioFileWriter
  ) throws {
    try writer.write(
      AudioBuffer(sampleRate: 44_100, channelCount: 2, samples: Array(sound.samples[start..<start + count])))
  }

  @Test("A WAV file of 16 bits is the header of 44 bytes and the samples, and nothing of the time of writing")
  func plainWAV() throws {
    let sound = AudioBuffer(sampleRate: 8000, channelCount: 1, samples: [0, 0.5, -1, 1, .nan, 1.5 / 32768])
    try AudioFile.write(sound, to: folder.file("a.wav"))
    let bytes = try readFile(folder.file("a.wav"))
    #expect(bytes.count == 44 + 12)
    #expect(Array(bytes[..<4]) == Array("RIFF".utf8))
    // 0, 0x4000, −0x8000, 0x7FFF, silence for NaN, and 1.5 rounded to the even 2.
    #expect(Array(bytes[44...]) == [0, 0, 0, 0x40, 0, 0x80, 0xFF, 0x7F, 0, 0, 2, 0])
    try AudioFile.write(sound, to: folder.file("float.wav"), encoding: .float)
    #expect(!(try readFile(folder.file("float.wav"))).contains(subsequence: Array("PEAK".utf8)))
  }

  @Test("The ending chooses the format, in capitals too")
  func endings() throws {
    #expect(try AudioFileFormat(path: "x/a.WAV") == .wav)
    #expect(try AudioFileFormat(path: "a.b.flac") == .flac)
    #expect(try AudioFileFormat(path: "a.oga") == .ogg)
    for path in ["a", "wav", "a.wav/b", "a.mid", "a.", ""] {
      let error = #expect(throws: AudioError.self) { try AudioFileFormat(path: path) }
      #expect(error?.kind == .usage)
    }
  }

  @Test("Settings that a format cannot hold are refused before anything is written")
  func unsupportedSettings() throws {
    func refusal(
      _ name: String, _ encoding: SampleEncoding?, rate: Int = 44_100, channels: Int = 2
    ) -> AudioError? {
      do throws(AudioError) {
        let writer = try AudioFileWriter(
          path: folder.file(name), encoding: encoding, sampleRate: rate, channelCount: channels)
        try writer.commit()
        return nil
      } catch { return error }
    }
    #expect(refusal("a.flac", .float)?.kind == .usage)
    #expect(refusal("a.ogg", .pcm16)?.kind == .usage)
    #expect(refusal("a.ogg", nil, channels: 2000)?.kind == .usage)
    #expect(refusal("a.flac", nil, channels: 9)?.kind == .usage)
    #expect(refusal("a.wav", nil, rate: 0)?.kind == .usage)
    #expect(refusal("a.wav", nil, rate: 1 << 40)?.kind == .usage)
    #expect(refusal("no/folder/a.wav", nil)?.kind == .cannotWrite)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test("A source is written to its end, with its peak; a cancelled one leaves nothing")
  func sources() throws {
    let sound = Self.sound(frames: 10_000)
    var source = AudioBufferSource(sound)
    let written = try AudioFile.write(&source, to: folder.file("a.flac"))
    #expect(
      written
        == WrittenSound(
          frameCount: 10_000, sampleRate: 44_100, peak: 1.5, truePeak: written?.truePeak ?? 0, loudness: nil),
      "a quarter of a second is no block")
    #expect(try AudioFile.read(folder.file("a.flac")).frameCount == 10_000)
    let cancellation = Cancellation()
    cancellation.request()
    var other = AudioBufferSource(sound)
    #expect(try AudioFile.write(&other, to: folder.file("b.flac"), cancellation: cancellation) == nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.flac"])
  }

  @Test(
    "A WAV file that may pass 4 GiB begins as RF64 and is a plain one where it stays short",
    arguments: [SampleEncoding.pcm16, .pcm24, .float])
  func longWAV(encoding: SampleEncoding) throws {
    let sound = Self.sound()
    let path = folder.file("long.wav")
    // Just below the limit, but with less than a minute to spare.
    let bytesPerFrame = [SampleEncoding.pcm16: 4, .pcm24: 6, .float: 8][encoding] ?? 0
    guard Self.freeBytes(at: folder.path) > 1 << 32 else {
      print("skipped: less than 4 GiB are free")
      return
    }
    var writer = try AudioFileWriter(
      path: path, encoding: encoding, sampleRate: 44_100, channelCount: 2,
      expectedFrameCount: ((1 << 32) - 1_000_000) / bytesPerFrame)
    try writer.write(sound)
    try writer.commit()
    let bytes = try readFile(path)
    #expect(Array(bytes[..<4]) == Array("RIFF".utf8))
    try AudioFile.write(sound, to: folder.file("short.wav"), encoding: encoding)
    #expect(try AudioFile.read(path) == AudioFile.read(folder.file("short.wav")))
    #expect(bytes.count > (try readFile(folder.file("short.wav")).count), "room for a length of 64 bits")
  }

  private static func freeBytes(at path: String) -> Int {
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: path)
    return (attributes?[.systemFreeSize] as? NSNumber)?.intValue ?? 0
  }

  @Test("A WAV file that cannot fit on its disk is refused before the first sample, with both sizes")
  func noRoom() throws {
    var source = LongSilence(frameCount: 1 << 50)
    let error = #expect(throws: AudioError.self) { try AudioFile.write(&source, to: folder.file("a.wav")) }
    #expect(
      error?.kind == .cannotWrite && error?.message.contains("would take 16777216 GiB, but only") == true)
    #expect(source.position == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test(
    "A WAV file of more than 4 GiB is written and read (GRUPPETTO_TEST_ALL=1)",
    .enabled(if: ProcessInfo.processInfo.environment["GRUPPETTO_TEST_ALL"] == "1"))
  func hugeWAV() throws {
    let path = folder.file("huge.wav")
    var source = LongSilence(frameCount: (1 << 32) / 32 + 1_000_000)
    let written = try AudioFile.write(&source, to: path, encoding: .float)
    #expect(written?.frameCount == source.frameCount)
    let file = try FileHandle(forReadingFrom: URL(filePath: path))
    #expect(try file.read(upToCount: 4) == Data("RF64".utf8))
    #expect(try AudioFileReader(path: path).declaredFrameCount == source.frameCount)
  }

  @Test("What a format cannot hold is refused before the first sample where the length is known")
  func tooLongForFormat() throws {
    var source = LongSilence(frameCount: 1 << 36)
    let error = #expect(throws: AudioError.self) {
      try AudioFile.write(&source, to: folder.file("a.flac"))
    }
    #expect(error?.kind == .usage && error?.message.contains("68,719,476,735 frames") == true)
    #expect(source.position == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test("A writer that is dropped leaves what was there")
  func abandonedWriter() throws {
    try replaceFile(at: folder.file("a.wav"), with: "precious")
    do {
      var writer = try AudioFileWriter(path: folder.file("a.wav"), sampleRate: 44_100, channelCount: 2)
      try writer.write(Self.sound())
    }
    #expect(try readFile(folder.file("a.wav")) == Array("precious".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.wav"])
  }

  @Test(
    "A full disk is reported in the system's words and leaves nothing",
    arguments: ["a.wav", "a.flac", "a.ogg"])
  func fullDisk(name: String) throws {
    guard let disk = SmallDisk(kilobytes: 64) else {
      print("skipped: a small disk cannot be mounted here")
      return
    }
    var samples: [Float] = []
    var state: UInt32 = 1
    for _ in 0..<400_000 {
      state = state &* 1_664_525 &+ 1_013_904_223
      samples.append(Float(Int32(bitPattern: state)) / 2_147_483_648)
    }
    let noise = AudioBuffer(sampleRate: 44_100, channelCount: 2, samples: samples)
    let path = disk.path + "/" + name
    let error = #expect(throws: AudioError.self) { try AudioFile.write(noise, to: path) }
    #expect(error == .file(.unwritable(path: path, reason: "no space left on device")))
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path).isEmpty)
  }
}

/// Eight channels of silence, of a length that is known beforehand.
private struct LongSilence: SampleSource {
  let sampleRate = 44_100
  let channelCount = 8
  let frameCount: Int?
  var position = 0

  init(frameCount: Int) { self.frameCount = frameCount }

  mutating func render(into block: inout MutableSpan<Float>) -> Int {
    let count = min(block.count / channelCount, (frameCount ?? 0) - position)
    block.update(repeating: 0)
    position += count
    return count
  }
}

extension [UInt8] {
  fileprivate func contains(subsequence: [UInt8]) -> Bool {
    indices.contains { self[$0...].starts(with: subsequence) }
  }
}

/// A file system in memory of a few kilobytes, where the system lets us mount one.
final class SmallDisk {
  let path: String

  init?(kilobytes: Int) {
    guard geteuid() == 0 else { return nil }
    path = FileManager.default.temporaryDirectory.appending(path: "disk-\(UUID().uuidString)").path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch { return nil }
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else {
      rmdir(path)
      return nil
    }
  }

  deinit {
    umount(path)
    rmdir(path)
  }
}
