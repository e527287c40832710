internal import Audio
internal import AudioThreadProbe
internal import Foundation

private struct ThreadReport: Encodable {
  var device: String
  var writes: Int64
  var allocations: Int64
  var references: Int64
  var locks: Int64
  var systemCalls: Int64
  var rests: Int64
}

/// Plays, pauses and seeks for some seconds, and ends with exit code 1 if the audio thread did anything beside its device.
///
/// Only a build for release tells: without optimization Swift counts references that nobody needs.
func checkThread(device: String, seconds: Double) throws {
  guard gruppetto_probe_start() else {
    FileHandle.standardError.write(
      Data("what a thread does is counted with glibc and Swift's runtime alone\n".utf8))
    exit(64)
  }
  final class Something {}
  let something = Something()
  gruppetto_probe_try(Unmanaged.passUnretained(something).toOpaque())
  let tried = gruppetto_probe_counts()
  precondition(
    tried.allocations == 2 && tried.references == 2 && tried.locks == 2 && tried.system_calls == 1
      && tried.rests == 1,
    "what is done is not noticed: \(tried)")

  let session = try PlaybackSession(PlaybackSettings(device: device, sampleRate: 48_000))
  try session.start()
  let block = [Float](repeating: 0.01, count: 2 * 256)
  let start = ContinuousClock.now
  var round = 0
  while ContinuousClock.now - start < .seconds(seconds) {
    if try session.waitForRoom(256, seconds: 0.05) { _ = session.write(block.span) }
    round += 1
    switch round % 1000 {
    case 200: session.pause()
    case 220: session.resume()
    case 500: session.flush()
    default: break
    }
  }
  gruppetto_probe_stop()
  let counts = gruppetto_probe_counts()
  session.stop()
  _ = try session.finish()
  let report = ThreadReport(
    device: device, writes: counts.writes - tried.writes, allocations: counts.allocations - tried.allocations,
    references: counts.references - tried.references, locks: counts.locks - tried.locks,
    systemCalls: counts.system_calls - tried.system_calls, rests: counts.rests - tried.rests)
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  print(String(decoding: try encoder.encode(report), as: UTF8.self))
  let others = report.allocations + report.references + report.locks + report.systemCalls
  exit(report.writes > 100 && others == 0 ? 0 : 1)
}
