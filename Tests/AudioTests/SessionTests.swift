import Audio
import Foundation
import PlaybackChecks
import TestSupport
import Testing

@Suite("Playback sessions")
struct SessionTests {
  private static let rate = 48_000

  private static func tone(_ frames: Int, from first: Int = 0) -> [Float] {
    (first..<first + frames).map { Float(0.9 * sin(2 * Double.pi * 441 * Double($0) / Double(rate))) }
  }

  private static func expectNoClick(_ sound: [Float]) {
    #expect((zip(sound, sound.dropFirst()).map { abs($0 - $1) }.max() ?? 0) < 0.06)
  }

  private static func wait(_ condition: () -> Bool) {
    let start = ContinuousClock.now
    while !condition(), ContinuousClock.now - start < .seconds(10) { usleep(500) }
    #expect(condition())
  }

  @Test("A pause fades out, keeps the playhead and gives the device silence; then the sound goes on")
  func pause() throws {
    let device = FakeDevice(pace: 1)
    let session = PlaybackSession(device: device, queueSeconds: 10)
    try session.start()
    let sound = Self.tone(24_000)
    _ = session.write(sound.span)
    Self.wait { session.heardFrames > 3000 }
    session.pause()
    #expect(session.isPaused)
    Self.wait { device.sound.suffix(2000).allSatisfy { $0 == 0 } && device.sound.count > 6000 }
    let place = session.heardFrames
    usleep(30_000)
    #expect(session.heardFrames == place && place < sound.count)
    session.resume()
    let result = try session.finish()
    let heard = device.sound
    #expect(result.counts == PlaybackCounts() && device.breaks.isEmpty)
    #expect(heard.suffix(2000) == sound.suffix(2000))
    // Nothing of the sound is left out: it stands still while it is silent.
    #expect(heard.count { $0 == 0 } >= 2000 && result.frameCount > sound.count)
    Self.expectNoClick(heard)
    #expect(session.heardFrames == sound.count)
  }

  @Test("A flush drops what is queued without a click, and the playhead goes with it")
  func flush() throws {
    let device = FakeDevice(pace: 1)
    let session = PlaybackSession(device: device, queueSeconds: 10)
    try session.start()
    _ = session.write(Self.tone(200_000).span)
    Self.wait { session.heardFrames > 3000 }
    session.flush()
    let other = Self.tone(9600, from: 33)
    _ = session.write(other.span)
    Self.wait { session.heardFrames >= 200_000 }
    let result = try session.finish()
    let heard = device.sound
    #expect(result.frameCount < 60_000 && session.heardFrames == 209_600)
    #expect(heard.suffix(9000) == other.suffix(9000) && result.counts.gaps == 0)
    Self.expectNoClick(heard)
  }

  @Test("Stopping fades out; the session starts again from nothing")
  func stop() throws {
    let device = FakeDevice(pace: 1)
    let session = PlaybackSession(device: device, queueSeconds: 10)
    for _ in 0..<2 {
      try session.start()
      _ = session.write(Self.tone(200_000).span)
      Self.wait { session.heardFrames > 2000 }
      session.stop()
      let result = try session.finish()
      #expect(result.isCancelled && result.frameCount < 100_000)
      #expect(try !session.isPlaying())
      #expect(abs(device.sound.last ?? 1) < 0.01)
    }
    Self.expectNoClick(device.sound)
  }

  @Test("A session that is paused can be stopped, and one without sound ends at once")
  func emptySessions() throws {
    let session = PlaybackSession(device: FakeDevice())
    session.pause()
    try session.start()
    session.stop()
    #expect(try session.finish().frameCount == 0)
    session.resume()
    try session.start()
    #expect(try session.finish().frameCount == 0)
  }

  @Test("The peak is that of what was given to the device since it was asked for")
  func peak() throws {
    let session = PlaybackSession(device: FakeDevice(), queueSeconds: 1)
    try session.start()
    _ = session.write([Float](repeating: -0.75, count: 4800).span)
    _ = try session.finish()
    #expect(session.takePeak() == 0.75 && session.takePeak() == 0)
  }

