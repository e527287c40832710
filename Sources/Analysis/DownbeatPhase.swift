internal import Groundwork
internal import Music

/// Which sixteenth of its bars a piece begins with: where the bass strikes, how long its notes are, and where the harmony
/// changes, each laid over one bar.
///
/// For each possible place of the bar line the three histograms are read at the bar line, the half bar, the beats and the eighths, and
/// weighted. The weights are those of a multinomial logistic regression on half of the 396 songs of POP909 whose corrected
/// bars (POP909-CL) agree with their chords; on the other half 95 of 100 bar lines are right, on Nottingham's tunes 97
/// or more in each metre.
struct DownbeatPhase {
  /// The places in a bar, from what is not even an eighth to the bar line.
  private let levels: [Int]
  /// The score of each sixteenth of the bar as the place of the bar line, counted from step 0.
  private var scores: [Double]

  /// Weights of the eighths, the beats, the half bar and the bar line for each histogram.
  private static let weights: [[Double]] = [
    [-0.3, 0.1, 1.6, 2.8],  // onsets of the bass
    [-1.5, 0.2, -0.2, 6.7],  // their durations
    [0.6, -0.9, -0.9, 3.9],  // changes of harmony
  ]

  /// - Parameters:
  ///   - notes: Pitched notes, in order.
  ///   - steps: The sixteenth in which each of them begins.
  ///   - ticksPerStep: Ticks in a sixteenth.
  ///   - timeSignature: The bars; a multiple of a sixteenth long.
  init(notes: [Note], steps: [Int], ticksPerStep: Double, timeSignature: TimeSignature) {
    levels = Self.levels(of: timeSignature)
    scores = [Double](repeating: 0, count: levels.count)
    guard let first = steps.first, notes.count >= Self.fewestNotes else { return }
    let evidence = Evidence(
      notes: notes, steps: steps.map { $0 - first },
      durations: notes.map { Double($0.duration) / ticksPerStep })
    for (values, weights) in zip([evidence.bass, evidence.bassDurations, evidence.changes], Self.weights) {
      var histogram = [Double](repeating: 0, count: levels.count)
      for (step, value) in values { histogram[(step + first).modulo(levels.count)] += value }
      let sum = histogram.reduce(0, +)
      guard sum > 0 else { continue }
      for place in scores.indices {
        for step in histogram.indices where histogram[step] > 0 {
          let level = levels[(step - place).modulo(levels.count)]
          if level > 0 { scores[place] += weights[level - 1] * histogram[step] / sum }
        }
      }
    }
  }

  /// With fewer notes nothing is concluded.
  static let fewestNotes = 24

  /// How many sixteenths a bar has.
  var count: Int { levels.count }

  /// The score of the bar line at a sixteenth.
  subscript(place: Int) -> Double { scores[place.modulo(count)] }

  /// 4 for the bar line, 3 for the half bar, 2 for other beats, 1 for eighths, 0 for all else.
  private static func levels(of timeSignature: TimeSignature) -> [Int] {
    let count = max(1, timeSignature.numerator * 16 / timeSignature.denominator)
    let beat = timeSignature.isCompound ? 48 / timeSignature.denominator : 16 / timeSignature.denominator
    var levels = (0..<count).map { $0 % 2 == 0 ? 1 : 0 }
    if beat > 0 { for step in stride(from: 0, to: count, by: beat) { levels[step] = 2 } }
    let beats = timeSignature.isCompound ? timeSignature.numerator / 3 : timeSignature.numerator
    if beat > 0, beats % 2 == 0, beats >= (timeSignature.isCompound ? 2 : 4) {
      let half = timeSignature.isCompound ? count / 2 : 2 * beat
      for step in stride(from: 0, to: count, by: half) { levels[step] = 3 }
    }
    levels[0] = 4
    return levels
  }

  /// What the notes say, by the step at which they say it.
  private struct Evidence {
    var bass: [(Int, Double)] = []
    var bassDurations: [(Int, Double)] = []
    var changes: [(Int, Double)] = []

    init(notes: [Note], steps: [Int], durations: [Double]) {
      let length = (steps.last ?? 0) + 33
      var lowest = [Int](repeating: Int.max, count: length)
      // Chroma up to each step, so that that of any stretch is a difference.
      var chroma = [Float](repeating: 0, count: 12 * (length + 1))
      for (index, note) in notes.enumerated() {
        let stop = min(length, steps[index] + max(1, Int(min(durations[index].rounded(), 1e6))))
        for step in steps[index]..<stop {
          lowest[step] = min(lowest[step], note.pitch)
          chroma[12 * (step + 1) + note.pitch.modulo(12)] += 1
        }
      }
      for index in 12..<chroma.count { chroma[index] += chroma[index - 12] }
      let pitches = notes.map(\.pitch).sorted()
      let lowThird = pitches[pitches.count / 4]
      var longest: [Int: Double] = [:]
      for (index, note) in notes.enumerated()
      where note.pitch <= lowThird && note.pitch <= lowest[steps[index]] {
        longest[steps[index]] = max(longest[steps[index], default: 0], min(durations[index], 16))
      }
      var last = -1
      for step in steps where step != last {
        last = step
        if let duration = longest[step] {
          bass.append((step, 1))
          bassDurations.append((step, duration))
        }
        let change = Self.distance(chroma, max(0, step - 4), step, min(length, step + 4))
        if change > 0 { changes.append((step, change)) }
      }
    }

    /// One minus the cosine of the chroma of two neighboring stretches; 0 where one of them is silent.
    private static func distance(_ chroma: [Float], _ start: Int, _ middle: Int, _ end: Int) -> Double {
      var (product, before, after) = (0.0, 0.0, 0.0)
      for pitch in 0..<12 {
        let a = Double(chroma[12 * middle + pitch] - chroma[12 * start + pitch])
        let b = Double(chroma[12 * end + pitch] - chroma[12 * middle + pitch])
        product += a * b
        before += a * a
        after += b * b
      }
      guard before > 0, after > 0 else { return 0 }
      return 1 - product / (before * after).squareRoot()
    }
  }
}
