import Audio
import Foundation
import Groundwork
import PlaybackChecks
import TestSupport
import Testing

@Suite("Playback through devices that fail")
struct RecoveryTests {
  private static let rate = 48_000

  /// A sine of 441 Hz; it moves by at most 0.052 a frame.
  private static func tone(_ frames: Int) -> [Float] {
    (0..<frames).map { Float(0.9 * sin(2 * Double.pi * 441 * Double($0) / Double(rate))) }
  }

  private static func session(
    _ device: FakeDevice, queueSeconds: Double = 10, patience: PlaybackPatience = PlaybackPatience()
  ) -> PlaybackSession {
    PlaybackSession(device: device, channelCount: 1, queueSeconds: queueSeconds, patience: patience)
  }

  /// Plays a sound that is there from the beginning: the source is never late.
  private static func play(
    _ sound: [Float], _ device: FakeDevice, patience: PlaybackPatience = PlaybackPatience()
  ) throws -> PlaybackResult {
    let session = session(device, patience: patience)
    session.pause()
    try session.start()
    #expect(session.write(sound.span) == sound.count)
    let result = try session.finish()
    #expect(session.heardFrames == sound.count, "the playhead is at the end")
    return result
  }

  /// Where a sound has steps that are none of the tone's, those at the device's own breaks excepted.
  private static func clicks(_ sound: [Float], _ breaks: [Int]) -> [Int] {
    let steps = zip(sound, sound.dropFirst()).map { abs($0 - $1) }
    return steps.indices.filter { steps[$0] > 0.06 && !breaks.contains($0 + 1) }
  }