  @Test("Room is waited for, and is never more than the queue holds")
  func room() throws {
    let session = PlaybackSession(device: FakeDevice(), queueSeconds: 0.05)
    try session.start()
    #expect(session.queueFrames == 2400 && session.room <= 2400)
    var written = 0
    while written < 12_000 {
      #expect(try session.waitForRoom(100, seconds: 10))
      written += session.write(Self.tone(100, from: written).span)
    }
    let result = try session.finish()
    #expect(session.writtenFrames == 12_000 && result.frameCount >= 12_000)
    #expect(try !session.waitForRoom(100, seconds: 0.01), "a session that has ended has no room")
  }

  @Test(
    "A source at another rate is resampled, and nothing else of it changes",
    arguments: [44_100, 22_050, 96_000])
  func resampling(sampleRate: Int) throws {
    let seconds = 0.5
    let frames = Int(seconds * Double(sampleRate))
    let samples = (0..<frames).map {
      Float(0.5 * sin(2 * Double.pi * 1000 * Double($0) / Double(sampleRate)))
    }
    let buffer = AudioBuffer(sampleRate: sampleRate, channelCount: 1, samples: samples)
    let device = CaptureDevice(PCMRequest(sampleRate: 48_000, channelCount: 2, formats: [.float32]))
    let session = PlaybackSession(device: device, channelCount: 1)
    var source = AudioBufferSource(buffer)
    _ = try session.play(&source)
    let heard = device.sound.channel(1)
    #expect(abs(heard.count - 24_000) <= 2)
    // Away from the ends, where a tone that begins and ends at once has other frequencies.
    for frame in 2000..<22_000 {
      let exact = 0.5 * sin(2 * Double.pi * 1000 * Double(frame) / 48_000)
      #expect(abs(Double(heard[frame]) - exact) < 2e-5)
    }
  }

  @Test("Resampling does not depend on the size of blocks")
  func blocks() {
    var generator = RepeatableGenerator(seed: 3)
    let noise = (0..<20_000).map { _ in Float.random(in: -1...1, using: &generator) }
    let buffer = AudioBuffer(sampleRate: 44_100, channelCount: 2, samples: noise)
    func all(_ size: Int) -> [Float] {
      var source = ResampledSource(AudioBufferSource(buffer), sampleRate: 48_000)
      var result: [Float] = []
      var block = [Float](repeating: 0, count: 2 * size)
      while true {
        var room = block.mutableSpan
        let count = source.render(into: &room)
        result += block[..<(2 * count)]
        if count < size { return result }
      }
    }
    let whole = all(40_000)
    #expect(abs(whole.count / 2 - 10_885) <= 2)
    #expect(all(100) == whole && all(1) == whole)
  }

  @Test("A capture that keeps time takes as long as the sound; one that hands on gives the same bytes")
  func captures() throws {
    let sound = Self.tone(14_400)
    let paced = CaptureDevice(
      PCMRequest(sampleRate: 48_000, channelCount: 1, formats: [.float32], latencySeconds: 0.1), isPaced: true
    )
    let session = PlaybackSession(device: paced, queueSeconds: 1)
    let start = ContinuousClock.now
    try session.start()
    _ = session.write(sound.span)
    let result = try session.finish()
    #expect(ContinuousClock.now - start > .milliseconds(280) && result.seconds >= 0.3)
    if result.counts.gaps == 0 { #expect(paced.sound.samples == sound) }
    let failing = CaptureDevice(PCMRequest(channelCount: 1)) { _ in false }
    var source = AudioBufferSource(AudioBuffer(sampleRate: 44_100, channelCount: 1, samples: sound))
    let lost = PlaybackSession(
      device: failing, channelCount: 1, queueSeconds: 0.1, patience: PlaybackPatience(reopening: 0.1))
    #expect(throws: AudioError.self) { try lost.play(&source) }
  }
}
