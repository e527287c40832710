internal import Audio
internal import AudioThreadProbe
internal import Foundation
internal import Performing
internal import Synthesis

private struct ThreadReport: Encodable {
  var device: String
  var writes: Int64
  var allocations: Int64
  var references: Int64
  var locks: Int64
  var systemCalls: Int64
  var rests: Int64
  /// Cycles of JACK's thread that were counted.
  var cycles: Int64
}

/// What plays while it is counted.
private enum Subject {
  case session(PlaybackSession)
  case live(LiveSound)

  /// - Parameter device: `stream` for a pipe, `jack` for a JACK server, `live:NAME` for a synthesizer that is played live, otherwise ALSA's name.
  init(_ device: String) throws {
    switch device {
    case "stream":
      let pipe = ReadPipe()
      let request = PCMRequest(sampleRate: 48_000, formats: [.int16], latencySeconds: 0.02)
      let stream = StreamDevice(request, name: "a pipe", descriptor: pipe.descriptor)
      gruppetto_probe_device(pipe.descriptor)
      // It is open for as long as the program runs.
      _ = Unmanaged.passRetained(pipe)
      self = .session(PlaybackSession(device: stream))
    case "jack":
      let client = try JACKClient(queueSeconds: 0.02)
      gruppetto_probe_find_jack()
      self = .session(PlaybackSession(device: ProbedDevice(client.soundDevice())))
    case _ where device.hasPrefix("live:"):
      let session = try PlaybackSession(
        PlaybackSettings(device: String(device.dropFirst(5)), latencySeconds: 0.005, queueSeconds: 0.001))
      self = .live(LiveSound(bank: try SmallBank(), session: session, programs: [0]))
    default:
      self = .session(try PlaybackSession(PlaybackSettings(device: device, sampleRate: 48_000)))
    }
  }

  func start() throws {
    switch self {
    case .session(let session): try session.start()
    case .live(let sound): try sound.start()
    }
  }

  /// Does what there is to do in some milliseconds.
  func go(round: Int) throws {
    switch self {
    case .session(let session):
      let block = InlineArray<512, Float>(repeating: 0.01)
      if try session.waitForRoom(256, seconds: 0.05) { _ = session.write(block.span) }
      switch round % 1000 {
      case 200: session.pause()
      case 220: session.resume()
      case 500: session.flush()
      default: break
      }
    case .live(let sound):
      let key = 40 + round / 20 % 40
      if round % 20 == 0 { sound.send(.noteOn(key: key, velocity: 80), channel: 0, arrival: .now) }
      if round % 20 == 10 { sound.send(.noteOff(key: key), channel: 0) }
      if round % 100 == 50 { sound.send(systemExclusive: [0x7F, 0x7F, 4, 1, 0, 0x60, 0xF7]) }
      usleep(5000)
    }
  }

  func stop() throws {
    switch self {
    case .session(let session):
      session.stop()
      _ = try session.finish()
    case .live(let sound): _ = try sound.stop()
    }
  }
}

/// Plays, pauses and seeks for some seconds, and ends with exit code 1 if the audio thread did anything beside its device.
///
/// Only a build for release tells: without optimization Swift counts references that nobody needs.
func checkThread(device: String, seconds: Double) throws {
  let subject = try Subject(device)
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

  try subject.start()
  let start = ContinuousClock.now
  var round = 0
  while ContinuousClock.now - start < .seconds(seconds) {
    try subject.go(round: round)
    round += 1
  }
  gruppetto_probe_stop()
  let counts = gruppetto_probe_counts()
  try subject.stop()
  let report = ThreadReport(
    device: device, writes: counts.writes - tried.writes, allocations: counts.allocations - tried.allocations,
    references: counts.references - tried.references, locks: counts.locks - tried.locks,
    systemCalls: counts.system_calls - tried.system_calls, rests: counts.rests - tried.rests,
    cycles: counts.cycles)
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  print(String(decoding: try encoder.encode(report), as: UTF8.self))
  let others = report.allocations + report.references + report.locks + report.systemCalls
  let isSeen = report.writes > 100 && (device != "jack" || report.cycles > 100)
  exit(isSeen && others == 0 ? 0 : 1)
}
