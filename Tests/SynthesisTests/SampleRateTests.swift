internal import Arithmetic
internal import Foundation
import Music
import TestSupport
import Testing

@testable import Synthesis

/// A rendering is the same music at any sample rate.
@Suite("Sample rates") struct SampleRateTests {
  private static let programs = [0, 16, 48, 73]
  private static let notes = (0..<2).map {
    Note(onset: 450 * $0, duration: 400, pitch: 57 + 19 * $0, velocity: 100)
  }

  private func recording(_ program: Int, rate: Int) throws -> Recording {
    try Recording(
      score(program: program, Self.notes), RenderOptions(sampleRate: rate, reverb: .off, chorusAmount: 0))
  }

  @Test("Pitch and level are those of 44.1 kHz at other rates", arguments: [22_050, 96_000])
  func pitchAndLevel(rate: Int) throws {
    for program in Self.programs {
      let (usual, other) = (try recording(program, rate: 44_100), try recording(program, rate: rate))
      #expect(other.left.allSatisfy(\.isFinite) && other.peak < 2 * usual.peak, "program \(program)")
      for index in 0..<2 {
        let start = 0.45 * Double(index)
        let levels = (usual.level(from: start, to: start + 0.4), other.level(from: start, to: start + 0.4))
        let decibels = 20 * log10(levels.1 / max(levels.0, 1e-9))
        // What lies above half of the lower rate is missing there.
        #expect(abs(decibels) < 1.5, "program \(program), note \(index): \(decibels) dB")
        let frequency = 440 * pow(2, Double(Self.notes[index].pitch - 69) / 12)
        let cents = (
          usual.cents(above: frequency, at: start + 0.1), other.cents(above: frequency, at: start + 0.1)
        )
        #expect(abs(cents.0 - cents.1) < 3, "program \(program), note \(index): \(cents)")
      }
    }
  }

  @Test("The least and the highest rate are rendered without a blow-up", arguments: [8000, 192_000])
  func extremes(rate: Int) throws {
    for program in stride(from: 5, to: 128, by: 24) {
      let recording = try Recording(
        score(program: program, [Note(onset: 0, duration: 150, pitch: 84, velocity: 127)]),
        RenderOptions(sampleRate: rate, reverb: .off))
      #expect(recording.left.allSatisfy { $0.isFinite && abs($0) < 1.5 }, "program \(program)")
    }
  }

  @Test("A region of a bank has its pitch and level at any rate", arguments: [8000, 22_050, 96_000, 192_000])
  func regions(rate: Int) throws {
    let bank = try TestBank((54, 1)).read()
    func recording(_ rate: Int, _ interpolation: SampleInterpolation) -> Recording {
      Recording(
        ScoreRenderer(
          score: score([Note(onset: 0, duration: 400, pitch: 60, velocity: 100)]), bank: bank,
          options: RenderOptions(sampleRate: rate, reverb: .off, interpolation: interpolation)))
    }
    let reference = recording(44_100, .sinc)
    let frequency = 440 * pow(2, -9.0 / 12)
    for interpolation in SampleInterpolation.allCases {
      let other = recording(rate, interpolation)
      let cents = other.cents(above: frequency) - reference.cents(above: frequency)
      let decibels = 20 * log10(other.level(from: 0.1, to: 0.4) / reference.level(from: 0.1, to: 0.4))
      #expect(abs(cents) < 1 && abs(decibels) < 0.5, "\(interpolation): \(cents) cents, \(decibels) dB")
    }
  }
}
