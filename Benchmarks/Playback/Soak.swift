internal import Audio
internal import Foundation

private struct SoakReport: Encodable {
  var device: String
  var latencyMilliseconds: Double
  var periodMilliseconds: Double
  var isRealTime: Bool
  var seconds: Double
  var frames: Int
  var elapsed: Double
  var underruns: Int
  var lateSources: Int
  var suspensions: Int
  var reopenings: Int
}

/// Plays the counting signal, and prints what went wrong.
func soak(device: String, latency: Double, seconds: Double) throws {
  let session = try PlaybackSession(
    PlaybackSettings(device: device, latencySeconds: latency, sampleRate: 48_000, formats: [.int16]))
  guard session.sampleRate == 48_000 else {
    throw AudioError.unsuitableDevice(name: device, reason: "it runs at \(session.sampleRate) Hz, not 48000")
  }
  var signal = CountingSignal(sampleRate: 48_000, frames: Int(48_000 * seconds))
  let start = ContinuousClock.now
  let result = try session.play(&signal)
  let report = SoakReport(
    device: device, latencyMilliseconds: 1000 * session.latencySeconds,
    periodMilliseconds: 1000 * Double(session.settings.periodFrames) / 48_000,
    isRealTime: session.isRealTime, seconds: seconds, frames: result.frameCount,
    elapsed: (ContinuousClock.now - start) / .seconds(1), underruns: result.counts.underruns,
    lateSources: result.counts.lateSources, suspensions: result.counts.suspensions,
    reopenings: result.counts.reopenings)
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  print(String(decoding: try encoder.encode(report), as: UTF8.self))
}

private struct ComparisonReport: Encodable {
  /// Frames of the recording.
  var recorded = 0
  /// Frames of the signal that came each after the one before it.
  var matching = 0
  /// How often the next frame was another one than the next of the signal.
  var breaks = 0
  /// Frames of the signal that are missing, or were heard otherwise.
  var missing = 0
  /// Where in the signal the first breaks are, in frames.
  var places: [Int] = []
  var first = -1
  var last = -1
}

/// Looks for the counting signal in a recording on standard input.
func compareRecording() {
  var report = ComparisonReport()
  var expected: Int?
  var isBroken = false
  var previous = -1
  var rest: [UInt8] = []
  while true {
    let data = FileHandle.standardInput.readData(ofLength: 1 << 16)
    if data.isEmpty { break }
    rest += data
    let whole = rest.count / 4
    rest.withUnsafeBytes { bytes in
      for frame in 0..<whole {
        let left = Int(Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * frame, as: Int16.self)))
        let right = Int(
          Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * frame + 2, as: Int16.self)))
        report.recorded += 1
        let isSilent = left == 0 && right == 0
        let number = CountingSignal.frame(left, right)
        defer { previous = number }
        if let next = expected, number == next, CountingSignal.values(of: next) == (left, right) {
          if isBroken { isBroken = false }
          report.matching += 1
          report.last = number
          expected = next + 1
        } else if expected == nil {
          // A monitor does not show what a sink takes back of the silence that it has rendered ahead.
          if !isSilent, number < 4800, CountingSignal.values(of: number) == (left, right) {
            report.first = number
            report.matching = 1
            expected = number + 1
          }
        } else if let next = expected {
          if !isBroken {
            report.breaks += 1
            if report.places.count < 20 { report.places.append(next) }
            isBroken = true
          }
          // The signal goes on somewhere behind the break; a fade has other values, which do not count.
          if !isSilent, number == previous + 1, number > next, number < next + 480_000 {
            report.missing += number - next
            expected = number + 1
            report.matching += 1
            report.last = number
          }
        }
      }
    }
    rest.removeFirst(4 * whole)
  }
  // Silence after the end is no break.
  if isBroken { report.breaks -= 1 }
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  if let line = try? encoder.encode(report) { print(String(decoding: line, as: UTF8.self)) }
  exit(report.first >= 0 && report.breaks == 0 ? 0 : 1)
}
