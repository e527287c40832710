import Audio
import Foundation
import Groundwork
import Synchronization
import TestSupport
import Testing

/// ALSA's own `file` plugin over its `null` device stands for a sound card: all that is played lies in a file.
@Suite("Playback")
struct PlaybackTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func play(
    _ sound: AudioBuffer, formats: [PCMFormat], channelCount: Int? = nil, cancellation: Cancellation? = nil
  ) throws -> (bytes: [UInt8], result: PlaybackResult) {
    let path = folder.file("played.raw")
    let result: PlaybackResult
    do {
      let device = try ALSADevice(
        name: "file:'\(path)',raw",
        request: PCMRequest(
          sampleRate: sound.sampleRate, channelCount: channelCount ?? sound.channelCount, formats: formats))
      let player = PlaybackSession(device: device)
      #expect(player.settings.format == formats[0] && player.sampleRate == sound.sampleRate)
      var source = AudioBufferSource(sound)
      result = try player.play(&source, cancellation: cancellation)
    }
    return (try readFile(path), result)
  }

  @Test(
    "Sixteen bits reach the device exactly as they stand in a rendered WAV file",
    arguments: [44_100, 48_000, 22_050])
  func sameAsWAV(sampleRate: Int) throws {
    let sound = AudioFileTests.sound(frames: 3 * sampleRate + 17, sampleRate: sampleRate)
    try AudioFile.write(sound, to: folder.file("a.wav"))
    let (bytes, result) = try play(sound, formats: [.int16])
    #expect(bytes == Array(try readFile(folder.file("a.wav"))[44...]))
    #expect(!result.isCancelled && result.frameCount == sound.frameCount && result.counts.gaps == 0)
  }

  @Test("Wider formats are exact too", arguments: [PCMFormat.int24, .int32, .float32])
  func widerFormats(format: PCMFormat) throws {
    let sound = AudioFileTests.sound(frames: 30_000)
    let (bytes, _) = try play(sound, formats: [format])
    #expect(bytes.count == 60_000 * format.byteCount)
    if format == .int24 {
      try AudioFile.write(sound, to: folder.file("a.wav"), encoding: .pcm24)
      #expect(bytes == Array(try readFile(folder.file("a.wav")).suffix(60_000 * 3)))
    }
    bytes.withUnsafeBytes { raw in
      for (index, sample) in sound.samples.enumerated() where index % 7 < 6 {
        let clipped = Double(max(-1, min(1, sample)))
        switch format {
        case .float32: #expect(raw.loadUnaligned(fromByteOffset: 4 * index, as: Float.self) == Float(clipped))
        case .int32:
          let integer = raw.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self)
          let rounded = (clipped * 2_147_483_648).rounded(.toNearestOrEven)
          #expect(Double(integer) == min(rounded, 2_147_483_647))
        default: break
        }
      }
    }
  }

  @Test(
    "Fewer frames than the device holds are played whole; none at all is no error", arguments: [0, 1, 100])
  func shortSounds(frames: Int) throws {
    let sound = AudioBuffer(
      sampleRate: 44_100, channelCount: 1, samples: [Float](repeating: 0.5, count: frames))
    let (bytes, result) = try play(sound, formats: [.int16])
    #expect(bytes.count == 2 * frames && result.frameCount == frames)
  }

  @Test("One channel sounds on all, and all become one as their mean")
  func channels() throws {
    let mono = AudioBuffer(sampleRate: 44_100, channelCount: 1, samples: [0.5, -0.25])
    #expect(try play(mono, formats: [.int16], channelCount: 2).bytes == [0, 0x40, 0, 0x40, 0, 0xE0, 0, 0xE0])
    let stereo = AudioBuffer(sampleRate: 44_100, channelCount: 2, samples: [0.5, 0, -0.5, 0.5])
    #expect(try play(stereo, formats: [.int16], channelCount: 1).bytes == [0, 0x20, 0, 0])
  }

  @Test("Stopping fades out instead of breaking off")
  func fadeOut() throws {
    let path = folder.file("played.raw")
    let cancellation = Cancellation()
    let result: PlaybackResult
    do {
      let player = try PlaybackSession(
        PlaybackSettings(device: "file:'\(path)',raw", channelCount: 1, formats: [.float32]))
      var source = EndlessTone(cancellation: cancellation, cancelledAfter: 60_000)
      result = try player.play(&source, cancellation: cancellation)
    }
    #expect(result.isCancelled)
    let samples = try readFile(path).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    #expect(samples.count == result.frameCount && samples.count > 1000)
    // A full-scale sine of 441 Hz moves by at most 0.063 a frame; a click would be a larger step.
    let steps = zip(samples, samples.dropFirst()).map { abs($0 - $1) }
    #expect((steps.max() ?? 1) < 0.07)
    #expect(abs(samples.last ?? 1) < 0.01)
    #expect(samples.dropLast(441).suffix(100).contains { abs($0) > 0.9 }, "the fade is short")
  }

  @Test("A source that is late loses nothing")
  func lateSource() throws {
    let path = folder.file("played.raw")
    do {
      let player = try PlaybackSession(
        PlaybackSettings(device: "file:'\(path)',raw", channelCount: 1, formats: [.int16]))
      var source = LateSource()
      #expect(try player.play(&source).frameCount == 5 * 1024 + 100)
    }
    let samples = try readFile(path).withUnsafeBytes { Array($0.bindMemory(to: Int16.self)) }
    let counted = (Int16(0)..<5 * 1024 + 100).map { $0 }
    #expect(samples == counted)
  }

  @Test("Progress reports the seconds heard, and a player plays twice")
  func progressAndReplay() throws {
    let player = try PlaybackSession(PlaybackSettings(device: "null"))
    for _ in 0..<2 {
      let reports = Mutex<[ProgressReport]>([])
      var source = AudioBufferSource(AudioFileTests.sound(frames: 44_100))
      _ = try player.play(&source) { report in reports.withLock { $0.append(report) } }
      let last = reports.withLock { $0.last }
      #expect(last?.activity == "playing" && last?.unit == "seconds" && last?.total == 1)
    }
  }

  /// A pipe with no reader that is full after 64 KiB: who writes to it then waits for ever.
  private func pipe(isFull: Bool) throws -> String {
    let path = folder.file("pipe")
    try #require(mkfifo(path, 0o600) == 0)
    // Its descriptor stays open until the process ends: a writer without a reader would be ended by a signal.
    let descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    try #require(descriptor >= 0)
    let filling = [UInt8](repeating: 0, count: 4096)
    if isFull { while write(descriptor, filling, filling.count) > 0 {} }
    return path
  }

  @Test("A device that hangs while it is written to, or in its drain, is given up", arguments: [true, false])
  func hangingDevice(inDrain: Bool) throws {
    let name = "file:'\(try pipe(isFull: inDrain))',raw"
    let player = PlaybackSession(
      device: try ALSADevice(name: name, request: PCMRequest(formats: [.int16])), channelCount: 2,
      queueSeconds: 0.25, patience: PlaybackPatience(playing: 0.3))
    var source = AudioBufferSource(AudioFileTests.sound(frames: inDrain ? 100 : 100_000))
    let start = ContinuousClock.now
    let expected = AudioError.deviceStalled(name: name, seconds: 0.3)
    #expect(throws: expected) { try player.play(&source) }
    #expect(ContinuousClock.now - start < .seconds(8))
    #expect(expected.kind == .cannotWrite && expected.message.contains("stopped taking sound"))
    #expect(throws: expected, "the call that hangs still uses the device") { try player.play(&source) }
  }

  @Test("Stopping does not wait for a device that hangs")
  func stoppingHangingDevice() throws {
    let path = try pipe(isFull: true)
    let player = try PlaybackSession(
      PlaybackSettings(device: "file:'\(path)',raw", channelCount: 1, formats: [.int16]))
    let cancellation = Cancellation()
    var source = EndlessTone(cancellation: cancellation, cancelledAfter: 2000)
    let start = ContinuousClock.now
    let error = #expect(throws: AudioError.self) { try player.play(&source, cancellation: cancellation) }
    guard case .deviceStalled(_, let seconds)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(seconds == 0.5 && ContinuousClock.now - start < .seconds(8))
  }

  @Test("A missing device and a name that is no device are reported with what to try")
  func noDevice() throws {
    for name in ["nonsense", "hw:99", "", "file:"] {
      let error = #expect(throws: AudioError.self) { try PlaybackSession(PlaybackSettings(device: name)) }
      #expect(error?.kind == .cannotWrite)
      #expect(error?.message.contains("“\(name)”") == true)
      #expect(error?.remedies == [.chooseDevice, .writeSoundFile])
      #expect(
        error?.message.contains("choose another sound device") == true
          && error?.message.contains("--") == false)
    }
  }

  @Test("ALSA's devices are listed by name")
  func deviceList() {
    let names = PlaybackDevice.all().map(\.name)
    #expect(names.contains("null"))
    #expect(names.allSatisfy { !$0.isEmpty })
  }
}

/// A sine of 441 Hz that asks for its own end after some frames.
private struct EndlessTone: SampleSource {
  let sampleRate = 44_100
  let channelCount = 1
  let cancellation: Cancellation
  let cancelledAfter: Int
  var position = 0

  init(cancellation: Cancellation, cancelledAfter: Int) {
    self.cancellation = cancellation
    self.cancelledAfter = cancelledAfter
  }

  mutating func render(into block: inout MutableSpan<Float>) -> Int {
    for index in block.indices { block[index] = Float(sin(2 * Double.pi * Double(position + index) / 100)) }
    position += block.count
    if position > cancelledAfter { cancellation.request() }
    return block.count
  }
}

/// Counts up, slowly.
private struct LateSource: SampleSource {
  let sampleRate = 44_100
  let channelCount = 1
  var position = 0

  mutating func render(into block: inout MutableSpan<Float>) -> Int {
    usleep(30_000)
    let count = min(block.count, 5 * 1024 + 100 - position)
    for index in 0..<count { block[index] = Float(position + index) / 32768 }
    position += count
    return count
  }
}
