internal import Music

/// How well each segment of a piece explains the rest of it by its repetitions: the fitness scape plot of Müller, Jiang and Grosche (2013, *A robust
/// fitness measure for capturing repetitions in music recordings with applications to audio thumbnailing*).
///
/// The piece is cut into units of a second, or of a forty-eighth of it if that is longer. Units are compared by the cosine of the time for which each
/// pitch class sounds; the 15 % of all pairs that are most alike are scaled to 0...1, the others get −2, and each unit is 1 to itself. Of a segment
/// the best family of paths is found through the columns of the segment, along steps (1, 1), (1, 2) and (2, 1). With its score σ, the sum L of the
/// lengths of its paths, the number γ of units that they cover, the segment's length M and the piece's N, fitness is the harmonic
/// mean of (σ − M) ∕ L and (γ − M) ∕ N; 0 where nothing but the segment itself is covered.
struct FitnessScape {
  static let unitLimit = 48
  static let sharePairs = 0.15
  static let penalty: Float = -2

  /// Seconds in a unit.
  let unit: Double
  let unitCount: Int
  /// For each length in units, from 1, the highest fitness of a segment of it.
  let highestByLength: [Double]

  init(_ score: MeasuredScore) {
    let seconds = score.score.lastNoteSeconds
    guard seconds > 0, seconds.isFinite, !score.notes.isEmpty else {
      self.init(similarity: [], count: 0, unit: 1)
      return
    }
    let unit = max(1, seconds / Double(Self.unitLimit))
    let count = max(1, Int((seconds / unit).rounded(.up)))
    let profiles = Self.profiles(score, unit: unit, count: count)
    self.init(similarity: Self.similarity(profiles, count: count), count: count, unit: unit)
  }

  /// The scape of a matrix of `count` rows that is 1 on its diagonal.
  init(similarity: [Float], count: Int, unit: Double) {
    self.unit = unit
    unitCount = count
    guard count > 0 else {
      highestByLength = []
      return
    }
    var family = PathFamily(similarity: similarity, count: count)
    highestByLength = (1...count).map { length in
      (0...count - length).reduce(0) { max($0, family.fitness(of: $1..<$1 + length)) }
    }
  }

  /// The highest fitness of a segment that lasts so many seconds; NaN where none does.
  func highest(_ seconds: ClosedRange<Double>) -> Double {
    var best = Double.nan
    for length in highestByLength.indices where seconds.contains(Double(length + 1) * unit) {
      best = best.isNaN ? highestByLength[length] : max(best, highestByLength[length])
    }
    return best
  }

  /// For each unit twelve weights, of length 1 together or all 0.
  private static func profiles(_ score: MeasuredScore, unit: Double, count: Int) -> [Float] {
    let map = score.score.timeMap
    let scale = Double(score.score.ticksPerQuarter) / Double(MeasuredScore.stepsPerQuarter)
    var profiles = [Float](repeating: 0, count: 12 * count)
    // Notes come by onset, so that most ask for the time that the one before asked for.
    var known = (step: -1, place: 0.0)
    for note in score.notes {
      if note.onset != known.step {
        known = (note.onset, map.seconds(at: Int(Double(note.onset) * scale)) / unit)
      }
      let start = known.place
      let end = map.seconds(at: Int(Double(note.end) * scale)) / unit
      var index = min(Int(start), count - 1)
      while index < count, Double(index) < end {
        let time = min(end, Double(index + 1)) - max(start, Double(index))
        profiles[12 * index + note.pitchClass] += Float(max(0, time))
        index += 1
      }
    }
    for index in 0..<count {
      let range = 12 * index..<12 * index + 12
      let length = profiles[range].reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length > 0 { for place in range { profiles[place] /= length } }
    }
    return profiles
  }

