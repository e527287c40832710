internal import Foundation
import Music
import Testing

@testable import Synthesis

@Suite("Sound sources") struct SoundSourceTests {
  /// A library of one instrument with these layers, as program 0.
  static func library(_ layers: String) throws -> InstrumentLibrary {
    let file = """
      { "family": "piano", "instruments": [{ "name": "test", "programs": [0], "layers": [\(layers)] }] }
      """
    return InstrumentLibrary(
      instruments: try InstrumentLibrary.instruments(in: Array(file.utf8), file: "test.json"))
  }

  static let tone = """
    { "tone": { "harmonics": [0, -3, -6, -6, -9, -8], "slope": -6,
      "body": { "frequencies": [200, 800, 3000], "levels": [0, 6, -4] }, "softness": 3, "flutter": %FLUTTER% } }
    """
  static let still = tone.replacingOccurrences(of: "%FLUTTER%", with: "0")
  static let alive = tone.replacingOccurrences(of: "%FLUTTER%", with: "3")
  static let string = """
    { "modes": { "count": 48, "harmonics": [0, -4, -9], "slope": -8, "decay": 4,
      "body": { "frequencies": [200, 1000], "levels": [0, -6] },
      "aftersound": { "level": -12, "decay": 3, "detune": 0.6 } } }
    """
  static let breath = """
    { "noise": { "frequencies": [100, 1000, 10000], "levels": [-20, 0, -20], "stereo": true },
      "envelope": { "attack": 0.01, "sustain": 1 } }
    """

  func note(_ key: Int, velocity: Int = 100, milliseconds: Int = 400) -> [Note] {
    [Note(onset: 0, duration: milliseconds, pitch: key, velocity: velocity)]
  }

  @Test("Tones and strings are within two cents at every key", arguments: [still, alive, string])
  func pitch(layers: String) throws {
    let library = try Self.library(layers)
    for key in stride(from: 33, through: 96, by: 9) {
      let recording = try Recording(score(note(key)), dry, library: library)
      let cents = recording.cents(above: 440 * pow(2, Double(key - 69) / 12))
      #expect(abs(cents) < 2, "key \(key): \(cents) cents")
    }
  }

  @Test("Between the harmonics of a still tone is nothing above −60 dB")
  func aliasing() throws {
    let library = try Self.library(Self.still)
    for key in [61, 78, 93, 106] {
      let recording = try Recording(score(note(key)), dry, library: library)
      let fundamental = 440 * pow(2, Double(key - 69) / 12)
      func level(_ frequency: Double) -> Double {
        let partial = recording.partial(frequency, 0.05, 0.35)
        return partial.real * partial.real + partial.imaginary * partial.imaginary
      }
      let loudest = (1...4).map { level(Double($0) * fundamental) }.max() ?? 1
      var between = 0.0
      var frequency = 0.3 * fundamental
      while frequency < 11_000 {
        let distance = abs(frequency / fundamental - (frequency / fundamental).rounded()) * fundamental
        if distance > 25 { between = max(between, level(frequency)) }
        frequency += 23
      }
      #expect(10 * log10(between / loudest) < -60, "key \(key)")
    }
  }

  @Test("No source has an offset or begins with a step", arguments: [still, alive, string])
  func offsets(layers: String) throws {
    let recording = try Recording(score(note(48)), dry, library: try Self.library(layers))
    let mean = recording.left.reduce(0, +) / Float(recording.left.count)
    #expect(abs(mean) < 0.002 * recording.peak)
    #expect(abs(recording.left[0]) < 0.02 * recording.peak)
  }

  @Test("A tone that is bent through its zones makes no steps")
  func bending() throws {
    let library = try Self.library(Self.still)
    let range = [(101, 0), (100, 0), (6, 12)].map { ControlChange(tick: 0, controller: $0.0, value: $0.1) }
    let bends = (0..<60).map { PitchBend(tick: 5 * $0, value: 8191 * $0 / 60) }
    let recording = try Recording(
      score(note(60), controls: range, bends: bends), dry, library: library)
    let steady = try Recording(score(note(72)), dry, library: library)
    func jump(_ recording: Recording) -> Float {
      zip(recording.left.dropFirst(), recording.left).map { abs($0 - $1) }.max() ?? 1
    }
    #expect(jump(recording) < 1.3 * jump(steady))
  }

  @Test("The harmonics of a tone wander as far as its flutter says")
  func flutter() throws {
    func deviation(_ layers: String, ofHarmonic n: Double = 4) throws -> Double {
      let recording = try Recording(
        score(note(60, milliseconds: 2500)), dry, library: try Self.library(layers))
      let levels = stride(from: 0.2, to: 2.3, by: 0.05).map { start in
        let partial = recording.partial(261.625_565 * n, start, start + 0.1)
        return 10 * log10(partial.real * partial.real + partial.imaginary * partial.imaginary)
      }
      let mean = levels.reduce(0, +) / Double(levels.count)
      return (levels.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(levels.count)).squareRoot()
    }
    #expect(try deviation(Self.still) < 0.2)
    let alive = try deviation(Self.alive)
    #expect((1.5...4.5).contains(alive), "\(alive) dB")
    // The fundamental carries the loudness, which does not wander.
    #expect(try deviation(Self.alive, ofHarmonic: 1) < 1.7)
  }

