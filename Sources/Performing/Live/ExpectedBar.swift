internal import Arithmetic
package import Composing
internal import Music
internal import Tokenization

/// What a model expects in a bar, as an accompanist needs it.
package struct ExpectedBar: Sendable {
  /// The number of the bar, from beat 0 of the performance.
  var bar: Int
  /// The ways in which its harmony may go, with their probabilities: the chord at each eighth note, nil before the first.
  private var ways: [(probability: Double, chords: [HeardChord?])] = []
  /// Notes of the bass in quarter notes from the bar line; nil where the model writes none.
  var bass: [Stroke]?
  /// Strokes of drums; nil where the model writes none.
  var drums: [Stroke]?

  /// A note that is to be played.
  struct Stroke: Sendable, Hashable {
    var beat: Double
    var length: Double
    var pitch: Int
    var velocity: Int
  }

  /// Reads what a model forecasts.
  /// - Parameters:
  ///   - forecast: The forecast.
  ///   - length: How many eighth notes the bar has.
  package init(_ forecast: BarForecast, length: Int) {
    bar = forecast.bar
    for candidate in forecast.candidates {
      var chord: HeardChord?
      let chords = (0..<length).map { place in
        let step = place * forecast.stepsPerQuarter / 2
        let sounding = candidate.notes.filter { $0.onset <= step && $0.onset + $0.duration > step }
        chord = HeardChord(sounding: sounding.map(\.pitch)) ?? chord
        return chord
      }
      ways.append((candidate.probability, chords))
    }
    func strokes(_ role: PartRole) -> [Stroke]? {
      forecast.parts[role].map { notes in
        notes.map {
          let ticks = Double(forecast.ticksPerQuarter)
          return Stroke(
            beat: Double($0.onset) / ticks, length: Double($0.duration) / ticks, pitch: $0.pitch,
            velocity: $0.velocity)
        }
      }
    }
    bass = strokes(.bass)
    drums = strokes(.drums)
  }

  /// The chord that the bass was written to at an eighth note.
  func bassChord(at place: Int) -> HeardChord? { ways.first?.chords[place] }

  /// The chords that may be on at an eighth note, with their probabilities.
  /// - Parameters:
  ///   - place: The eighth note of the bar.
  ///   - heard: What has begun in the bar so far: where, in quarter notes from its bar line, and its pitch.
  ///   - weight: How many nats a way loses for a note that is not of its chord.
  package func chords(
    at place: Int, hearing heard: [(beat: Double, pitch: Int)], weight: Double
  ) -> [HeardChord: Double] {
    var chords: [HeardChord: Double] = [:]
    var sum = 0.0
    for (probability, way) in ways {
      guard let chord = way[place] else { continue }
      var strangers = 0
      for (beat, pitch) in heard {
        let own = way[min(max(Int((2 * beat + 0.2).rounded(.down)), 0), way.count - 1)]
        if own.map({ !$0.pitchClasses.contains(pitch % 12) }) ?? false { strangers += 1 }
      }
      let odds = probability * exponential(-weight * Double(strangers))
      chords[chord, default: 0] += odds
      sum += odds
    }
    return sum > 0 ? chords.mapValues { $0 / sum } : [:]
  }
}

extension HeardChord {
  /// What each pitch class of a chord counts that sounds, that is missing, and that sounds beside it; and its root in the bass.
  private static let (present, missing, outside, rootInBass) = (1.0, 0.7, 1.2, 0.5)

  /// The chord that notes make which sound together; nil for fewer than two pitch classes.
  init?(sounding pitches: [Int]) {
    let classes = Set(pitches.map { ($0 % 12 + 12) % 12 })
    guard classes.count > 1, let lowest = pitches.min() else { return nil }
    let scores = Self.all.map { chord in
      let own = Set(chord.pitchClasses)
      return Self.present * Double(own.intersection(classes).count)
        - Self.missing * Double(own.subtracting(classes).count)
        - Self.outside * Double(classes.subtracting(own).count)
        + (chord.root == (lowest % 12 + 12) % 12 ? Self.rootInBass : 0)
    }
    guard let best = scores.indices.max(by: { scores[$0] < scores[$1] }) else { return nil }
    self = Self.all[best]
  }
}
