#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// Follows the beat of onsets that were played by hand.
///
/// A tempo is tried from the first onset on: each next onset is taken to be on the place of the beat that is near and common in music,
/// and what it is early or late by moves beat and tempo a little, as a phase-locked loop does (Large & Jones 1999, "The Dynamics of
/// Attending"). Of many tempos the one wins whose onsets lie nearest to the commonest places, with a preference for tempos near 110 a
/// minute (Parncutt 1994, "A Perceptual Model of Pulse Salience and Metrical Accent in Musical Rhythms").
struct TempoTracker {
  /// Where onsets were found.
  struct Result: Sendable {
    /// The beat of each onset in quarter notes, as it was played, 0 being the beat on or before the first onset.
    var beats: [Double]
    /// Seconds in a quarter note at each onset.
    var periods: [Double]
    /// How badly it fits, the mean of all onsets.
    var cost: Double
  }

  /// How far onsets may be from their places, in seconds, at the cost of 1. It is more than players are: a loop that is too
  /// particular loses its way.
  private static let spread = 0.08
  /// How much of an onset's distance from its place moves the beat, and how much the tempo.
  private static let phaseShare = 0.3
  private static let periodShare = 0.03
  /// How far the tempo may go from where it began.
  private static let drift = 0.2

  /// What it costs for an onset to be at each twelfth of a beat.
  static let placeCosts: [Double] = [0, 3, 2, 0.35, 0.7, 3, 0.12, 3, 0.7, 0.35, 2, 3]

  /// The best of all tempos.
  /// - Parameters:
  ///   - onsets: When notes begin, in seconds, in order; chords once.
  ///   - period: Seconds in a quarter note, where that is known: then tempos within a tenth are tried.
  ///   - start: The beat of the first onset, where that is known; else it is on beat 0 or shortly after it.
  static func track(_ onsets: [Double], period: Double?, start: Double? = nil) -> Result {
    guard let first = onsets.first else { return Result(beats: [], periods: [], cost: 0) }
    let candidates: [Double]
    if let period {
      candidates = (-5...5).map { period * (1 + 0.02 * Double($0)) }
    } else {
      // 60 to 180 a minute, 2 % apart.
      candidates = (0...55).map { pow(1.02, Double($0)) / 3 }
    }
    // The tempo shows in as many onsets as this; all are then followed from there.
    let beginning = onsets.prefix(64).map { $0 - first }
    var best: (cost: Double, start: Double, period: Double) = (.infinity, 0, 0.5)
    for candidate in candidates {
      // Where the phrase begins with an upbeat, its first onset is not on a beat.
      let starts = start.map { [($0, 0.0)] } ?? Self.starts
      for (start, startCost) in starts {
        let distance = period.map { log(candidate / $0) / 0.06 } ?? log(candidate / 0.55) / 0.5
        let cost =
          follow(beginning, from: start, period: candidate).cost + 0.25 * distance * distance
          + startCost / Double(beginning.count).squareRoot()
        if cost < best.cost - 1e-9 { best = (cost, start, candidate) }
      }
    }
    return follow(onsets.map { $0 - first }, from: best.start, period: best.period)
  }

  private static let starts = [(0.0, 0.0), (0.5, 0.25), (0.75, 0.4), (2.0 / 3, 0.5)]

  private static func follow(_ onsets: [Double], from start: Double, period: Double) -> Result {
    var result = Result(beats: [], periods: [], cost: 0)
    result.beats.reserveCapacity(onsets.count)
    result.periods.reserveCapacity(onsets.count)
    var (time, beat, current) = (0.0, start, period)
    for onset in onsets {
      let played = beat + (onset - time) / current
      let (place, cost) = nearestPlace(to: played, period: current)
      let late = played - place
      result.beats.append(played)
      result.periods.append(current)
      result.cost += min(cost, 6)
      if onset > time {
        let elapsed = max(0.5, (onset - time) / current)
        current *= 1 + periodShare * min(max(late, -0.25), 0.25) / elapsed
        current = min(max(current, period * (1 - drift)), period * (1 + drift))
      }
      (time, beat) = (onset, played - phaseShare * late)
    }
    if !onsets.isEmpty { result.cost /= Double(onsets.count) }
    return result
  }

  /// The place, in twelfths of a beat, that an onset is taken to be on.
  private static func nearestPlace(to beat: Double, period: Double) -> (beat: Double, cost: Double) {
    let nearest = Int((12 * beat).rounded())
    var best = (beat: beat, cost: Double.infinity)
    for place in nearest - 2...nearest + 2 {
      let distance = (beat - Double(place) / 12) * period / spread
      let cost = distance * distance + placeCosts[(place % 12 + 12) % 12]
      if cost < best.cost { best = (Double(place) / 12, cost) }
    }
    return best
  }
}