  @Test("Flutter that goes with the vibrato has its rate, and begins with it")
  func vibratoFlutter() throws {
    let layer = Self.alive.replacingOccurrences(
      of: "\"flutter\": 3 }",
      with: """
        "flutter": 3, "vibratoFlutter": 1 }, "vibrato": { "rate": 6, "depth": 1, "delay": 0.5, "fade": 0.2 }
        """)
    let recording = try Recording(
      score(note(60, milliseconds: 3000)), dry, library: try Self.library(layer))
    /// How much of the movement of the fourth harmonic's level is at a rate.
    func movement(_ rate: Double) -> Double {
      let times = stride(from: 0.8, to: 2.8, by: 0.02)
      let levels = times.map { start in
        let partial = recording.partial(261.625_565 * 4, start, start + 0.06)
        return 10 * log10(partial.real * partial.real + partial.imaginary * partial.imaginary)
      }
      let mean = levels.reduce(0, +) / Double(levels.count)
      let sums = zip(times, levels).reduce((0.0, 0.0)) { sums, pair in
        let angle = 2 * .pi * rate * pair.0
        return (sums.0 + (pair.1 - mean) * cos(angle), sums.1 + (pair.1 - mean) * sin(angle))
      }
      return (sums.0 * sums.0 + sums.1 * sums.1).squareRoot()
    }
    for other in [2.0, 4, 8, 10] { #expect(movement(6) > 2 * movement(other), "\(other) Hz") }
  }

  @Test("A stereo noise differs between left and right, and has its color")
  func noise() throws {
    let recording = try Recording(
      score(note(60, milliseconds: 900)), dry, library: try Self.library(Self.breath))
    #expect(recording.left != recording.right)
    func band(_ low: Double, _ high: Double) -> Double {
      stride(from: low, to: high, by: (high - low) / 40).reduce(0) { sum, frequency in
        let partial = recording.partial(frequency, 0.1, 0.8)
        return sum + partial.real * partial.real + partial.imaginary * partial.imaginary
      } / 40 * (high - low)
    }
    // A third of an octave at 1 kHz against one at 100 Hz and at 8 kHz.
    let middle = band(891, 1122)
    #expect((12.0...28).contains(10 * log10(middle / band(89, 112))))
    #expect((8.0...28).contains(10 * log10(middle / band(7100, 8900))))
  }

  @Test("Each part of a shimmering noise rises and falls by itself, and all of it is as loud")
  func shimmer() throws {
    func recording(_ shimmer: Double) throws -> Recording {
      let layer = Self.breath.replacingOccurrences(of: "\"stereo\": true", with: "\"shimmer\": \(shimmer)")
      return try Recording(score(note(60, milliseconds: 1000)), dry, library: try Self.library(layer))
    }
    /// How far the levels of a band around a frequency are from their mean, in decibels.
    func movement(_ recording: Recording, _ frequency: Double) -> Double {
      let levels = stride(from: 0.05, to: 0.9, by: 0.025).map { start -> Double in
        let power = stride(from: 0.92, through: 1.08, by: 0.02).map { ratio -> Double in
          let partial = recording.partial(ratio * frequency, start, start + 0.05)
          return partial.real * partial.real + partial.imaginary * partial.imaginary
        }
        return 10 * log10(power.reduce(0, +))
      }
      let mean = levels.reduce(0, +) / Double(levels.count)
      return (levels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(levels.count)).squareRoot()
    }
    let (still, alive) = (try recording(0), try recording(3))
    let bands = [1000.0, 1800, 3200, 5600]
    let means = [still, alive].map { recording in
      bands.reduce(0) { $0 + movement(recording, $1) } / Double(bands.count)
    }
    #expect(means[1] > 1.3 * means[0], "\(means)")
    #expect(abs(20 * log10(alive.level(from: 0.1, to: 0.9) / still.level(from: 0.1, to: 0.9))) < 0.5)
  }

  @Test("The same score gives the same samples")
  func determinism() throws {
    let library = try Self.library([Self.alive, Self.breath, Self.string].joined(separator: ","))
    let first = try Recording(score(note(57)), dry, library: library)
    let second = try Recording(score(note(57)), dry, library: library, blockFrames: 77)
    #expect(first.left == second.left && first.right == second.right)
  }

  @Test("A second polarization makes a string fade more slowly at its end")
  func aftersound() throws {
    func late(_ layers: String) throws -> Float {
      let recording = try Recording(
        score(note(72, milliseconds: 3000)), dry, library: try Self.library(layers))
      return recording.level(from: 2.5, to: 2.8) / recording.level(from: 0, to: 0.2)
    }
    let single = Self.string.replacingOccurrences(of: #""level": -12"#, with: #""level": -60"#)
    #expect(try late(Self.string) > 2 * late(single))
  }
}
