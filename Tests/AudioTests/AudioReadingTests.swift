import Audio
import Foundation
import Groundwork
import TestSupport
import Testing

@Suite("Reading sound files")
struct AudioReadingTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func failure(_ path: String) -> AudioError? {
    do throws(AudioError) {
      _ = try AudioFile.read(path)
      return nil
    } catch { return error }
  }

  @Test("What is not there, not a file or not sound is distinguished")
  func typedErrors() throws {
    #expect(failure(folder.file("none.wav")) == .file(.notFound(path: folder.file("none.wav"))))
    #expect(failure(folder.path)?.kind == .missingInput)
    #expect(failure("/dev/null")?.kind == .missingInput)
    for (name, bytes) in [
      ("empty.wav", []), ("text.wav", Array("a tune".utf8)),
      ("zeros.flac", [UInt8](repeating: 0, count: 5000)),
    ] {
      try replaceFile(at: folder.file(name), with: bytes)
      let error = failure(folder.file(name))
      #expect(
        error?.kind == .badInput && error?.file == folder.file(name), "\(name): \(String(describing: error))")
    }
  }

  @Test("The first bytes tell what may be sound") func theFirstBytesTellWhatMayBeSound() throws {
    for ending in ["wav", "flac", "ogg"] {
      let path = folder.file("long." + ending)
      try AudioFile.write(AudioFileTests.sound(frames: 200_000), to: path)
      for count in [4096, 1 << 16] {
        try AudioFileReader.check(firstBytes: Array(readFile(path).prefix(count)), name: path)
      }
    }
    try AudioFileReader.check(firstBytes: Array("ID3 and a picture".utf8), name: "tagged.mp3")
    for bytes in [[UInt8](repeating: 0, count: 1 << 16), Array("a tune, and no sound".utf8), []] {
      let error = #expect(throws: AudioError.self) {
        try AudioFileReader.check(firstBytes: bytes, name: "nonsense")
      }
      #expect(error?.kind == .badInput && error?.file == "nonsense")
    }
  }

  /// A WAV header of 44 bytes for 16-bit mono at 8 kHz that promises `dataSize` bytes of sound.
  private static func header(dataSize: UInt32) -> [UInt8] {
    func little(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    return Array("RIFF".utf8) + little(dataSize &+ 36) + Array("WAVEfmt ".utf8) + little(16)
      + [1, 0, 1, 0] + little(8000) + little(16_000) + [2, 0, 16, 0] + Array("data".utf8) + little(dataSize)
  }

  @Test("A header that promises gigabytes costs only what is there")
  func lyingHeader() throws {
    let path = folder.file("lie.wav")
    try replaceFile(at: path, with: Self.header(dataSize: 0xFFFF_FF00) + [0, 0x40, 0, 0xC0])
    let sound = try AudioFile.read(path)
    #expect(sound.samples == [0.5, -0.5])
    let limited = #expect(throws: AudioError.self) { try AudioFile.read(path, sampleLimit: 1) }
    #expect(limited == .tooLong(path: path, limit: 1))
  }

  @Test("Blocks of any size give the samples of the whole")
  func blocks() throws {
    try AudioFile.write(AudioFileTests.sound(), to: folder.file("a.flac"))
    let whole = try AudioFile.read(folder.file("a.flac"))
    var reader = try AudioFileReader(path: folder.file("a.flac"))
    #expect(reader.declaredFrameCount == 5000)
    var block = [Float](repeating: 0, count: 2 * 777 + 1)
    var samples: [Float] = []
    while case let count = try reader.read(into: &block), count > 0 { samples += block[..<(2 * count)] }
    #expect(samples == whole.samples)
    #expect(reader.position == 5000)
  }

  @Test(
    "Every WAV file of the collection is read or refused with a reason",
    .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
  func everyEncoding() throws {
    let files = SharedData.files(under: "wav", suffix: ".wav")
    #expect(files.count == 61)
    var refused: [String] = []
    for path in files {
      do throws(AudioError) {
        let sound = try AudioFile.read(path)
        #expect(sound.channelCount > 0)
        try AudioFileReader.check(firstBytes: firstBytes(of: path, count: 1 << 16), name: path)
      } catch {
        #expect(error.kind == .badInput && error.file == path)
        refused.append(String(path.split(separator: "/").last ?? ""))
      }
    }
    // The files that a fuzzer found are not WAV files at all; all others can be read.
    #expect(refused.allSatisfy { $0.hasPrefix("crash-") || $0.hasPrefix("oom-") }, "\(refused)")
  }

  @Test(
    "A file cut at any place or with any byte changed is read or refused, never a crash",
    .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
  func damagedFiles() throws {
    try AudioFile.write(AudioFileTests.sound(frames: 600), to: folder.file("a.flac"))
    try AudioFile.write(AudioFileTests.sound(frames: 600), to: folder.file("a.ogg"))
    let seeds = [
      folder.file("a.flac"), folder.file("a.ogg"),
      SharedData.path("wav/hound/waveformatextensible-24bit-4byte-48kHz-stereo.wav"),
      SharedData.path("wav/hound/pop.wav"),
      SharedData.path("wav/wavefile/ima22m.wav"),
    ]
    var state: UInt64 = 7
    func random(below bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    let path = folder.file("damaged")
    for seed in seeds {
      let whole = Array(try readFile(seed).prefix(6000))
      for round in 0..<80 {
        var bytes = whole
        if round.isMultiple(of: 4) { bytes.removeLast(random(below: bytes.count)) }
        if !bytes.isEmpty {
          for _ in 0..<(1 + round % 7) {
            bytes[random(below: round.isMultiple(of: 2) ? min(100, bytes.count) : bytes.count)] = UInt8(
              random(below: 256))
          }
        }
        try bytes.withUnsafeBytes { try Data($0).write(to: URL(filePath: path)) }
        if let error = failure(path), case .tooLong = error {
          Issue.record("a file of \(bytes.count) bytes gave too many samples: \(seed), round \(round)")
        }
      }
    }
  }
}
