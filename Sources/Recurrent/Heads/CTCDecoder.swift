/// Decodes label sequences from the output of a network with a CTC head. T steps, C classes; class 0 is the blank.
public struct CTCDecoder: Sendable {
  /// A label sequence and how likely it is.
  public struct Hypothesis: Sendable, Hashable {
    /// The labels, 1 ..< C each.
    public var labels: [Int32]
    /// The logarithm of its probability, summed over all alignments that the search kept: all of them where the beam
    /// was wide enough, fewer otherwise.
    public var logProbability: Double
  }

  /// C, the blank included.
  public let classCount: Int

  /// A decoder for `classCount` classes, the blank included.
  public init(classCount: Int) {
    precondition(classCount > 1, "\(classCount) classes: a blank and at least one label")
    self.classCount = classCount
  }

  /// The labels of the most probable alignment: the best class of every step, without repetitions and then without blanks.
  /// - Parameter scores: T × C, logits or (logarithms of) probabilities.
  public func greedy(_ scores: [Float]) -> [Int32] {
    var labels: [Int32] = []
    var before = 0
    for step in 0..<stepCount(of: scores) {
      var best = 0
      for k in 1..<classCount where scores[step * classCount + k] > scores[step * classCount + best] {
        best = k
      }
      if best != 0, best != before { labels.append(Int32(best)) }
      before = best
    }
    return labels
  }

  /// The most probable label sequences, the probabilities of a sequence's alignments added up: prefix beam search (Graves
  /// 2012, Hannun et al. 2014) without a language model.
  /// - Parameters:
  ///   - logProbabilities: T × C, logarithms of probabilities.
  ///   - beamWidth: how many prefixes are kept after each step.
  /// - Returns: at most `beamWidth` sequences, the most probable first.
  public func beamSearch(_ logProbabilities: [Float], beamWidth: Int) -> [Hypothesis] {
    precondition(beamWidth > 0, "a beam of \(beamWidth) prefixes")
    var tree = PrefixTree()
    var beam = [Candidate(prefix: .empty, endingInBlank: 0, endingInLabel: -.infinity)]
    var successors = Successors()
    for step in 0..<stepCount(of: logProbabilities) {
      let emission = logProbabilities[step * classCount..<(step + 1) * classCount].map(Double.init)
      for candidate in beam {
        let prefix = candidate.prefix, number = tree.number(of: prefix)
        successors.add(candidate.logProbability + emission[0], endingInBlank: true, to: prefix)
        for label in 1..<classCount where emission[label] > -.infinity {
          // The last label again continues without a blank between, and is a new one only after a blank.
          let isRepetition = label == Int(prefix.label)
          if isRepetition {
            successors.add(candidate.endingInLabel + emission[label], endingInBlank: false, to: prefix)
          }
          let path = isRepetition ? candidate.endingInBlank : candidate.logProbability
          successors.add(
            path + emission[label], endingInBlank: false, to: Prefix(parent: number, label: Int32(label)))
        }
      }
      beam = successors.best(beamWidth)
    }
    return beam.map { Hypothesis(labels: tree.labels(of: $0.prefix), logProbability: $0.logProbability) }
  }

  private func stepCount(of scores: [Float]) -> Int {
    precondition(
      scores.count % classCount == 0, "\(scores.count) scores are no whole steps of \(classCount) classes")
    return scores.count / classCount
  }
}

/// A label after the prefix of a number.
private struct Prefix: Hashable {
  var parent: Int
  var label: Int32

  static let empty = Prefix(parent: -1, label: 0)
}

/// A prefix, and the logarithms of the probability of its alignments so far: those that end in a blank, and those that
/// end in its last label.
private struct Candidate {
  var prefix: Prefix
  var endingInBlank = -Double.infinity
  var endingInLabel = -Double.infinity
  var logProbability: Double { logSum(endingInBlank, endingInLabel) }
}

/// The candidates of the step to come.
private struct Successors {
  private var candidates: [Candidate] = []
  private var places: [Prefix: Int] = [:]

  mutating func add(_ logProbability: Double, endingInBlank: Bool, to prefix: Prefix) {
    guard logProbability > -.infinity else { return }
    let place = places[prefix] ?? candidates.count
    if place == candidates.count {
      candidates.append(Candidate(prefix: prefix))
      places[prefix] = place
    }
    if endingInBlank {
      candidates[place].endingInBlank = logSum(candidates[place].endingInBlank, logProbability)
    } else {
      candidates[place].endingInLabel = logSum(candidates[place].endingInLabel, logProbability)
    }
  }

  /// Takes the most probable out, the one that was added first where two are as likely, and forgets the others.
  mutating func best(_ count: Int) -> [Candidate] {
    let ranked = candidates.enumerated().map { (place: $0, score: $1.logProbability) }
      .sorted { $0.score != $1.score ? $0.score > $1.score : $0.place < $1.place }
    defer {
      candidates.removeAll(keepingCapacity: true)
      places.removeAll(keepingCapacity: true)
    }
    return ranked.prefix(count).map { candidates[$0.place] }
  }
}

/// The prefixes that were kept after some step, numbered.
private struct PrefixTree {
  private var prefixes: [Prefix] = []
  private var numbers: [Prefix: Int] = [:]

  mutating func number(of prefix: Prefix) -> Int {
    if let number = numbers[prefix] { return number }
    prefixes.append(prefix)
    numbers[prefix] = prefixes.count - 1
    return prefixes.count - 1
  }

  func labels(of prefix: Prefix) -> [Int32] {
    var labels: [Int32] = []
    var prefix = prefix
    while prefix != .empty {
      labels.append(prefix.label)
      prefix = prefixes[prefix.parent]
    }
    return labels.reversed()
  }
}