  /// Checks that there is no step but where the device broke off, and that the sound begins again from silence.
  private static func expectNoClick(_ device: FakeDevice, fadesIn: Bool = true) {
    let sound = device.sound
    #expect(clicks(sound, device.breaks).isEmpty)
    guard fadesIn else { return }
    for place in device.breaks where place < sound.count { #expect(abs(sound[place]) < 0.01) }
  }

  @Test(
    "What a device takes in its own way is played as it is",
    arguments: [
      [], [FakeDevice.Mishap.busy(times: 2)], [.short(frames: 7)], [.short(frames: 1)],
      [.late(seconds: 0.01)],
      [.busy(times: 1), .late(seconds: 0.008), .short(frames: 100)],
    ])
  func harmless(mishaps: [FakeDevice.Mishap]) throws {
    let device = FakeDevice(
      events: mishaps.enumerated().map { .init(at: 3000 * $0.offset + 5000, $0.element) })
    let sound = Self.tone(20_011)
    let result = try Self.play(sound, device)
    #expect(device.sound == sound)
    #expect(result.counts == PlaybackCounts() && result.frameCount == sound.count && device.breaks.isEmpty)
  }

  @Test(
    "An underrun is counted, loses nothing, and the sound fades in after it",
    arguments: [1000, 5000, 5001, 5119, 9599])
  func underrun(frame: Int) throws {
    let device = FakeDevice(events: [.init(at: frame, .underrun)])
    let sound = Self.tone(12_000)
    let result = try Self.play(sound, device)
    #expect(result.counts.underruns == 1 && result.counts.gaps == 1)
    let heard = device.sound
    #expect(heard.count == sound.count && heard.suffix(2000) == sound.suffix(2000))
    #expect(device.breaks.count == 1 && heard[..<device.breaks[0]] == sound[..<device.breaks[0]])
    Self.expectNoClick(device)
  }

  @Test("A device that is late for longer than it holds runs dry, and is made ready again")
  func lateDevice() throws {
    let device = FakeDevice(events: [.init(at: 6000, .late(seconds: 0.2))])
    let result = try Self.play(Self.tone(20_000), device)
    #expect(result.counts.underruns == 1 && device.breaks.count == 1)
    Self.expectNoClick(device)
  }

  @Test("A suspended device goes on where it was, or is made ready again", arguments: [true, false])
  func suspension(survives: Bool) throws {
    let device = FakeDevice(events: [.init(at: 6000, .suspension(attempts: 4, survives: survives))])
    let sound = Self.tone(20_000)
    let result = try Self.play(sound, device)
    #expect(
      result.counts.suspensions == 1 && result.counts.gaps == 1 && device.errors.contains(-Int(ESTRPIPE)))
    if survives { #expect(device.sound == sound) }
    #expect(device.sound.suffix(2000) == sound.suffix(2000))
    Self.expectNoClick(device, fadesIn: !survives)
  }

  @Test("A device that was unplugged is opened again under its name, and the sound goes on")
  func unplugged() throws {
    let device = FakeDevice(events: [.init(at: 6000, .unplugged(attempts: 3))])
    let sound = Self.tone(20_000)
    let result = try Self.play(sound, device)
    #expect(result.counts.reopenings == 1 && device.openings == 2)
    #expect(device.sound.suffix(2000) == sound.suffix(2000))
    Self.expectNoClick(device)
  }

  @Test("A device that does not come back is given up with a word that says so")
  func gone() throws {
    let device = FakeDevice(events: [.init(at: 6000, .unplugged(attempts: nil))])
    let session = Self.session(device, patience: PlaybackPatience(reopening: 0.2))
    var source = AudioBufferSource(
      AudioBuffer(sampleRate: Self.rate, channelCount: 1, samples: Self.tone(40_000)))
    let error = #expect(throws: AudioError.self) { try session.play(&source) }
    #expect(error == .deviceLost(name: "fake", seconds: 0.2))
    #expect(error?.message.contains("did not come back within 0.2 seconds") == true)
    #expect(error?.remedies == [.chooseDevice, .writeSoundFile] && error?.kind == .cannotWrite)
  }

  @Test("A device that fails otherwise is opened again")
  func otherFailure() throws {
    let device = FakeDevice(events: [.init(at: 6000, .failure(code: Int(EIO)))])
    let result = try Self.play(Self.tone(20_000), device)
    #expect(result.counts.reopenings == 1 && device.errors.contains(-Int(EIO)))
    Self.expectNoClick(device)
  }

  @Test(
    "A device that takes nothing any more, or does not return, is given up",
    arguments: [
      FakeDevice.Mishap.stuck, .hanging,
    ])
  func dead(mishap: FakeDevice.Mishap) throws {
    let device = FakeDevice(events: [.init(at: 6000, mishap)])
    let session = Self.session(device, patience: PlaybackPatience(playing: 0.3))
    var source = AudioBufferSource(
      AudioBuffer(sampleRate: Self.rate, channelCount: 1, samples: Self.tone(40_000)))
    #expect(throws: AudioError.deviceStalled(name: "fake", seconds: 0.3)) { try session.play(&source) }
    device.release()
  }

  @Test("Stopping does not wait for a device that takes nothing")
  func stoppingStuckDevice() throws {
    let device = FakeDevice(events: [.init(at: 2000, .stuck)])
    let session = Self.session(device, queueSeconds: 0.1)
    try session.start()
    _ = session.write(Self.tone(4800).span)
    let watch = ContinuousClock.now
    while device.errors.isEmpty, ContinuousClock.now - watch < .seconds(5) { usleep(1000) }
    session.stop()
    let result = try session.finish()
    #expect(result.isCancelled && ContinuousClock.now - watch < .seconds(6))
  }

  @Test("Whatever comes one after the other, there is no click and the end is whole", arguments: 0..<12)
  func everything(seed: Int) throws {
    var generator = RepeatableGenerator(seed: UInt64(seed))
    var frame = 500
    let events = (0..<8).map { _ -> FakeDevice.Event in
      frame += Int.random(in: 1200...4000, using: &generator)
      let choices: [FakeDevice.Mishap] = [
        .underrun, .suspension(attempts: Int.random(in: 0...5, using: &generator), survives: false),
        .unplugged(attempts: Int.random(in: 0...2, using: &generator)), .busy(times: 1),
        .short(frames: Int.random(in: 1...300, using: &generator)), .late(seconds: 0.05),
        .failure(code: Int(EIO)),
      ]
      return FakeDevice.Event(at: frame, choices[Int.random(in: 0..<choices.count, using: &generator)])
    }
    let device = FakeDevice(events: events, pace: 0.05)
    let sound = Self.tone(frame + 6000)
    let result = try Self.play(sound, device)
    #expect(device.sound.suffix(1000) == sound.suffix(1000))
    #expect(result.counts.gaps == device.breaks.count)
    Self.expectNoClick(device)
  }

  @Test("A source that is late is counted; the sound fades out to silence and in again")
  func lateSource() throws {
    let device = FakeDevice(pace: 1)
    let session = Self.session(device)
    try session.start()
    let sound = Self.tone(8000)
    let (first, second) = (Array(sound[..<4000]), Array(sound[4000...]))
    _ = session.write(first.span)
    let start = ContinuousClock.now
    while session.counts.lateSources == 0, ContinuousClock.now - start < .seconds(10) { usleep(1000) }
    usleep(30_000)
    _ = session.write(second.span)
    let result = try session.finish()
    #expect(result.counts.lateSources == 1 && device.breaks.isEmpty)
    #expect(result.frameCount > sound.count, "silence was put in")
    let heard = device.sound
    #expect(Self.clicks(heard, []).isEmpty && heard.contains(0))
    // Whole periods are as they were written; what is left fades out.
    #expect(heard[..<3840] == sound[..<3840] && heard.suffix(2000) == sound.suffix(2000))
    #expect(session.heardFrames == sound.count)
  }
}
