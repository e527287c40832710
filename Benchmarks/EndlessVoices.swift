internal import Audio
internal import Composing
internal import Foundation
internal import Groundwork
internal import Music
internal import Performing
internal import Synthesis

/// What endless music takes of a core.
///
///     benchmarks voices MODEL [VOICES [TRIES]]
///
/// Three minutes are composed by the model and rendered by the built-in instruments, with a chord of so many voices (32) held through each bar beside it. Printed are the
/// seconds that the processor worked for each second of music: for composing alone, and for all of it.
func measureVoices(_ arguments: [String]) throws {
  guard let path = arguments.first else { return printUsage("benchmarks voices MODEL [VOICES [TRIES]]") }
  let voices = arguments.count > 1 ? Int(arguments[1]) ?? 32 : 32
  let model = try MusicModel(path: path)
  var endless = EndlessSettings()
  // As `play` searches, unless a number of tries is given.
  endless.composition.search =
    arguments.dropFirst(2).first.flatMap(Int.init).map { PhraseSearch(tries: $0) }
    ?? PhraseSearch.whilePlaying(model)
  endless.composition.ending = endless.composition.search == nil ? nil : EndingSearch.usual(for: model)
  let composer = try EndlessComposer(model: model, settings: endless, seed: 1)
  var settings = EngineSettings(waitsForBars: true)
  settings.barsAhead = 4
  settings.render.maximumVoices = 128
  let engine = PerformanceEngine(
    bank: try InstrumentLibrary(folder: "presets/instruments"), settings: settings)
  var block = [Float](repeating: 0, count: 2 * 256)
  var composing = 0.0
  var (frames, rendering) = (0, 0.0)
  var bars = 0
  while frames < 180 * engine.sampleRate {
    while engine.hasRoom {
      let start = processorSeconds()
      var bar = try composer.nextBar()
      // In a long run all that is composed is heard: what is ahead of a stretch of it is not counted.
      if endless.composition.search == nil { for _ in 0..<4 where try composer.workAhead() {} }
      composing += processorSeconds() - start
      bars += 1
      let part = PerformedPart(name: "held", channel: 15, program: 48)
      bar.parts.append(part)
      for index in 0..<voices {
        let note = Note(onset: 0, duration: bar.length - 1, pitch: 36 + index % 60, velocity: 40)
        bar.notes.append(PerformedNote(part: bar.parts.count - 1, note: note))
      }
      bar.notes.sort { $0.note < $1.note }
      engine.add(bar)
    }
    let start = processorSeconds()
    var room = block.mutableSpan
    frames += engine.render(into: &room)
    rendering += processorSeconds() - start
  }
  let seconds = Double(frames) / Double(engine.sampleRate)
  printJSONLine([
    ("voices", "\(voices)"), ("bars", "\(bars)"),
    ("tries", "\(endless.composition.search?.tries ?? 1)"),
    ("composing_share", String(format: "%.4f", composing / seconds)),
    ("rendering_share", String(format: "%.4f", rendering / seconds)),
    ("share_of_a_core", String(format: "%.4f", (composing + rendering) / seconds)),
  ])
}

/// What this process has taken of the processor.
private func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
