import Audio
import Foundation
import Groundwork
import TestSupport
import Testing

/// In real time, through a PulseAudio server whose only sink is a null sink; its monitor is recorded.
/// `Scripts/with-pulseaudio` starts the server.
@Suite(
  "Playback in real time", .serialized,
  .enabled(
    if: ProcessInfo.processInfo.environment["GRUPPETTO_TEST_PULSE"] == "1",
    "skipped: needs a PulseAudio server; run Scripts/with-pulseaudio Scripts/test"))
struct RealTimePlaybackTests {
  /// A mono source of 48 kHz: silence, then a tone of 1 kHz at half of full scale.
  private static func tone(silence: Double, tone: Double) -> AudioBuffer {
    let samples = (0..<Int(48_000 * (silence + tone))).map { frame -> Float in
      let time = Double(frame) / 48_000
      return time < silence ? 0 : Float(0.5 * sin(2 * Double.pi * 1000 * time))
    }
    return AudioBuffer(sampleRate: 48_000, channelCount: 1, samples: samples)
  }

  @Test("A tone takes its time, keeps its level and pitch, and has no gap")
  func wholeTone() throws {
    let recorder = try MonitorRecorder()
    let player = try PlaybackSession(PlaybackSettings(device: "pulse", sampleRate: 48_000))
    #expect(player.sampleRate == 48_000)
    var source = AudioBufferSource(Self.tone(silence: 0.2, tone: 1.5))
    let start = ContinuousClock.now
    let result = try player.play(&source)
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    let sound = try recorder.stop()
    #expect(result.frameCount == Int(48_000 * 1.7) && !result.isCancelled)
    #expect(elapsed > 1.6 && elapsed < 4, "1.7 s of sound and its drain took \(elapsed) s")
    // Where the machine is busy the device may run dry; then a gap is what was counted.
    try #require(result.counts.gaps == 0, "the machine was too busy to keep real time")
    let heard = try #require(Self.audiblePart(of: sound))
    #expect(abs(heard.seconds - 1.5) < 0.02, "\(heard.seconds) s of tone were heard")
    let rms = sqrt(heard.samples.reduce(0.0) { $0 + Double($1 * $1) } / Double(heard.samples.count))
    #expect(abs(rms - 0.5 / sqrt(2)) < 0.01)
    let crossings = zip(heard.samples, heard.samples.dropFirst()).count { $0 < 0 && $1 >= 0 }
    #expect(abs(Double(crossings) / heard.seconds - 1000) < 5)
    let steps = zip(heard.samples, heard.samples.dropFirst()).map { abs($0 - $1) }
    // Half of full scale at 1 kHz moves by at most 2π · 1000 · 0.5 / 48000 = 0.0655 a frame.
    #expect((steps.max() ?? 1) < 0.07, "no click")
  }

  @Test("A request to stop is heard soon and without a click")
  func stopping() throws {
    let recorder = try MonitorRecorder()
    let player = try PlaybackSession(
      PlaybackSettings(device: "pulse", sampleRate: 48_000, channelCount: 1))
    var source = AudioBufferSource(Self.tone(silence: 0, tone: 30))
    let cancellation = Cancellation()
    let start = ContinuousClock.now
    let result = try player.play(&source, cancellation: cancellation) { report in
      if report.completed > 0.7 { cancellation.request() }
    }
    let elapsed = (ContinuousClock.now - start) / .seconds(1)
    let sound = try recorder.stop()
    #expect(result.isCancelled)
    #expect(elapsed < 4, "it stopped after \(elapsed) s")
    try #require(result.counts.gaps == 0, "the machine was too busy to keep real time")
    let heard = try #require(Self.audiblePart(of: sound))
    #expect(heard.seconds > 0.6 && heard.seconds < 3)
    let steps = zip(heard.samples, heard.samples.dropFirst()).map { abs($0 - $1) }
    #expect((steps.max() ?? 1) < 0.07, "no click")
    #expect(heard.samples.suffix(48).allSatisfy { abs($0) < 0.1 }, "it faded out")
  }

  /// From the first to the last sample that is not silence.
  private static func audiblePart(of sound: AudioBuffer) -> AudioBuffer? {
    guard let first = sound.samples.firstIndex(where: { abs($0) > 1e-3 }),
      let last = sound.samples.lastIndex(where: { abs($0) > 1e-3 })
    else { return nil }
    return AudioBuffer(
      sampleRate: sound.sampleRate, channelCount: 1, samples: Array(sound.samples[first...last]))
  }
}

/// Records what the default sink plays, through PulseAudio's own `parec`.
private final class MonitorRecorder {
  private let folder: TemporaryFolder
  private let process = Process()

  init() throws {
    folder = try TemporaryFolder()
    process.executableURL = URL(filePath: "/usr/bin/parec")
    process.arguments = [
      "--device=@DEFAULT_MONITOR@", "--rate=48000", "--channels=1", "--format=float32le", "--raw",
      "--latency-msec=20",
      folder.file("monitor.raw"),
    ]
    try process.run()
    usleep(500_000)
  }

  /// Ends the recording.
  func stop() throws -> AudioBuffer {
    usleep(500_000)
    process.terminate()
    for _ in 0..<300 where process.isRunning { usleep(10_000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    let bytes = try readFile(folder.file("monitor.raw"))
    let count = bytes.count / 4
    let samples = bytes.withUnsafeBytes { raw in
      (0..<count).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    return AudioBuffer(sampleRate: 48_000, channelCount: 1, samples: samples)
  }

  deinit { if process.isRunning { process.terminate() } }
}
