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
    for note in score.notes {
      let start = map.seconds(at: Int(Double(note.onset) * scale)) / unit
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
  /// Accumulated scores: a row for each unit of the piece, a column for each of the segment, and one before them for what lies between paths.
  private var scores: [Float]

  init(similarity: [Float], count: Int) {
    self.similarity = similarity
    self.count = count
    scores = [Float](repeating: 0, count: count * (count + 1))
  }

  mutating func fitness(of segment: Range<Int>) -> Double {
    accumulate(segment)
    let length = segment.count
    let (score, pathLength, covered) = bestFamily(segment)
    let gain = max(0, (Double(score) - Double(length)) / Double(max(1, pathLength)))
    let coverage = max(0, (Double(covered) - Double(length)) / Double(count))
    return gain + coverage > 0 ? 2 * gain * coverage / (gain + coverage) : 0
  }

  private mutating func accumulate(_ segment: Range<Int>) {
    let width = segment.count + 1
    let first = segment.lowerBound
    let count = self.count
    similarity.withUnsafeBufferPointer { similarity in
      scores.withUnsafeMutableBufferPointer { scores in
        for row in 0..<count {
          let here = row * width
          let above = here - width
          let pairs = row * count + first
          if row == 0 {
            scores[0] = 0
          } else {
            scores[here] = max(scores[above], scores[above + width - 1])
          }
          scores[here + 1] = scores[here] + similarity[pairs]
          guard width > 2 else { continue }
          guard row > 0 else {
            for column in 2..<width { scores[column] = -.infinity }
            continue
          }
          for column in 2..<width {
            let diagonal = scores[above + column - 1]
            let long = column > 2 ? scores[above + column - 2] : -.infinity
            let steep = row > 1 ? scores[above - width + column - 1] : -.infinity
            var best = diagonal > long ? diagonal : long
            best = best > steep ? best : steep
            scores[here + column] = best + similarity[pairs + column - 1]
          }
        }
      }
    }
  }

  /// The score of the best family, the number of steps on its paths, and how many units it covers.
  private func bestFamily(_ segment: Range<Int>) -> (score: Float, length: Int, covered: Int) {
    let width = segment.count + 1
    func score(_ row: Int, _ column: Int) -> Float {
      row >= 0 && column >= 1 ? scores[row * width + column] : -.infinity
    }
    var row = count - 1
    let between = scores[row * width]
    let total = max(between, scores[row * width + width - 1])
    var column = between >= total ? 0 : width - 1
    var length = 0
    var covered = 0
    var pathEnd = row
    while row >= 0 {
      if column == 0 {
        guard row > 0 else { break }
        // A path that ends in the row above is taken where it is better than none.
        column = scores[(row - 1) * width + width - 1] > scores[(row - 1) * width] ? width - 1 : 0
        row -= 1
        pathEnd = row
        continue
      }
      length += 1
      if column == 1 {
        covered += pathEnd - row + 1
        column = 0
        continue
      }
      let diagonal = score(row - 1, column - 1)
      let steep = score(row - 2, column - 1)
      let long = score(row - 1, column - 2)
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
