/// Puts onsets that were played onto a grid, beat by beat: each beat is divided as its onsets suggest, into halves, quarters, thirds or
/// sixths, where a finer division has to earn its cost.
struct RhythmQuantizer {
  /// Places within a beat in twelfths, and what the division costs.
  private static let divisions: [(places: [Int], cost: Double)] = [
    ([0, 6], 0), ([0, 3, 6, 9], 0.9), ([0, 4, 8], 1.3), ([0, 2, 4, 6, 8, 10], 3.5),
    (Array(0..<12), 7),
  ]
  /// How far onsets are from their places, in seconds, at the cost of 1.
  private static let spread = 0.045
  /// What two onsets in one place cost.
  private static let collisionCost = 6.0

  /// The place of each onset in twelfths of a beat.
  /// - Parameters:
  ///   - beats: The onsets in quarter notes as they were played, in order; chords once.
  ///   - periods: Seconds in a quarter note at each.
  static func places(_ beats: [Double], periods: [Double]) -> [Int] {
    var places: [Int] = []
    var first = 0
    while first < beats.count {
      let beat = Self.beat(of: beats[first])
      var end = first + 1
      while end < beats.count, Self.beat(of: beats[end]) == beat { end += 1 }
      places += best(Array(beats[first..<end]), periods[first], beat: beat, after: places.last)
      first = end
    }
    return places
  }

  /// The beat that an onset belongs to: what comes shortly before the next one is that one's.
  private static func beat(of position: Double) -> Int { Int((position + 0.1).rounded(.down)) }

  private static func best(_ beats: [Double], _ period: Double, beat: Int, after last: Int?) -> [Int] {
    var best: (places: [Int], cost: Double) = ([], .infinity)
    for division in divisions {
      var cost = division.cost
      var places: [Int] = []
      var previous = last
      for position in beats {
        let offset = (position - Double(beat)) * 12
        let nearest =
          (division.places + [12]).min { abs(Double($0) - offset) < abs(Double($1) - offset) } ?? 0
        let distance = (offset - Double(nearest)) / 12 * period / Self.spread
        cost += distance * distance
        var place = 12 * beat + nearest
        if let before = previous, place <= before {
          cost += collisionCost
          place = before + 1
        }
        places.append(place)
        previous = place
      }
      if cost < best.cost { best = (places, cost) }
    }
    return best.places
  }
}
