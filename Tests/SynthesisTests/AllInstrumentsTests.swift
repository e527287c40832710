internal import Foundation
import Music
import Testing

@testable import Synthesis

/// What has to hold for each instrument that ships.
@Suite("All instruments") struct AllInstrumentsTests {
  static let programs = Shipped.testsAll ? Array(0..<128) : Array(stride(from: 1, to: 128, by: 9))
  static let fast = RenderOptions(sampleRate: 16_000, reverb: .off)

  @Test("At any key and force the sound is finite and under the ceiling", arguments: programs)
  func bounds(program: Int) throws {
    let notes = [0, 21, 60, 108, 127].enumerated().map {
      Note(onset: 60 * $0, duration: 50, pitch: $1, velocity: $0.isMultiple(of: 2) ? 127 : 1)
    }
    let recording = try Recording(score(program: program, notes), Self.fast)
    #expect(recording.left.allSatisfy(\.isFinite) && recording.right.allSatisfy(\.isFinite))
    #expect(recording.peak <= 0.8913)
  }

  @Test("Notes start without a step and have no offset", arguments: programs)
  func steps(program: Int) throws {
    let recording = try Recording(
      score(program: program, [Note(onset: 0, duration: 300, pitch: 60, velocity: 100)]), Self.fast)
    #expect(abs(recording.left[0]) < 0.05 * recording.peak, "\(recording.left[0]) of \(recording.peak)")
    let mean = recording.left.reduce(0, +) / Float(max(1, recording.left.count))
    #expect(abs(mean) < 0.01 * recording.peak)
  }

  @Test("From velocity 40 to 127 it is 17 to 24 dB", arguments: programs)
  func dynamics(program: Int) throws {
    func level(_ velocity: Int) throws -> Float {
      let recording = try Recording(
        score(program: program, [Note(onset: 0, duration: 300, pitch: 60, velocity: velocity)]), Self.fast)
      return recording.level(from: 0, to: 0.3)
    }
    let range = 20 * log10(try level(127) / level(40))
    #expect((17.0...24).contains(range), "\(range) dB")
  }
}
