internal import Audio
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

  @Test("The same phrase is as loud on every program, within 3 LU")
  func loudness() throws {
    let rhythm = [500, 500, 250, 250, 500, 500, 500, 1000]
    let onsets = rhythm.indices.map { rhythm[..<$0].reduce(0, +) }
    let phrases = try Self.programs.map { program -> (program: Int, loudness: Double) in
      // Where the instrument is at home: basses low, flutes high.
      let key = Self.middleKeys[program] ?? Self.middleKeyOfFamily[program / 8]
      let notes = zip([0, 2, 4, 5, 7, 4, 2, 0], zip(onsets, rhythm)).map { step, time in
        Note(onset: time.0, duration: time.1 * 9 / 10, pitch: key + step, velocity: 84)
      }
      let recording = try Recording(
        score(program: program, notes), RenderOptions(sampleRate: 44_100, reverb: .off))
      let meter = LoudnessMeter(sampleRate: 44_100, channelCount: 2)
      let frames = zip(recording.left, recording.right).flatMap { [$0, $1] }
      meter.append(frames.span)
      return (program, try #require(meter.integratedLoudness))
    }
    let softest = try #require(phrases.min { $0.loudness < $1.loudness })
    let loudest = try #require(phrases.max { $0.loudness < $1.loudness })
    #expect(loudest.loudness - softest.loudness < 3, "\(softest) to \(loudest)")
  }

  private static let middleKeyOfFamily = [60, 72, 60, 55, 36, 60, 60, 58, 60, 72, 60, 60, 60, 62, 60, 60]
  private static let middleKeys = [
    13: 72, 14: 66, 40: 72, 42: 48, 43: 38, 47: 45, 58: 40, 67: 50, 68: 70, 70: 48, 71: 64, 72: 84,
  ]

  @Test("A ride cymbal is heard as strokes: 40 dB down within 2.5 s, a crash not", arguments: [51, 59])
  func rides(key: Int) throws {
    func fall(_ key: Int) throws -> Float {
      let recording = try Recording(
        score(isDrum: true, [Note(onset: 0, duration: 100, pitch: key, velocity: 100)]), dry)
      return 20 * log10(recording.level(from: 0, to: 0.05) / recording.level(from: 2.45, to: 2.55))
    }
    #expect(try fall(key) > 40)
    #expect(try fall(49) < 40)
  }
}
