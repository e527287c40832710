/// The key that a score's notes suggest, by the method of Krumhansl and Schmuckler: the time that each pitch class
/// sounds is correlated with the 24 key profiles of Krumhansl and Kessler.
///
/// Source: C. L. Krumhansl, *Cognitive Foundations of Musical Pitch* (1990), chapters 2 and 4.
public struct KeyEstimate: Sendable, Hashable {
  /// The key's first note as a pitch class, 0 (C) ... 11 (B).
  public let tonic: Int
  /// Whether the mode is minor.
  public let isMinor: Bool
  /// Pearson's correlation with the key's profile, −1...1.
  public let correlation: Double

  /// The most probable key of `score`; drums do not count. Nil if it has no pitched note.
  public init?(_ score: Score) {
    self.init(pitchClassWeights: Self.weights(of: score))
  }

  /// The most probable key where each pitch class has this weight, C first; twelve weights. Nil if all are alike.
  public init?(pitchClassWeights weights: [Double]) {
    precondition(weights.count == 12, "\(weights.count) weights are not one for each of 12 pitch classes")
    var best: KeyEstimate?
    for tonic in 0..<12 {
      let turned = (0..<12).map { weights[($0 + tonic) % 12] }
      for (profile, isMinor) in [(Self.majorProfile, false), (Self.minorProfile, true)] {
        guard let correlation = Self.correlation(turned, profile) else { return nil }
        if correlation > best?.correlation ?? -.infinity {
          best = KeyEstimate(tonic: tonic, isMinor: isMinor, correlation: correlation)
        }
      }
    }
    guard let best else { return nil }
    self = best
  }

  private init(tonic: Int, isMinor: Bool, correlation: Double) {
    self.tonic = tonic
    self.isMinor = isMinor
    self.correlation = correlation
  }

  /// The key signature: sharps (positive) or flats (negative), −5...6.
  public var fifths: Int {
    let majorTonic = isMinor ? (tonic + 3) % 12 : tonic
    let sharps = majorTonic * 7 % 12
    return sharps > 6 ? sharps - 12 : sharps
  }

  /// The key's name: `G major`, `F# minor`.
  public var name: String { keyName(fifths: fifths, isMinor: isMinor) }

  private static let majorProfile = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]
  private static let minorProfile = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]

  private static func weights(of score: Score) -> [Double] {
    var weights = [Double](repeating: 0, count: 12)
    for track in score.tracks where !track.isDrum {
      for note in track.notes { weights[((note.pitch % 12) + 12) % 12] += Double(note.duration) }
    }
    return weights
  }

  private static func correlation(_ a: [Double], _ b: [Double]) -> Double? {
    let meanA = a.reduce(0, +) / 12
    let meanB = b.reduce(0, +) / 12
    var products = 0.0
    var squaresA = 0.0
    var squaresB = 0.0
    for (x, y) in zip(a, b) {
      products += (x - meanA) * (y - meanB)
      squaresA += (x - meanA) * (x - meanA)
      squaresB += (y - meanB) * (y - meanB)
    }
    return squaresA > 0 ? products / (squaresA * squaresB).squareRoot() : nil
  }
}

/// The name of a key signature: `Bb major`, `C# minor`. `fifths` counts sharps (positive) or flats, −7...7.
public func keyName(fifths: Int, isMinor: Bool) -> String {
  let circle = [
    "Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#",
  ]
  let index = min(max(fifths, -7), 7) + 7 + (isMinor ? 3 : 0)
  return circle[index] + (isMinor ? " minor" : " major")
}
