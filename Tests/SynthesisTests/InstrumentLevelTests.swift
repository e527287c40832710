internal import Foundation
import Music
import Testing

@testable import Synthesis

@Suite struct InstrumentLevelTests {
  static let programs =
    Shipped.testsAll ? Array(0..<128) : stride(from: 0, to: 120, by: 8).map { $0 + $0 / 8 % 7 }
  static let keys = Shipped.testsAll ? [36, 48, 60, 72, 84, 96] : [48, 72]

  @Test("Every program is an instrument of its family")
  func families() throws {
    let library = try Shipped.library.get()
    for program in 0..<128 {
      let instrument = try #require(library.instrument(program: program))
      #expect(
        instrument.programs.contains(program) && instrument.family == InstrumentFamily(program: program))
    }
    for key in 35...81 {
      #expect(try #require(library.instrument(drumKey: key)).drumKeys.contains(key))
    }
  }

  @Test("A pitched note is within five cents and between −30 and −3 dBFS", arguments: programs)
  func tuningAndLevel(program: Int) throws {
    let instrument = try #require(try Shipped.library.get().instrument(program: program))
    for key in Self.keys {
      let recording = try Recording(
        score(program: program, [Note(onset: 0, duration: 300, pitch: key, velocity: 100)]), dry)
      let decibels = 20 * log10(recording.peak)
      #expect((-30 ... -3).contains(decibels), "\(instrument.name), key \(key): \(decibels) dBFS")
      // The partials around a tubular bell's note are nearer at C2 than so short a recording can tell apart.
      guard instrument.isPitched, program != 14 || key > 36 else { continue }
      let cents = recording.cents(above: 440 * pow(2, Double(key - 69) / 12))
      #expect(abs(cents) < 5, "\(instrument.name), key \(key): \(cents) cents")
    }
  }

  @Test(
    "A drum is between −30 and −3 dBFS", arguments: Shipped.testsAll ? Array(35...81) : [36, 38, 42, 49, 81])
  func drums(key: Int) throws {
    let recording = try Recording(
      score(isDrum: true, [Note(onset: 0, duration: 100, pitch: key, velocity: 100)]), dry)
    #expect((-30 ... -3).contains(20 * log10(recording.peak)))
  }
}
