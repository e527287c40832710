internal import Foundation
import Music
import Testing

@testable import Synthesis

@Suite struct FamilyTests {
  @Test("No two families have the same spectrum and envelope")
  func distances() throws {
    let families = InstrumentFamily.allCases.filter { $0 != .drums }
    let features = try families.indices.map { try Self.features(ofProgram: 8 * $0) }
    for first in families.indices {
      for second in families.indices.dropFirst(first + 1) {
        let squares = zip(features[first], features[second]).map { ($0 - $1) * ($0 - $1) }
        let distance = (squares.reduce(0, +) / Double(squares.count)).squareRoot()
        // Root mean square over harmonics and moments; what one ear calls the same sound differs by about 1 dB.
        #expect(distance > 2, "\(families[first]) and \(families[second]): \(distance) dB")
      }
    }
  }

  /// Decibels: six harmonics against their sum, and the level at six moments against its largest, no lower than −50.
  private static func features(ofProgram program: Int) throws -> [Double] {
    let recording = try Recording(
      score(program: program, [Note(onset: 0, duration: 300, pitch: 60, velocity: 100)]), dry)
    let harmonics = (1...6).map { n -> Double in
      let partial = recording.partial(261.625_565 * Double(n), 0.03, 0.28)
      return partial.real * partial.real + partial.imaginary * partial.imaginary
    }
    let levels = [0.0, 0.03, 0.1, 0.2, 0.3, 0.36].map { start -> Double in
      let level = Double(recording.level(from: start, to: start + 0.03))
      return level * level
    }
    let sum = harmonics.reduce(0, +)
    let loudest = levels.max() ?? 1
    return harmonics.map { max(-50, 10 * log10($0 / sum + 1e-12)) }
      + levels.map { max(-50, 10 * log10($0 / loudest + 1e-12)) }
  }
}
