/// Lays chords out so that each voice moves as little as can be.
struct ChordVoicing: Sendable {
  /// The pitches that sound, from the lowest.
  private(set) var pitches: [Int] = []
  /// Where the middle of the voicings is drawn to, and how far they may lie from it.
  private static let middle = 62.0
  private static let lowestPitches = 52...67

  /// Moves on to a chord: of all close positions the one that is the fewest semitones away, voice by voice, and of those the nearest
  /// to the middle of the keyboard.
  mutating func move(to chord: HeardChord) {
    let classes = Set(chord.pitchClasses)
    var best: (pitches: [Int], cost: Double)?
    for lowest in Self.lowestPitches where classes.contains(lowest % 12) {
      let position = (lowest..<lowest + 12).filter { classes.contains($0 % 12) }
      let cost = distance(to: position)
      if cost < best?.cost ?? .infinity { best = (position, cost) }
    }
    pitches = best?.pitches ?? pitches
  }

  private func distance(to position: [Int]) -> Double {
    let mean = Double(position.reduce(0, +)) / Double(position.count)
    var cost = 0.2 * abs(mean - Self.middle)
    for pitch in position where !pitches.isEmpty {
      cost += Double(pitches.map { abs($0 - pitch) }.min() ?? 0)
    }
    return cost
  }
}

/// Chooses the pitches of a bass line.
struct BassLine: Sendable {
  private(set) var pitch: Int?
  private static let pitches = 33...50

  /// The pitch of a pitch class that is nearest to the last one; the lower of two.
  mutating func move(to pitchClass: Int) -> Int {
    let last = pitch ?? 40
    let next =
      Self.pitches.filter { $0 % 12 == pitchClass }.min { abs($0 - last) < abs($1 - last) } ?? 36 + pitchClass
    pitch = next
    return next
  }
}
