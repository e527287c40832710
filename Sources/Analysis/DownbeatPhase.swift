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
      let stops = notes.indices.map {
        min(length, steps[$0] + max(1, Int(min(durations[$0].rounded(), 1e6))))
      }
      // What begins and ends, summed up once to what sounds at each step, and once more to the chroma up to each step, so that
      // that of any stretch is a difference.
      var chroma = [Double](repeating: 0, count: 12 * (length + 1))
      for (index, note) in notes.enumerated() {
        chroma[12 * (steps[index] + 1) + note.pitch.modulo(12)] += 1
        if stops[index] < length { chroma[12 * (stops[index] + 1) + note.pitch.modulo(12)] -= 1 }
      }
      for _ in 0..<2 {
        for index in 12..<chroma.count { chroma[index] += chroma[index - 12] }
      }
      let pitches = notes.map(\.pitch).sorted()
      let lowQuartile = pitches[pitches.count / 4]
      let lowest = Self.lowestPitches(notes, steps, stops)
      var longest: [Int: Double] = [:]
      for (index, note) in notes.enumerated()
      where note.pitch <= lowQuartile && note.pitch <= lowest[index] {
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

    /// The lowest pitch that sounds at the step with which each note begins.
    private static func lowestPitches(_ notes: [Note], _ steps: [Int], _ stops: [Int]) -> [Int] {
      func key(_ note: Note) -> Int {
        min(max(note.pitch, Pitch.keys.lowerBound), Pitch.keys.upperBound)
      }
      let byEnd = notes.indices.sorted { stops[$0] < stops[$1] }
      var sounding = [Int](repeating: 0, count: Pitch.keys.upperBound + 1)
      var result = [Int](repeating: .max, count: notes.count)
      var (begun, ended) = (0, 0)
      while begun < notes.count {
        let first = begun, step = steps[first]
        while begun < notes.count, steps[begun] == step {
          sounding[key(notes[begun])] += 1
          begun += 1
        }
        while ended < byEnd.count, stops[byEnd[ended]] <= step {
          sounding[key(notes[byEnd[ended]])] -= 1
          ended += 1
        }
        let lowest = sounding.firstIndex { $0 > 0 } ?? .max
        for index in first..<begun { result[index] = lowest }
      }
      return result
    }

    /// One minus the cosine of the chroma of two neighboring stretches; 0 where one of them is silent.
    private static func distance(_ chroma: [Double], _ start: Int, _ middle: Int, _ end: Int) -> Double {
      var (product, before, after) = (0.0, 0.0, 0.0)
      for pitch in 0..<12 {
        let a = chroma[12 * middle + pitch] - chroma[12 * start + pitch]
        let b = chroma[12 * end + pitch] - chroma[12 * middle + pitch]
        product += a * b
        before += a * a
        after += b * b
      }
      guard before > 0, after > 0 else { return 0 }
      return 1 - product / (before * after).squareRoot()
    }
  }
}
