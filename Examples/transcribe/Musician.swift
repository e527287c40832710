import Arithmetic
import Audio
import Listening
import Music
import Recurrent
import Synthesis

/// Makes melodies up and plays them.
struct Musician {
  /// The keys that are played, two octaves from middle C.
  static let range = 60..<84
  /// How many log-mel energies a frame has.
  static let frameSize = 64

  private let library: InstrumentLibrary
  private var random: RandomStream

  init(seed: UInt64) throws {
    library = try InstrumentLibrary(folder: "presets/instruments")
    random = RandomStream(seed: seed, name: "melodies")
  }

  /// New melodies, each on one of these General MIDI programs: what they sound like, and their notes, of which the lowest is
  /// 1. Nothing tells when they sound.
  mutating func melodies(_ count: Int, on programs: [Int]) throws -> [TrainingSequence] {
    try (0..<count).map { _ in
      let notes = melody(), program = programs[random.integer(below: programs.count)]
      let features = try FeatureExtractor.features(of: play(notes, on: program), options: Self.features)
      return TrainingSequence(
        frames: features.values, frameSize: Self.frameSize,
        target: .labels(notes.map { Int32($0.pitch - Self.range.lowerBound + 1) }))
    }
  }

  /// Eight to sixteen notes of a tenth to four tenths of a second, each at most a fourth from the one before. A tick is a
  /// millisecond.
  private mutating func melody() -> [Note] {
    var notes: [Note] = [], time = 0, pitch = Self.range.lowerBound + random.integer(below: Self.range.count)
    for _ in 0..<8 + random.integer(below: 9) {
      let step = random.integer(below: 11) - 5, duration = 100 + random.integer(below: 300)
      pitch += Self.range.contains(pitch + step) ? step : -step
      notes.append(Note(onset: time, duration: duration, pitch: pitch, velocity: 90))
      time += duration
    }
    return notes
  }

  private func play(_ notes: [Note], on program: Int) -> AudioBuffer {
    let score = Score(ticksPerQuarter: 500, tracks: [Track(program: program, notes: notes)])
    let options = RenderOptions(sampleRate: 16_000, reverb: .off)
    let renderer = ScoreRenderer(score: score, library: library, options: options)
    var samples = [Float](repeating: 0, count: 2 * 16 * ((notes.last?.end ?? 0) + 200))
    var room = samples.mutableSpan
    _ = renderer.render(into: &room)
    return AudioBuffer(sampleRate: 16_000, channelCount: 2, samples: samples)
  }

  /// Fifty frames a second, each long enough to tell a semitone.
  private static var features: FeatureOptions {
    var options = FbankOptions()
    options.frames.shiftMilliseconds = 20
    options.frames.lengthMilliseconds = 64
    options.mel.count = frameSize
    options.mel.lowFrequency = 200
    options.mel.highFrequency = 2500
    return .fbank(options)
  }
}
