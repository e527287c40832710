extension DescriptorGroup {
  /// Parallel motion in music of four voices; NaN where less than 60 % of the chords have just four pitches.
  ///
  /// A chord is what sounds when a note begins. Voices are told by height alone. Two voices are parallel where they form a
  /// perfect fifth (or octave, or unison) twice in a row, octaves apart or not, and both move in the same direction.
  static let voiceLeading = DescriptorGroup(
    descriptors: [
      Descriptor(
        "parallel_fifths", .countPerChord, "has many parallel fifths", tooHigh: "too many parallel fifths",
        tooLow: "too few parallel fifths"),
      Descriptor(
        "parallel_octaves", .countPerChord, "has many parallel octaves", tooHigh: "too many parallel octaves",
        tooLow: "too few parallel octaves"),
      Descriptor(
        "inner_voice_seconds", .share, "has inner voices that, where they move, move by seconds",
        tooHigh: "inner voices move too much by seconds", tooLow: "inner voices leap too much"),
      Descriptor(
        "bass_seconds", .share, "has a bass that, where it moves, moves by seconds",
        tooHigh: "the bass moves too much by seconds", tooLow: "the bass leaps too much"),
    ]
  ) { score in
    var chords: [[Int]?] = []
    score.forEachMoment { _, pitches in chords.append(pitches.count == 4 ? pitches : nil) }
    let voices = FourVoices(chords)
    guard Measures.share(chords, { $0 != nil }) >= 0.6, voices.chords > 0 else {
      return [.nan, .nan, .nan, .nan]
    }
    return [
      Measures.ratio(voices.parallelFifths, voices.chords),
      Measures.ratio(voices.parallelOctaves, voices.chords),
      Measures.share(voices.innerMoves) { abs($0) <= 2 }, Measures.share(voices.bassMoves) { abs($0) <= 2 },
    ]
  }
}

/// What four voices do from each chord to the next.
struct FourVoices {
  /// How many chords follow another one of four pitches.
  private(set) var chords = 0
  private(set) var parallelFifths = 0
  private(set) var parallelOctaves = 0
  /// The two inner voices' steps in semitones.
  private(set) var innerMoves: [Int] = []
  /// The lowest voice's steps.
  private(set) var bassMoves: [Int] = []

  /// The motion of chords of four pitches, each from the lowest; nil for one of more or fewer.
  init(_ all: [[Int]?]) {
    for (first, second) in zip(all, all.dropFirst()) {
      guard let first, let second else { continue }
      chords += 1
      let moves = zip(first, second).map { $1 - $0 }
      if moves[0] != 0 { bassMoves.append(moves[0]) }
      innerMoves += moves[1...2].filter { $0 != 0 }
      for low in 0..<3 {
        for high in low + 1..<4 {
          guard moves[low] != 0, moves[low].signum() == moves[high].signum(),
            (first[high] - first[low]) % 12 == (second[high] - second[low]) % 12
          else { continue }
          switch (first[high] - first[low]) % 12 {
          case 7: parallelFifths += 1
          case 0: parallelOctaves += 1
          default: break
          }
        }
      }
    }
  }
}
