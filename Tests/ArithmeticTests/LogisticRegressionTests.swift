import TestSupport
import Testing

@testable import Arithmetic

@Suite struct LogisticRegressionTests {
  @Test("Logistic regression is at the minimum of its loss") func logisticRegressionIsAtTheMinimum() {
    var generator = RepeatableGenerator(seed: 3)
    let labels = (0..<50).map { $0 % 3 == 0 }
    let rows = labels.map { label in
      [Double(generator.next(100)) + (label ? 30 : 0), Double(generator.next(7)), 5]
    }
    let regression = LogisticRegression(rows: rows, labels: labels)
    // The gradient: the penalty and each example's weight times what its probability is off.
    let positives = Double(labels.count { $0 })
    var gradient = regression.weights + [0]
    for (row, label) in zip(rows, labels) {
      let probability = 1 / (1 + exponential(-regression.score(row)))
      let weight = 25 / (label ? positives : 50 - positives)
      let slope = weight * (probability - (label ? 1 : 0))
      for (index, value) in (regression.standardized(row) + [1]).enumerated() {
        gradient[index] += slope * value
      }
    }
    #expect(gradient.allSatisfy { abs($0) < 1e-5 }, "\(gradient)")
    #expect(regression.weights[0] > 0.5 && regression.weights[2] == 0, "a constant says nothing")
  }

  @Test("Features that are missing count as their means") func featuresThatAreMissingCountAsTheirMeans() {
    let rows: [[Double]] = [[1, .nan], [2, 4], [3, .infinity], [4, 6], [5, .nan], [6, 5]]
    let labels = [false, false, false, true, true, true]
    let regression = LogisticRegression(rows: rows, labels: labels)
    #expect(regression.means == [3.5, 5])
    #expect(regression.score([3.5, .nan]) == regression.score([3.5, 5]))
    #expect(regression.score([1, .nan]) < 0 && regression.score([6, .nan]) > 0)
    #expect(regression.weights.allSatisfy { $0.isFinite })
  }

  @Test("Fits that are standardized alike add up") func fitsAddUp() {
    var generator = RepeatableGenerator(seed: 5)
    let rows = (0..<60).map { _ in [Double(generator.next(100)), Double(generator.next(9))] }
    let first = LogisticRegression(rows: rows, labels: rows.map { $0[0] > 50 })
    // Other examples, whose own means would be others.
    let others = rows.map { [$0[0] / 2, $0[1] + 3] }
    let second = LogisticRegression(
      rows: others, labels: others.map { $0[1] > 7 }, standardizedAs: first)
    #expect(second.means == first.means && second.deviations == first.deviations)
    #expect(second.weights[1] > 0.5)
    let sum = first.adding(second)
    for row in rows + others {
      #expect(abs(sum.score(row) - first.score(row) - second.score(row)) < 1e-9)
    }
  }
}
