/// A chord: a pitch class and what is built on it.
struct Chord: Hashable {
  enum Quality: Int, CaseIterable {
    case major, minor, diminished, augmented, dominantSeventh, majorSeventh, minorSeventh, suspended

    /// Semitones above the root.
    var intervals: [Int] {
      switch self {
      case .major: [0, 4, 7]
      case .minor: [0, 3, 7]
      case .diminished: [0, 3, 6]
      case .augmented: [0, 4, 8]
      case .dominantSeventh: [0, 4, 7, 10]
      case .majorSeventh: [0, 4, 7, 11]
      case .minorSeventh: [0, 3, 7, 10]
      case .suspended: [0, 5, 7]
      }
    }

    /// Whether the third is minor.
    var isMinor: Bool { self == .minor || self == .diminished || self == .minorSeventh }
  }

  /// Its root's pitch class.
  var root: Int
  var quality: Quality

  func contains(_ pitchClass: Int) -> Bool {
    quality.intervals.contains((pitchClass - root + 12) % 12)
  }
}

/// The chord of one beat.
struct BeatChord {
  /// The beat, in steps.
  var start: Int
  var end: Int
  var bar: Int
  /// Nil where fewer than two pitch classes sound in its bar.
  var chord: Chord?
  /// The share of the time of what sounds that belongs to the chord; NaN where nothing sounds in the beat.
  var fit: Double
}

/// Finds the chord of a beat as the template that has most of what sounds.
///
/// Each pitch class weighs as long as it sounds within the beat, and a quarter as much as it sounds within the whole bar, so that broken chords are recognized.
/// A template gets the weights of its notes, less those of all others and 15 % of the sum for each of its notes that does not sound,
/// and 20 % of the sum where the lowest note is its root. Of equal ones the first wins: by quality as `Chord.Quality` lists them, then by root.
struct ChordFinder {
  private static let templates: [(chord: Chord, notes: [Int])] = Chord.Quality.allCases.flatMap { quality in
    (0..<12).map { root in
      (Chord(root: root, quality: quality), quality.intervals.map { (root + $0) % 12 })
    }
  }

  /// The best chord for these weights; nil for fewer than two pitch classes.
  static func chord(_ weights: [Double], bass: Int?) -> Chord? {
    let sum = weights.reduce(0, +)
    guard sum > 0, weights.count(where: { $0 > 0 }) > 1 else { return nil }
    var best: Chord?
    var bestScore = -Double.infinity
    for (chord, notes) in templates {
      var inside = 0.0
      var missing = 0.0
      for note in notes {
        inside += weights[note]
        if weights[note] <= 0 { missing += 1 }
      }
      var score = 2 * inside - sum - 0.15 * missing * sum
      if chord.root == bass { score += 0.2 * sum }
      // The margin keeps rounding from deciding between equals.
      if score > bestScore + 1e-9 * sum {
        bestScore = score
        best = chord
      }
    }
    return best
  }
}

extension MeasuredScore {
  /// The chord of each beat, of the accompaniment where there is one, else of all pitched notes.
  func findChords() -> [BeatChord] {
    let notes = accompaniment.isEmpty ? self.notes : accompaniment
    var beats: [BeatChord] = []
    for (index, bar) in bars.enumerated() {
      for start in stride(from: bar.start, to: bar.end, by: bar.beat) {
        beats.append(
          BeatChord(start: start, end: min(bar.end, start + bar.beat), bar: index, chord: nil, fit: .nan))
      }
    }
    var weights = [Double](repeating: 0, count: beats.count * 12)
    var barWeights = [Double](repeating: 0, count: bars.count * 12)
    var bass = [Int](repeating: .max, count: beats.count)
    var first = 0
    for note in notes {
      while first < beats.count, beats[first].end <= note.onset { first += 1 }
      var beat = first
      while beat < beats.count, beats[beat].start < note.end {
        let time = Double(min(note.end, beats[beat].end) - max(note.onset, beats[beat].start))
        weights[beat * 12 + note.pitchClass] += time
        barWeights[beats[beat].bar * 12 + note.pitchClass] += time
        bass[beat] = min(bass[beat], note.pitch)
        beat += 1
      }
    }
    for beat in beats.indices {
      let own = weights[beat * 12..<beat * 12 + 12]
      let sum = own.reduce(0, +)
      guard sum > 0 else { continue }
      let bar = barWeights[beats[beat].bar * 12..<beats[beat].bar * 12 + 12]
      beats[beat].chord = ChordFinder.chord(zip(own, bar).map { $0 + 0.25 * $1 }, bass: bass[beat] % 12)
      guard let chord = beats[beat].chord else { continue }
      beats[beat].fit = zip(0..., own).reduce(0) { $0 + (chord.contains($1.0) ? $1.1 : 0) } / sum
    }
    return beats
  }

  /// The chords in order, each once where it lasts for several beats.
  var chordProgression: [Chord] {
    var progression: [Chord] = []
    for beat in chords {
      if let chord = beat.chord, chord != progression.last { progression.append(chord) }
    }
    return progression
  }
}
