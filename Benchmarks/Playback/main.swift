// `playback-checks`: what can be shown of playing only in a build for release, or only in minutes. A program of its own, because it
// stands before functions of the system's libraries.
internal import Audio
internal import AudioThreadProbe
internal import Foundation
internal import Groundwork

private let usage = """
  usage: playback-checks thread [DEVICE [SECONDS]]
         playback-checks soak DEVICE MILLISECONDS SECONDS
         playback-checks compare < RECORDING

  thread   plays, pauses and seeks, and counts what the audio thread does beside its device: ends with 1 unless that is nothing.
           DEVICE is ALSA's name of one (null), stream for a pipe, jack for a JACK server whose own thread is counted too, or
           live:NAME for notes that are played live
  soak     plays a signal that tells the number of each frame; prints what went wrong
  compare  finds that signal in a recording (48 kHz, stereo, 16 bits): ends with 1 unless all frames are there, each once

  """

private func fail(_ message: String, code: Int32) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(code)
}

do {
  let arguments = Array(CommandLine.arguments.dropFirst())
  switch (arguments.first, arguments.count) {
  case ("thread", 1...3):
    try checkThread(
      device: arguments.count > 1 ? arguments[1] : "null",
      seconds: arguments.count > 2 ? Double(arguments[2]) ?? 5 : 5)
  case ("soak", 4):
    guard let latency = Double(arguments[2]), let seconds = Double(arguments[3]) else {
      fail(usage, code: 64)
    }
    try soak(device: arguments[1], latency: latency / 1000, seconds: seconds)
  case ("compare", 1): compareRecording()
  default: fail(usage, code: 64)
  }
} catch {
  let diagnosis = error as? any DiagnosableError
  fail("playback-checks: \(diagnosis?.message ?? "\(error)")", code: diagnosis?.kind.exitCode ?? 70)
}
