// `playback-threads [SECONDS]`: sessions that are written to, paused, flushed, stopped and asked from several threads at once while their
// devices fail. It is built with the thread sanitizer (Scripts/test-threads), which ends it with an error where two threads meet
// without order; by itself it checks that each session ends as it should.
internal import Audio
internal import Foundation
internal import PlaybackChecks

private func demand(_ condition: Bool, _ what: String) {
  guard !condition else { return }
  FileHandle.standardError.write(Data("playback-threads: \(what)\n".utf8))
  exit(1)
}

/// Asks and commands a session from a thread of its own until it is told to end.
private final class Meddler: @unchecked Sendable {
  private let thread: Thread
  private let done = DispatchSemaphore(value: 0)

  init(_ session: PlaybackSession, seed: Int) {
    let done = done
    thread = Thread {
      var generator = SystemRandomNumberGenerator()
      var last = 0
      while !Thread.current.isCancelled {
        let head = session.playhead
        demand(head.frame >= last || head.frame == 0, "the playhead went back from \(last) to \(head.frame)")
        last = head.frame
        demand(
          session.takePeak() <= 1 && session.counts.gaps >= 0 && session.room >= 0, "nonsense is reported")
        if Int.random(in: 0..<40, using: &generator) == 0 { session.pause() }
        if Int.random(in: 0..<8, using: &generator) == 0 { session.resume() }
        usleep(500)
      }
      session.resume()
      done.signal()
    }
    thread.start()
  }

  func end() {
    thread.cancel()
    done.wait()
  }
}

private func mishaps() -> [FakeDevice.Event] {
  var frame = 1000
  return (0..<6).map { _ in
    frame += Int.random(in: 1500...6000)
    let choices: [FakeDevice.Mishap] = [
      .underrun, .suspension(attempts: 3, survives: Bool.random()), .unplugged(attempts: 2), .busy(times: 2),
      .late(seconds: 0.03), .failure(code: 5), .short(frames: 50),
    ]
    return .init(at: frame, choices[Int.random(in: 0..<choices.count)])
  }
}

/// A session on a device, fed for a while with seeking in between.
private func round(_ session: PlaybackSession, seconds: Double, stops: Bool) throws {
  try session.start()
  let meddler = Meddler(session, seed: 0)
  let block = (0..<240 * session.channelCount).map { Float($0 % 100) / 200 }
  let start = ContinuousClock.now
  while ContinuousClock.now - start < .seconds(seconds) {
    if try session.waitForRoom(240, seconds: 0.01) { _ = session.write(block.span) }
    if Int.random(in: 0..<100) == 0 { session.flush() }
  }
  meddler.end()
  if stops { session.stop() }
  let result = try session.finish()
  demand(
    result.isCancelled == stops && result.frameCount > 0, "a session has not ended as it should: \(result)")
}

private let seconds = CommandLine.arguments.dropFirst().first.flatMap(Double.init) ?? 60
private let start = ContinuousClock.now
private var rounds = 0
while ContinuousClock.now - start < .seconds(seconds) {
  rounds += 1
  try round(
    PlaybackSession(device: FakeDevice(events: mishaps(), pace: 1), queueSeconds: 0.05), seconds: 1,
    stops: rounds % 2 == 0)
  let capture = CaptureDevice(PCMRequest(latencySeconds: 0.02), isPaced: true)
  try round(PlaybackSession(device: capture, queueSeconds: 0.02), seconds: 0.5, stops: rounds % 2 == 1)
  let null = try PlaybackSession(PlaybackSettings(device: "null", queueSeconds: 0.05))
  try round(null, seconds: 0.2, stops: false)
  // A call that does not return is left to itself.
  let hanging = FakeDevice(events: [.init(at: 2000, .hanging)], pace: 1)
  let session = PlaybackSession(
    device: hanging, channelCount: 1, queueSeconds: 0.1,
    patience: PlaybackPatience(playing: 0.1, stopping: 0.05))
  var source = AudioBufferSource(
    AudioBuffer(sampleRate: 44_100, channelCount: 1, samples: [Float](repeating: 0.1, count: 50_000)))
  do {
    _ = try session.play(&source)
    demand(false, "a device that hangs was not given up")
  } catch {
    hanging.release()
  }
}
print("{\"rounds\": \(rounds), \"seconds\": \((ContinuousClock.now - start) / .seconds(1))}")
