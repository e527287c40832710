import Analysis
import Music

/// Short pieces for tests of descriptors.
enum TestScore {
  static let quarter = 480

  /// Notes one after another: pitches (nil is a rest) with lengths in quarter notes.
  static func line(_ notes: [(pitch: Int?, quarters: Double)]) -> [Note] {
    var tick = 0
    var result: [Note] = []
    for (pitch, quarters) in notes {
      let duration = Int(quarters * Double(quarter))
      if let pitch { result.append(Note(onset: tick, duration: duration, pitch: pitch, velocity: 80)) }
      tick += duration
    }
    return result
  }

  /// Equal notes one after another.
  static func line(_ pitches: [Int?], quarters: Double = 1) -> [Note] {
    line(pitches.map { ($0, quarters) })
  }

  /// A chord of each of these rows of pitches, `quarters` long.
  static func chords(_ chords: [[Int]], quarters: Double) -> [Note] {
    let duration = Int(quarters * Double(quarter))
    return chords.enumerated().flatMap { index, pitches in
      pitches.map { Note(onset: index * duration, duration: duration, pitch: $0, velocity: 80) }
    }
  }

  /// A piece of a melody and, where given, chords under it and drums.
  static func piece(
    melody: [Note], chords: [Note] = [], drums: [Note] = [], timeSignature: TimeSignature = .common
  ) -> Score {
    var tracks = [Track(role: .melody, notes: melody)]
    if !chords.isEmpty { tracks.append(Track(role: .chords, notes: chords)) }
    if !drums.isEmpty { tracks.append(Track(isDrum: true, notes: drums)) }
    return Score(
      ticksPerQuarter: quarter, tracks: tracks,
      timeSignatures: [TimeSignatureChange(tick: 0, timeSignature: timeSignature)])
  }

  /// A melody of bars of four quarter notes, each named by a letter; `form("AABA")` has four bars, three of them equal.
  static func form(_ letters: String) -> Score {
    let bars: [Character: [Int]] = [
      "A": [60, 62, 64, 65], "B": [67, 65, 64, 62], "C": [72, 71, 69, 67], "D": [60, 67, 64, 72],
      "a": [62, 64, 66, 67],
    ]
    return piece(melody: line(letters.flatMap { bars[$0] ?? [] }))
  }
}

/// All descriptors of a score by name.
func describe(_ score: Score) -> [String: Double] {
  let set = DescriptorSet.pieces
  return Dictionary(uniqueKeysWithValues: zip(set.names, set.values(of: score)))
}

extension Optional<Double> {
  /// Whether there is a number and it is this one but for rounding.
  func isAbout(_ expected: Double, within tolerance: Double = 1e-9) -> Bool {
    map { abs($0 - expected) <= tolerance } ?? false
  }
}
