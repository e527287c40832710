internal import Foundation
internal import Music
internal import Notation
internal import Synthesis

/// `benchmarks render FILE.mid [INSTRUMENTS]`: seconds of audio per CPU second, on one thread.
func measureRendering(_ arguments: [String]) throws {
  guard let path = arguments.first else {
    FileHandle.standardError.write(Data("usage: benchmarks render FILE.mid [INSTRUMENTS]\n".utf8))
    exit(64)
  }
  let library = try InstrumentLibrary(folder: arguments.dropFirst().first ?? "presets/instruments")
  guard let score = try ScoreReader.read(path: path).scores.first else { return }
  let cpu = clock()
  let start = ContinuousClock.now
  let renderer = ScoreRenderer(score: score, library: library)
  var block = [Float](repeating: 0, count: 8192)
  var frames = 0
  while true {
    var room = block.mutableSpan
    let count = renderer.render(into: &room)
    frames += count
    if count < block.count / 2 { break }
  }
  let wall = ContinuousClock.now - start
  let cpuSeconds = Double(clock() - cpu) / Double(CLOCKS_PER_SEC)
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  let seconds = Double(frames) / Double(renderer.sampleRate)
  let row: [String: Any] = [
    "file": path, "notes": score.noteCount, "seconds": seconds, "cpuSeconds": cpuSeconds,
    "wallSeconds": wall / .seconds(1), "audioSecondsPerCPUSecond": seconds / max(cpuSeconds, 1e-9),
    "peakMegabytes": Double(usage.ru_maxrss) / 1024, "threads": 1,
  ]
  print(
    String(decoding: try JSONSerialization.data(withJSONObject: row, options: .sortedKeys), as: UTF8.self))
}
