internal import Foundation
import Music
import Testing

@testable import Synthesis

@Suite struct ScoreRendererTests {
  let middle = [Note(onset: 0, duration: 250, pitch: 60, velocity: 100)]

  @Test("The samples do not depend on the size of the blocks")
  func blocks() throws {
    let piece = score(program: 40, middle + [Note(onset: 101, duration: 90, pitch: 67, velocity: 80)])
    let whole = try Recording(piece, RenderOptions(sampleRate: 16_000), blockFrames: 4096)
    let parts = try Recording(piece, RenderOptions(sampleRate: 16_000), blockFrames: 37)
    #expect(whole.left == parts.left && whole.right == parts.right)
  }

  @Test("Sixty-four notes at full force stay under the ceiling")
  func limiter() throws {
    let notes = (0..<64).map { Note(onset: 0, duration: 120, pitch: 30 + $0, velocity: 127) }
    let recording = try Recording(score(program: 19, notes), RenderOptions(sampleRate: 16_000))
    #expect(recording.peak <= 0.8913 && recording.peak > 0.5)
  }

  @Test("The sound ends in silence, not in a cut")
  func tail() throws {
    let recording = try Recording(score(middle), RenderOptions(sampleRate: 16_000))
    let end = Double(recording.left.count) / 16_000
    #expect(end > 0.5 && recording.level(from: end - 0.05, to: end) < 1e-4)
    #expect(abs(recording.left[0]) < 1e-3)
  }

  @Test("Volume, expression and pan move the sound as General MIDI recommends")
  func controllers() throws {
    func recording(_ controller: Int, _ value: Int) throws -> Recording {
      try Recording(
        score(program: 73, middle, controls: [ControlChange(tick: 0, controller: controller, value: value)]),
        dry)
    }
    let full = try recording(7, 127).level(from: 0.1, to: 0.2)
    let half = try recording(7, 64).level(from: 0.1, to: 0.2)
    #expect(abs(20 * log10(half / full) - 40 * log10(64.0 / 127)) < 0.2)
    let soft = try recording(11, 64).level(from: 0.1, to: 0.2)
    #expect(soft < 0.3 * full)
    let left = try recording(10, 0)
    #expect(left.right.map(abs).max() ?? 1 < 1e-3 && left.peak > 0.01)
  }

  @Test("The sustain pedal holds a note that its key has left")
  func pedal() throws {
    let down = [
      ControlChange(tick: 0, controller: 64, value: 127), ControlChange(tick: 700, controller: 64, value: 0),
    ]
    let held = try Recording(score(program: 16, middle, controls: down), dry)
    #expect(held.level(from: 0.5, to: 0.65) > 0.01)
    #expect(held.level(from: 0.85, to: 0.9) < 1e-3)
  }

  @Test("The wheel bends by the range that parameter 0 sets")
  func bend() throws {
    let range = [(101, 0), (100, 0), (6, 12)].map { ControlChange(tick: 0, controller: $0.0, value: $0.1) }
    let up = [PitchBend(tick: 0, value: 4096)]
    let two = try Recording(score(program: 73, middle, bends: up), dry)
    #expect(abs(two.cents(above: 440 * pow(2, (61.0 - 69) / 12))) < 5)
    let twelve = try Recording(score(program: 73, middle, controls: range, bends: up), dry)
    #expect(abs(twelve.cents(above: 440 * pow(2, (66.0 - 69) / 12))) < 5)
  }

  @Test("A stolen voice fades instead of clicking")
  func stealing() throws {
    let notes = (0..<12).map { Note(onset: 25 * $0, duration: 400, pitch: 48 + $0, velocity: 90) }
    var options = dry
    options.maximumVoices = 3
    let recording = try Recording(score(program: 79, notes), options)
    let jump = zip(recording.left.dropFirst(), recording.left).map { abs($0 - $1) }.max() ?? 1
    // Three sines under 300 Hz at amplitude a move by at most 3·a·2π·300/22050 a sample; a fade adds little.
    #expect(jump < 0.35 * recording.peak, "\(jump) of \(recording.peak)")
  }
}
