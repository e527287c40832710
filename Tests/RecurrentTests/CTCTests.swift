internal import Arithmetic
internal import Testing

@testable import Recurrent

/// The sum over alignments against their enumeration.
@Suite struct CTCTests {
  /// Random logarithms of probabilities, T × C.
  private func emissions(steps: Int, classes: Int, seed: UInt64) -> [Float] {
    var random = RandomStream(seed: seed, name: "emissions")
    return (0..<steps).flatMap { _ in
      let scores = (0..<classes).map { _ in 3 * random.normal() }
      let total = logarithm(scores.reduce(0) { $0 + exponential($1) })
      return scores.map { Float($0 - total) }
    }
  }

  /// The probability of every label sequence that has one: each of the C^T alignments counts towards its own.
  private func enumerated(_ emissions: [Float], classes: Int) -> [[Int32]: Double] {
    let steps = emissions.count / classes
    var result: [[Int32]: Double] = [:]
    let count = (0..<steps).reduce(1) { product, _ in product * classes }
    for number in 0..<count {
      var rest = number, before = 0, labels: [Int32] = [], logProbability = 0.0
      for step in 0..<steps {
        let k = rest % classes
        rest /= classes
        logProbability += Double(emissions[step * classes + k])
        if k != 0, k != before { labels.append(Int32(k)) }
        before = k
      }
      result[labels, default: 0] += exponential(logProbability)
    }
    return result
  }

  @Test("Losses are the sum over alignments", arguments: [(1, 2), (3, 3), (5, 3), (4, 4), (6, 2)])
  func lossesAreTheSumOverAlignments(steps: Int, classes: Int) {
    let emissions = emissions(steps: steps, classes: classes, seed: UInt64(10 * steps + classes))
    let loss = CTCLoss(classCount: classes, threadCount: 1)
    let bias = [Float](repeating: 0, count: classes), layout = StepLayout(streamCount: 1, stepCount: steps)
    for (labels, probability) in enumerated(emissions, classes: classes) {
      var logits = emissions, losses: [Float] = [0]
      loss.run(
        logits: &logits, bias: bias, labels: labels, offsets: [0, labels.count], layout: layout, scale: 0,
        losses: &losses, team: ThreadTeam(threadCount: 1))
      #expect(abs(Double(losses[0]) + logarithm(probability)) < 1e-5, "\(labels)")
    }
  }

  @Test("A full beam finds every label sequence", arguments: [(1, 2), (3, 3), (5, 3), (4, 4), (6, 2)])
  func aFullBeamFindsEveryLabelSequence(steps: Int, classes: Int) {
    let emissions = emissions(steps: steps, classes: classes, seed: UInt64(10 * steps + classes))
    let expected = enumerated(emissions, classes: classes)
    let found = CTCDecoder(classCount: classes).beamSearch(emissions, beamWidth: 100_000)
    #expect(Set(found.map(\.labels)) == Set(expected.keys) && found.count == expected.count)
    for hypothesis in found {
      let probability = expected[hypothesis.labels] ?? 0
      #expect(abs(hypothesis.logProbability - logarithm(probability)) < 1e-6, "\(hypothesis.labels)")
    }
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.logProbability >= $1.logProbability })
  }

  /// Two steps, a blank at 0.6 and a label at 0.4: the likeliest alignment is all blank (0.36), but the label's three
  /// alignments have 0.64 together (Graves et al. 2006, figure 2).
  @Test("The most probable labels are not those of the most probable alignment")
  func theMostProbableLabelsAreNotThoseOfTheMostProbableAlignment() {
    let step = [Float(logarithm(0.6)), Float(logarithm(0.4))]
    let decoder = CTCDecoder(classCount: 2)
    #expect(decoder.greedy(step + step) == [])
    let best = decoder.beamSearch(step + step, beamWidth: 2)[0]
    #expect(best.labels == [1] && abs(exponential(best.logProbability) - 0.64) < 1e-6)
  }

  @Test("Repetitions need a blank between") func repetitionsNeedABlankBetween() {
    func scores(_ classes: [Int]) -> [Float] {
      classes.flatMap { best in (0..<3).map { $0 == best ? Float(0) : -20 } }
    }
    let decoder = CTCDecoder(classCount: 3)
    #expect(decoder.greedy(scores([1, 1, 0, 1, 2, 2, 0])) == [1, 1, 2])
    #expect(decoder.beamSearch(scores([1, 1, 0, 1, 2, 2, 0]), beamWidth: 4)[0].labels == [1, 1, 2])
    #expect(decoder.greedy([]) == [])
    #expect(decoder.beamSearch([], beamWidth: 4) == [.init(labels: [], logProbability: 0)])
  }

  @Test("Labels fit where each has a step and each repetition one more")
  func labelsFitWhereEachHasAStepAndEachRepetitionOneMore() {
    func fits(_ labels: [Int32], _ steps: Int) -> Bool {
      labels.withUnsafeBufferPointer { CTCLoss.fits($0, stepCount: steps) }
    }
    #expect(fits([], 1) && fits([1], 1) && fits([1, 2, 1], 3) && fits([1, 1, 2], 4))
    #expect(!fits([1, 2], 1) && !fits([1, 1, 2], 3) && !fits([2, 2, 2], 4))
  }

  /// A thousand steps, where a product of probabilities would be 0 in any floating-point number.
  @Test("Long sequences do not underflow") func longSequencesDoNotUnderflow() {
    let steps = 1000, classes = 4
    let logits = AlignedBuffer<Float>(emissions(steps: steps, classes: classes, seed: 3))
    let labels = (0..<300).map { Int32(1 + $0 % 3) }
    var losses: [Float] = [0]
    let bias = [Float](repeating: 0, count: classes)
    CTCLoss(classCount: classes, threadCount: 1).run(
      logits: logits.baseAddress, bias: bias, labels: labels, offsets: [0, 300],
      layout: StepLayout(streamCount: 1, stepCount: steps), scale: 1, losses: &losses,
      team: ThreadTeam(threadCount: 1))
    #expect(losses[0].isFinite && losses[0] > 100)
    // The gradient of a softmax sums to nothing over a step's classes.
    for step in 0..<steps {
      #expect(abs((0..<classes).reduce(Float(0)) { $0 + logits[step * classes + $1] }) < 1e-4)
    }
  }
}
