import Audio
import Composing
import Music
import Synchronization
import Synthesis
import Testing

@testable import Performing

/// What is changed while music plays holds from the bar line on that is two bars away at most: after the bar that sounds, and the one that
/// waits.
@Suite("Changes are heard soon")
struct ResponseTests {
  private static let rate = 8000

  /// What endless music sounds like, and where its bars begin, in frames.
  private struct Heard {
    var samples: [Float]
    var starts: [Int]
    var onsets: [Onset]
  }

  private struct Onset: Equatable {
    var frame: Int
    var channel: Int
    var key: Int
    var velocity: Int
    var program: Int
  }

  /// The onsets of bars that begin at some frames.
  private static func onsets(_ bars: [PerformedBar], _ starts: [Int]) -> [Onset] {
    zip(bars, starts).flatMap { bar, start in
      let framesPerTick =
        Double(rate) * Double(bar.tempos[0].microsecondsPerQuarter) / 1e6 / Double(bar.ticksPerQuarter)
      return bar.notes.map { note in
        Onset(
          frame: start + Int(Double(note.note.onset) * framesPerTick), channel: bar.parts[note.part].channel,
          key: note.note.pitch, velocity: note.note.velocity, program: bar.parts[note.part].program)
      }
    }
  }

  /// Plays into a device that keeps what it is given, bar after bar as there is room.
  private func play(
    seconds: Double, changing change: ((inout EndlessSettings) -> Void)? = nil, atFrame changeFrame: Int = 0
  ) throws -> Heard {
    let composer = try EndlessComposer(model: try Small.cells(), settings: Small.settings(bars: 12), seed: 3)
    let engine = PerformanceEngine(
      bank: Small.Bank(),
      settings: EngineSettings(
        render: RenderOptions(sampleRate: Self.rate, reverb: .off, maximumVoices: 32), level: .asMixed,
        initialGain: 0))
    let witness = Witness()
    engine.add(witness)
    let device = CaptureDevice(
      PCMRequest(sampleRate: Self.rate, channelCount: 2, formats: [.float32]))
    let session = PlaybackSession(device: device)
    try session.start()
    var bars: [PerformedBar] = []
    func addBar() throws {
      bars.append(try composer.nextBar(isUrgent: true))
      engine.add(bars[bars.count - 1])
    }
    try addBar()
    var samples = [Float](repeating: 0, count: 2 * 80)
    var change = change
    var frame = 0
    while Double(frame) < seconds * Double(Self.rate) {
      if frame >= changeFrame, let make = change {
        var settings = composer.settings
        make(&settings)
        try composer.change(to: settings)
        change = nil
      }
      var room = samples.mutableSpan
      let count = engine.render(into: &room)
      frame += count
      var done = 0
      while done < count, try session.waitForRoom(count - done) {
        done += session.write(samples.span.extracting(2 * done..<2 * count))
      }
      while engine.hasRoom { try addBar() }
      _ = try composer.workAhead()
    }
    _ = try session.finish()
    #expect(engine.statistics.starvedCount == 0)
    let starts = witness.notes.withLock { $0.bars.map(\.frame) }
    return Heard(samples: device.sound.samples, starts: starts, onsets: Self.onsets(bars, starts))
  }

  @Test(
    "Temperature, density, key, instruments, voices, scale and tempo change a bar that begins within two bars, and its first other note is heard"
  )
  func changesAreHeardInABarThatBeginsWithinTwoBars() throws {
    let plain = try play(seconds: 13)
    try #require(plain.starts.count > 6)
    // Early in a bar, so that there is as long to wait as there can be.
    let moment = plain.starts[1] + 400
    let line = plain.starts[3]
    let changes: [(name: String, change: (inout EndlessSettings) -> Void)] = [
      ("temperature", { $0.composition.sampling.temperature = 0.4 }),
      ("density", { $0.density = 0.35 }),
      ("key", { $0.transposition = 3 }),
      ("instruments", { $0.programs = [73] }),
      ("voices", { $0.limits.voices = 1...1 }),
      ("scale", { $0.limits.key = try? Scale("C major pentatonic") }),
      ("tempo", { $0.tempoFactor = 1.3 }),
    ]
    for (name, change) in changes {
      let heard = try play(seconds: 13, changing: change, atFrame: moment)
      let first = zip(plain.samples, heard.samples).enumerated().first { $1.0 != $1.1 }?.offset ?? .max
      let frame = first / 2
      #expect(frame >= moment, "\(name)")
      // Until the bar that may be another all is as it was, and that bar is another.
      #expect(Array(heard.starts[...3]) == Array(plain.starts[...3]), "\(name)")
      let (old, new) = try #require(zip(plain.onsets, heard.onsets).first { $0 != $1 }, "\(name)")
      let note = min(old.frame, new.frame)
      #expect(note >= line && note < heard.starts[4], "\(name)")
      // Its first note that is another is heard at once.
      #expect(frame <= note + Self.rate / 50, "\(name): \(frame - note) frames later")
    }
  }
}
