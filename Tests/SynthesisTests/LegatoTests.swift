internal import Foundation
import Music
import TestSupport
import Testing

@testable import Synthesis

@Suite("Legato") struct LegatoTests {
  /// A blown sound whose attack is long enough to be found.
  private static let blown = """
    { "tone": { "harmonics": [0, -6, -12], "count": 3, "softness": 0 },
      "envelope": { "attack": 0.3, "sustain": 1, "decay": 0.1, "release": 0.05 } }
    """

  private func played(
    _ messages: [(Double, ChannelMessage)], layers: String = blown, seconds: Double = 2
  ) throws -> Recording {
    let synthesizer = Synthesizer(
      bank: try SoundSourceTests.library(layers), options: RenderOptions(sampleRate: 44_100, reverb: .off))
    for (second, message) in messages {
      #expect(synthesizer.send(message, channel: 0, at: Int(second * 44_100)))
    }
    return Recording(synthesizer, seconds: seconds)
  }

  private func level(_ recording: Recording, _ key: Int, _ start: Double, _ length: Double = 0.1) -> Double {
    let partial = recording.partial(440 * pow(2, Double(key - 69) / 12), start, start + length)
    return hypot(partial.real, partial.imaginary)
  }

  private let overlap: [(Double, ChannelMessage)] = [
    (0.0, .noteOn(key: 69, velocity: 100, note: 1)), (0.8, .noteOn(key: 73, velocity: 100, note: 2)),
    (0.85, .noteOff(key: 69, note: 1)), (1.5, .noteOff(key: 73, note: 2)),
  ]

  @Test("Notes that overlap go on without a new attack", arguments: [68, 126])
  func slurs(controller: Int) throws {
    let recording = try played([(0.0, .control(controller, value: controller == 68 ? 127 : 1))] + overlap)
    let steady = recording.level(from: 0.6, to: 0.75)
    for start in stride(from: 0.75, to: 1.4, by: 0.02) {
      let now = recording.level(from: start, to: start + 0.02)
      #expect(abs(20 * log10(now / steady)) < 1, "at \(start) s")
    }
    #expect(level(recording, 73, 1) > 0.9 * level(recording, 69, 0.6))
    #expect(level(recording, 69, 1) < 0.01 * level(recording, 69, 0.6))
    #expect(abs(recording.cents(above: 440 * pow(2, 4.0 / 12), at: 1)) < 1)
    // The last key up ends it.
    #expect(recording.level(from: 1.8, to: 1.95) < 0.001 * steady)
  }

  @Test("Without the pedal each note has its attack, and a chord is a chord")
  func separate() throws {
    let recording = try played(overlap)
    #expect(level(recording, 73, 0.82, 0.05) < 0.6 * level(recording, 73, 1.3))
    let chord = try played([
      (0.0, .noteOn(key: 60, velocity: 100)), (0.0, .noteOn(key: 67, velocity: 100)),
    ])
    #expect(level(chord, 60, 1) > 0.01 && level(chord, 67, 1) > 0.01)
  }

  @Test("The note before returns with its key, and struck sounds are struck")
  func returns() throws {
    let trill = try played([
      (0.0, .control(68, value: 127)), (0.0, .noteOn(key: 69, velocity: 100, note: 1)),
      (0.6, .noteOn(key: 71, velocity: 100, note: 2)), (0.9, .noteOff(key: 71, note: 2)),
      (1.4, .noteOff(key: 69, note: 1)),
    ])
    #expect(level(trill, 71, 0.7) > 0.01 && level(trill, 69, 0.7) < 1e-3)
    #expect(level(trill, 69, 1.1) > 0.01 && level(trill, 71, 1.1) < 1e-3)
    #expect(trill.level(from: 1.8, to: 1.95) < 1e-4)
    let struck = """
      { "modes": { "count": 4, "decay": 3 }, "envelope": { "attack": 0.001, "sustain": 1, "release": 0.1 } }
      """
    let both = try played([(0.0, .control(68, value: 127))] + overlap, layers: struck)
    #expect(level(both, 73, 1) > 0.003)
    // The first string is damped, the second struck: its attack can be heard.
    #expect(both.level(from: 0.8, to: 0.85) > 1.1 * both.level(from: 0.7, to: 0.79))
  }

  @Test("A slur makes no step, whatever is played") func noSteps() throws {
    var random = RepeatableGenerator(seed: 5)
    var messages: [(Double, ChannelMessage)] = [(0.0, .control(68, value: 127))]
    for index in 0..<40 {
      let key = Int.random(in: 60...80, using: &random)
      let start = 0.3 + 0.04 * Double(index)
      messages.append(
        (start, .noteOn(key: key, velocity: Int.random(in: 60...110, using: &random), note: index)))
      messages.append((start + 0.05, .noteOff(key: key, note: index)))
    }
    let sine = """
      { "tone": { "harmonics": [0], "count": 1, "softness": 0 },
        "envelope": { "attack": 0.01, "sustain": 1, "release": 0.05 } }
      """
    let recording = try played(messages, layers: sine, seconds: 2.2)
    let peak = recording.peak
    #expect(peak > 0.05)
    // The steepest slope of a sine of key 81, and a little for the glides.
    let slope = 2 * Float.pi * 880 / 44_100 * peak
    for frame in 1..<recording.left.count {
      #expect(abs(recording.left[frame] - recording.left[frame - 1]) < 1.3 * slope, "frame \(frame)")
    }
  }
}