  private static func similarity(_ profiles: [Float], count: Int) -> [Float] {
    var matrix = [Float](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0...row {
        var sum: Float = 0
        for index in 0..<12 { sum += profiles[12 * row + index] * profiles[12 * column + index] }
        matrix[row * count + column] = sum
        matrix[column * count + row] = sum
      }
    }
    let sorted = matrix.sorted()
    // Rounding keeps units that are equal from a cosine of exactly 1.
    let threshold = min(sorted[Int(Double(sorted.count) * (1 - sharePairs))], 0.999)
    for index in matrix.indices {
      matrix[index] =
        matrix[index] >= threshold && matrix[index] > 0
        ? min(1, (matrix[index] - threshold) / (1 - threshold)) : penalty
    }
    for index in 0..<count { matrix[index * count + index] = 1 }
    return matrix
  }
}

/// The best family of paths over a segment, found by dynamic programming.
private struct PathFamily {
  let similarity: [Float]
  let count: Int
  /// Accumulated scores. A row for each unit of the piece, after two of −∞; in it a column for what lies between paths, one of −∞, and
  /// one for each unit of the segment.
  private var scores: [Float]
  /// Of the segment at hand.
  private var width = 0

  init(similarity: [Float], count: Int) {
    self.similarity = similarity
    self.count = count
    scores = [Float](repeating: 0, count: (count + 2) * (count + 2))
  }

  mutating func fitness(of segment: Range<Int>) -> Double {
    width = segment.count + 2
    accumulate(segment)
    let length = segment.count
    let (score, pathLength, covered) = bestFamily()
    let gain = max(0, (Double(score) - Double(length)) / Double(max(1, pathLength)))
    let coverage = max(0, (Double(covered) - Double(length)) / Double(count))
    return gain + coverage > 0 ? 2 * gain * coverage / (gain + coverage) : 0
  }

  private mutating func accumulate(_ segment: Range<Int>) {
    let width = self.width
    let count = self.count
    similarity.withUnsafeBufferPointer { similarity in
      scores.withUnsafeMutableBufferPointer { scores in
        guard let scores = scores.baseAddress, let similarity = similarity.baseAddress else { return }
        scores.update(repeating: -.infinity, count: 2 * width)
        for row in 0..<count {
          let here = scores + (row + 2) * width
          let above = here - width
          let pairs = similarity + (row * count + segment.lowerBound)
          here[0] = row == 0 ? 0 : max(above[0], above[width - 1])
          here[1] = -.infinity
          here[2] = here[0] + pairs[0]
          Self.addRow(here + 3, above + 2, above + 1, above - width + 2, pairs + 1, count: width - 3)
        }
      }
    }
  }

  /// Each score is the best of three before it and the pair's similarity. This is where the time goes, so that it has no branch.
  @inline(__always)
  private static func addRow(
    _ result: UnsafeMutablePointer<Float>, _ diagonal: UnsafePointer<Float>, _ long: UnsafePointer<Float>,
    _ steep: UnsafePointer<Float>, _ pairs: UnsafePointer<Float>, count: Int
  ) {
    var index = 0
    while index < count {
      let first = diagonal[index] > long[index] ? diagonal[index] : long[index]
      result[index] = (first > steep[index] ? first : steep[index]) + pairs[index]
      index &+= 1
    }
  }

  /// The score of the best family, the number of steps on its paths, and how many units it covers.
  private func bestFamily() -> (score: Float, length: Int, covered: Int) {
    var row = count + 1
    let total = max(scores[row * width], scores[row * width + width - 1])
    var column = scores[row * width] >= total ? 0 : width - 1
    var length = 0
    var covered = 0
    var pathEnd = row
    while row > 1 {
      if column == 0 {
        guard row > 2 else { break }
        // A path that ends in the row above is taken where it is better than none.
        row -= 1
        column = scores[row * width + width - 1] > scores[row * width] ? width - 1 : 0
        pathEnd = row
        continue
      }
      length += 1
      if column == 2 {
        covered += pathEnd - row + 1
        column = 0
        continue
      }
      let diagonal = scores[(row - 1) * width + column - 1]
      let steep = scores[(row - 2) * width + column - 1]
      let long = scores[(row - 1) * width + column - 2]
      if diagonal >= steep && diagonal >= long {
        (row, column) = (row - 1, column - 1)
      } else if steep >= long {
        (row, column) = (row - 2, column - 1)
      } else {
        (row, column) = (row - 1, column - 2)
      }
    }
    return (total, length, covered)
  }
}
