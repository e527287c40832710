internal import Foundation
import Music
import Testing

@testable import Synthesis

@Suite("Rotary speaker") struct RotarySpeakerTests {
  /// An organ of one tone with harmonics on both sides of 800 Hz.
  private static func library(isRotary: Bool) throws -> InstrumentLibrary {
    try SoundSourceTests.library(
      """
      { "tone": { "harmonics": [0, -6, -6, -6, -6, -6, -6, -6], "count": 8, "softness": 0 },
        "envelope": { "attack": 0.005, "sustain": 1, "release": 0.05 }, "rotary": \(isRotary) }
      """)
  }

  private func recording(
    _ library: InstrumentLibrary, wheel: [(Int, Int)] = [], milliseconds: Int = 4000
  ) throws -> Recording {
    try Recording(
      score(
        [Note(onset: 0, duration: milliseconds, pitch: 60, velocity: 100)],
        controls: wheel.map { ControlChange(tick: $0.0, controller: 1, value: $0.1) }), dry, library: library)
  }

  /// The level of one side every 10 ms between two times.
  private func levels(_ samples: [Float], _ start: Double, _ end: Double) -> [Double] {
    stride(from: start, to: end, by: 0.01).map { time in
      let first = Int(time * 22_050)
      let energy = samples[first..<min(samples.count, first + 441)].reduce(Float(0)) { $0 + $1 * $1 }
      return Double(energy).squareRoot()
    }
  }

  /// How strongly levels rise and fall at a rate in hertz, against their mean.
  private func modulation(_ levels: [Double], at rate: Double) -> Double {
    let mean = levels.reduce(0, +) / Double(levels.count)
    var (c, s) = (0.0, 0.0)
    for (index, level) in levels.enumerated() {
      let turn = 2 * Double.pi * rate * Double(index) / 100
      c += (level - mean) * cos(turn)
      s += (level - mean) * sin(turn)
    }
    return 2 * hypot(c, s) / Double(levels.count) / mean
  }

  @Test("The wheel makes it fast, the horn at once and the drum in seconds")
  func speeds() throws {
    let library = try Self.library(isRotary: true)
    let slow = levels(try recording(library).left, 0.5, 3.9)
    #expect(modulation(slow, at: 0.75) > 0.1 && modulation(slow, at: 6.8) < 0.03)
    let fast = levels(try recording(library, wheel: [(0, 127)], milliseconds: 8000).left, 4, 7.9)
    #expect(modulation(fast, at: 6.8) > 0.05 && modulation(fast, at: 5.7) > 0.03)
    #expect(modulation(fast, at: 0.75) < 0.03)
    var speaker = RotarySpeaker()
    for _ in 0..<100 { speaker.turn(0.01, isFast: true) }
    #expect(speaker.horn.speed > 6.4 && speaker.drum.speed < 3.6)
    for _ in 0..<2000 { speaker.turn(0.01, isFast: false) }
    #expect(speaker.horn.speed == 0.8 && speaker.drum.speed == 0.67)
  }

  @Test("Left and right hear it come by at different times, at the same loudness")
  func sides() throws {
    let recording = try recording(Self.library(isRotary: true), wheel: [(0, 127)])
    let (left, right) = (levels(recording.left, 2, 3.9), levels(recording.right, 2, 3.9))
    let means = (left.reduce(0, +) / Double(left.count), right.reduce(0, +) / Double(right.count))
    #expect(abs(20 * log10(means.0 / means.1)) < 0.5)
    let difference = zip(left, right).map { abs($0 - $1) }.max() ?? 0
    #expect(difference > 0.15 * means.0)
  }

  @Test("Horn and drum together are the tone, and as loud as without a speaker")
  func together() throws {
    for frequency: Float in [50, 500, 800, 3000] {
      let sum =
        RotarySpeaker.Part.horn.share(of: frequency) + RotarySpeaker.Part.drum.share(of: frequency)
      #expect(abs(sum - 1) < 1e-6)
    }
    let rotary = try recording(Self.library(isRotary: true), milliseconds: 6000)
    let plain = try recording(Self.library(isRotary: false), milliseconds: 6000)
    #expect(abs(20 * log10(rotary.level(from: 0.2, to: 5.8) / plain.level(from: 0.2, to: 5.8))) < 1)
  }

  @Test("Its pitch sways by the Doppler effect, the horn's by more than a bass's")
  func doppler() {
    var rotor = RotarySpeaker.Rotor(angle: 0, speed: 6.8)
    var (horn, drum): (Float, Float) = (0, 0)
    for _ in 0..<100 {
      rotor = rotor.after(0.01 / 6.8)
      horn = max(horn, RotarySpeaker.Part.horn.semitones(rotor))
      drum = max(drum, RotarySpeaker.Part.drum.semitones(rotor))
    }
    // v/c = 2π · 6.8 · 0.08 / 343, which is 17 cents.
    #expect(abs(horn - 0.1725) < 0.002 && drum < 0.4 * horn)
  }

  @Test("A tonewheel organ's keys click", arguments: [16, 17, 18])
  func click(program: Int) throws {
    let recording = try Recording(
      score(program: program, [Note(onset: 0, duration: 400, pitch: 60, velocity: 100)]),
      RenderOptions(sampleRate: 44_100, reverb: .off))
    /// The share of the power between 2 and 6 kHz.
    func brightness(_ start: Double) -> Double {
      func power(_ frequency: Double) -> Double {
        let partial = recording.partial(frequency, start, start + 0.012)
        return partial.real * partial.real + partial.imaginary * partial.imaginary
      }
      let all = stride(from: 100.0, to: 6000, by: 80).map(power).reduce(0, +)
      return stride(from: 2000.0, to: 6000, by: 80).map(power).reduce(0, +) / all
    }
    #expect(10 * log10(brightness(0) / brightness(0.2)) > 6)
  }
}
