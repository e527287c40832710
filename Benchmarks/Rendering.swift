internal import Foundation
internal import Music
internal import Notation
internal import SoundFonts
internal import Synthesis

/// `benchmarks render FILE.mid [SOUND] [--threads N] [--interpolation linear|cubic|sinc] [--voices N] [--dry]`: seconds of audio for
/// each second of CPU and of time. SOUND is a folder of instruments or a SoundFont; the built-in instruments stand behind one.
/// FluidSynth's reading between frames is `cubic` unless told otherwise.
func measureRendering(_ arguments: [String]) throws {
  var (files, options) = ([String](), RenderOptions(maximumVoices: 256))
  var rest = arguments[...]
  while let argument = rest.popFirst() {
    switch argument {
    case "--threads": options.threadCount = rest.popFirst().flatMap { Int($0) } ?? 1
    case "--voices": options.maximumVoices = rest.popFirst().flatMap { Int($0) } ?? 256
    case "--interpolation":
      options.interpolation = rest.popFirst().flatMap { SampleInterpolation(rawValue: $0) } ?? .sinc
    case "--dry": options.reverb = .off
    default: files.append(argument)
    }
  }
  guard let path = files.first else {
    FileHandle.standardError.write(
      Data("usage: benchmarks render FILE.mid [SOUND] [--threads N] [--interpolation NAME] [--dry]\n".utf8))
    exit(64)
  }
  let sound = files.dropFirst().first ?? "presets/instruments"
  let isBank = sound.hasSuffix(".sf2") || sound.hasSuffix(".sf3")
  let library = try InstrumentLibrary(folder: isBank ? "presets/instruments" : sound)
  let bank: any SoundBank = isBank ? StackedSoundBank([try SoundFont(path: sound), library]) : library
  guard let score = try ScoreReader.read(path: path).scores.first else { return }
  let cpu = clock()
  let start = ContinuousClock.now
  let renderer = ScoreRenderer(score: score, bank: bank, options: options)
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
    "audioSecondsPerSecond": seconds / max(wall / .seconds(1), 1e-9),
    "peakMegabytes": Double(usage.ru_maxrss) / 1024, "threads": options.threadCount, "sound": sound,
    "interpolation": options.interpolation.rawValue,
  ]
  print(
    String(decoding: try JSONSerialization.data(withJSONObject: row, options: .sortedKeys), as: UTF8.self))
}
