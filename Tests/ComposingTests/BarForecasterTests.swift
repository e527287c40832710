import ModelSupport
import Music
import Recurrent
import TestSupport
import Testing
import Tokenization

@testable import Composing

@Suite("What a model expects beneath a tune") struct BarForecasterTests {
  private static let tune: [Note] = (0..<256).map {
    Note(onset: 12 * $0, duration: 12, pitch: 60 + ($0 * 5 + $0 / 7) % 12, velocity: 80)
  }

  private static func forecaster(
    _ configuration: CellsConfiguration = .small, roles: Set<PartRole> = [.chords, .bass, .drums],
    timeSignature: TimeSignature = .common
  ) throws -> (BarForecaster, Composer)? {
    let composer = try Composer(model: try ComposerTests.model(configuration))
    let forecaster = BarForecaster(
      composer: composer, roles: roles, timeSignature: timeSignature, quartersPerMinute: 120, seed: 1)
    return forecaster.map { ($0, composer) }
  }

  @Test("Lines are pieces of the tokenizer, as improbable as the model finds them when it reads them")
  func linesAreAsImprobableAsWhenRead() throws {
    let (forecaster, composer) = try #require(try Self.forecaster())
    #expect(forecaster.roles == [.chords])
    let tokenizer = composer.model.tokenizer
    for bar in [1, 2, 5, 9] {
      let forecast = try #require(forecaster.forecast(bar: bar, tune: Self.tune))
      #expect(forecast.bar == bar && !forecast.candidates.isEmpty)
      #expect(abs(forecast.candidates.reduce(0) { $0 + $1.probability } - 1) < 1e-9)
      #expect(
        zip(forecast.candidates, forecast.candidates.dropFirst()).allSatisfy {
          $0.probability >= $1.probability
        })
      for line in forecaster.lines.prefix(3) {
        let read = try composer.surprisals(ofIDs: line.ids).reduce(0, +)
        #expect(abs(read - line.surprisal) < 0.02 * read, "\(read) and \(line.surprisal) in bar \(bar)")
        // The tune is in each of them, note for note.
        let score = try tokenizer.decode(Array(line.ids))
        let own = score.tracks.first { $0.role == .melody }?.notes.map { ($0.onset / 4, $0.pitch) } ?? []
        let given = Self.tune.filter { $0.onset < bar * 48 }.map { ($0.onset / 12, $0.pitch) }
        #expect(own.map(\.1) == given.map(\.1), "bar \(bar)")
      }
    }
  }

  @Test(
    "The same tune is answered in the same way, also where bars were left out, and a long one begins anew")
  func forecastsAreRepeatable() throws {
    let (first, _) = try #require(try Self.forecaster())
    let (second, _) = try #require(try Self.forecaster())
    var last: BarForecast?
    for bar in 1...6 { last = first.forecast(bar: bar, tune: Self.tune) }
    let other = second.forecast(bar: 6, tune: Self.tune)
    #expect(last?.candidates.map(\.notes) == other?.candidates.map(\.notes))
    #expect(last?.candidates.map(\.probability) == other?.candidates.map(\.probability))
    first.reset()
    #expect(
      first.forecast(bar: 6, tune: Self.tune)?.candidates.map(\.notes) == other?.candidates.map(\.notes))
    #expect(first.forecast(bar: 60, tune: Self.tune)?.bar == 60)
    #expect(first.forecast(bar: 61, tune: Self.tune)?.candidates.isEmpty == false)
    // Nothing is expected before there is a tune.
    first.reset()
    #expect(first.forecast(bar: 3, tune: []) == nil)
  }

  @Test("Bass and drums are written where the model has them, and a model of drums alone writes those")
  func bassAndDrumsAreWritten() throws {
    var band = CellsConfiguration.small
    band.parts = [
      .init(role: .chords, program: 0), .init(role: .bass, program: 32), .init(role: .melody, program: 0),
      .init(role: .drums, program: 0),
    ]
    let (forecaster, _) = try #require(try Self.forecaster(band))
    #expect(forecaster.roles == [.chords, .bass, .drums])
    var played: Set<PartRole> = []
    for bar in 1...8 {
      let forecast = try #require(forecaster.forecast(bar: bar, tune: Self.tune))
      for (role, notes) in forecast.parts {
        if !notes.isEmpty { played.insert(role) }
        let length = 4 * forecast.ticksPerQuarter
        #expect(notes.allSatisfy { (0..<length).contains($0.onset) && (1...127).contains($0.velocity) })
      }
    }
    // An untrained network finds rests most probable, as they take one id.
    #expect(played.contains(.drums))
    var drums = CellsConfiguration.small
    drums.parts = [.init(role: .drums, program: 0)]
    let (alone, _) = try #require(try Self.forecaster(drums))
    #expect(alone.roles == [.drums])
    let bars = (1...6).compactMap { alone.forecast(bar: $0, tune: Self.tune) }
    #expect(bars.count == 6 && bars.contains { $0.parts[.drums]?.isEmpty == false })
    #expect(bars.allSatisfy { $0.candidates.isEmpty })
  }

  @Test("There is none for models without such parts, of other bars, or of other tokens")
  func thereMayBeNone() throws {
    var alone = CellsConfiguration.small
    alone.parts = [.init(role: .melody, program: 0)]
    let none = try Self.forecaster(alone)
    #expect(none == nil)
    let threeFour = try #require(TimeSignature("3/4"))
    let (waltz, drummed) = (
      try Self.forecaster(timeSignature: threeFour), try Self.forecaster(roles: [.drums])
    )
    #expect(waltz == nil && drummed == nil)
    let remi = try Composer(model: try ComposerTests.model(REMIConfiguration()))
    let forecaster = BarForecaster(
      composer: remi, roles: [.chords], timeSignature: .common, quartersPerMinute: 120, seed: 1)
    #expect(forecaster == nil)
  }
}
