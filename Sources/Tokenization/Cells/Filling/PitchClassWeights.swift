/// How long each pitch class sounds in a stretch of music, in steps.
struct PitchClassWeights: Sendable {
  private var weights = Array(repeating: Int32(0), count: 12)

  /// Forgets all that was added.
  mutating func removeAll() {
    for index in weights.indices { weights[index] = 0 }
  }

  /// Adds what a note sounds between two steps of its bar.
  mutating func add(_ note: CellNote, from start: Int, to end: Int) {
    let first = max(start, Int(note.onset))
    let last = min(end, Int(note.onset) + Int(note.value))
    if last > first { weights[Int(note.pitch) % 12] += Int32(last - first) }
  }

  /// How many of `parts` equal parts of the time belong to a set of pitch classes, bit 0 being C; nil where nothing sounds.
  func share(of classes: UInt16, parts: Int) -> Int32? {
    var (inside, sum) = (Int32(0), Int32(0))
    for (pitchClass, weight) in weights.enumerated() {
      sum += weight
      if classes >> UInt16(pitchClass) & 1 == 1 { inside += weight }
    }
    return sum == 0 ? nil : inside * Int32(parts) / sum
  }

  /// The two major or minor triads whose notes sound longest: twice the pitch class of the root, and one more for minor; −1 where
  /// nothing sounds.
  func triads() -> (Int32, Int32) {
    let sum = weights.reduce(0, +)
    guard sum > 0 else { return (-1, -1) }
    var (first, second) = (Int32(-1), Int32(-1))
    var (best, next) = (Int32.min, Int32.min)
    for root in 0..<12 {
      for minor in 0..<2 {
        let (third, fifth) = (weights[(root + 4 - minor) % 12], weights[(root + 7) % 12])
        // Of triads with the same notes that with the root among them is the better one.
        let fit = 100 * (weights[root] + third + fifth) + 10 * weights[root] + fifth
        if fit > best {
          (second, next) = (first, best)
          (first, best) = (Int32(2 * root + minor), fit)
        } else if fit > next {
          (second, next) = (Int32(2 * root + minor), fit)
        }
      }
    }
    return (first, second)
  }

  /// The pitch class that sounds longest, which is taken away; −1 where nothing is left.
  mutating func takeHeaviest() -> Int32 {
    var best = -1
    for index in weights.indices where weights[index] > (best < 0 ? 0 : weights[best]) { best = index }
    guard best >= 0 else { return -1 }
    weights[best] = 0
    return Int32(best)
  }
}
