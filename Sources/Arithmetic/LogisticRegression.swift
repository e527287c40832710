/// Logistic regression with an L2 penalty on standardized features: a linear score of how probable one of two classes is.
///
/// Both classes weigh the same in its loss, whatever their numbers. The loss is convex and is brought to its minimum by Newton's
/// method (iteratively reweighted least squares; Hastie et al. 2009, 4.4.1), so that the same examples give the same weights.
package struct LogisticRegression: Sendable, Hashable, Codable {
  /// A weight for each feature, of its standardized value.
  package private(set) var weights: [Double]
  /// The score of an example whose features all have their means.
  package private(set) var bias = 0.0
  /// The mean of each feature over the examples that have it.
  package let means: [Double]
  /// The standard deviation of each feature; 0 where it is the same in all examples.
  package let deviations: [Double]

  private static let iterationLimit = 50

  /// Fits examples.
  /// - Parameters:
  ///   - rows: N examples of D features each; one that is not finite is missing, and counts as the mean of its feature.
  ///   - labels: The class of each; true is to get scores above 0. Both classes occur.
  ///   - penalty: What half the squared length of the weights costs, beside the summed loss of the examples.
  ///   - other: A fit whose means and deviations are taken, so that its scores can be added; nil takes those of the examples.
  package init(
    rows: [[Double]], labels: [Bool], penalty: Double = 1, standardizedAs other: LogisticRegression? = nil
  ) {
    let featureCount = rows.first?.count ?? 0
    precondition(
      rows.count == labels.count && labels.contains(true) && labels.contains(false) && penalty > 0,
      "\(rows.count) examples of \(Set(labels).count) classes cannot be told apart with a penalty of \(penalty)"
    )
    (means, deviations) =
      other.map { ($0.means, $0.deviations) } ?? Self.moments(rows, featureCount: featureCount)
    weights = Array(repeating: 0, count: featureCount)
    let positives = Double(labels.count { $0 }), count = Double(labels.count)
    let classWeights = (positive: count / (2 * positives), negative: count / (2 * (count - positives)))
    let problem = Problem(
      rows: rows.map(standardized), labels: labels,
      exampleWeights: labels.map { $0 ? classWeights.positive : classWeights.negative }, penalty: penalty)
    (weights, bias) = problem.minimum(iterationLimit: Self.iterationLimit)
  }

  /// The logarithm of the odds of the class `true`.
  package func score(_ row: [Double]) -> Double {
    zip(standardized(row), weights).reduce(bias) { $0 + $1.0 * $1.1 }
  }

  /// What scores as much as this and another fit together, which has the same means and deviations.
  package func adding(_ other: LogisticRegression) -> LogisticRegression {
    precondition(
      means == other.means && deviations == other.deviations,
      "scores of features that are standardized in different ways do not add up")
    var sum = self
    for index in weights.indices { sum.weights[index] += other.weights[index] }
    sum.bias += other.bias
    return sum
  }

  /// The features of an example in standard deviations from their means; 0 for those that are missing or never change.
  package func standardized(_ row: [Double]) -> [Double] {
    row.indices.map { row[$0].isFinite && deviations[$0] > 0 ? (row[$0] - means[$0]) / deviations[$0] : 0 }
  }

  private static func moments(
    _ rows: [[Double]], featureCount: Int
  ) -> (means: [Double], deviations: [Double]) {
    var means: [Double] = [], deviations: [Double] = []
    for feature in 0..<featureCount {
      let values = rows.lazy.map { $0[feature] }.filter(\.isFinite)
      let count = Double(max(1, values.count))
      let mean = values.reduce(0, +) / count
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      means.append(mean)
      // What rounding leaves of a constant is no spread.
      deviations.append(variance > 1e-20 * (1 + mean * mean) ? variance.squareRoot() : 0)
    }
    return (means, deviations)
  }
}

/// The loss of logistic regression over standardized examples.
private struct Problem {
  let rows: [[Double]]
  let labels: [Bool]
  let exampleWeights: [Double]
  let penalty: Double

  private var featureCount: Int { rows.first?.count ?? 0 }

  /// The weights of least loss and their bias. Each Newton step is halved until the loss falls.
  func minimum(iterationLimit: Int) -> (weights: [Double], bias: Double) {
    var parameters = [Double](repeating: 0, count: featureCount + 1)
    var loss = self.loss(parameters)
    for _ in 0..<iterationLimit {
      let (gradient, hessian) = derivatives(parameters)
      guard let step = Self.solution(hessian, gradient) else { break }
      var length = 1.0, improved = false
      while length > 1e-6, !improved {
        let moved = zip(parameters, step).map { $0 - length * $1 }
        let lower = self.loss(moved)
        if lower < loss {
          improved = loss - lower > 1e-12 * (1 + loss)
          (parameters, loss) = (moved, lower)
          break
        }
        length /= 2
      }
      guard improved else { break }
    }
    return (Array(parameters.dropLast()), parameters[featureCount])
  }

  /// What an example scores: the last parameter is the bias.
  private func score(_ row: [Double], _ parameters: [Double]) -> Double {
    var sum = parameters[row.count]
    for index in row.indices { sum += row[index] * parameters[index] }
    return sum
  }

  private func loss(_ parameters: [Double]) -> Double {
    var loss = penalty / 2 * parameters.dropLast().reduce(0) { $0 + $1 * $1 }
    for index in rows.indices {
      let score = score(rows[index], parameters), margin = labels[index] ? score : -score
      // log(1 + e^−m) without overflow.
      let tail = logarithm(1 + exponential(-abs(margin)))
      loss += exampleWeights[index] * (max(0, -margin) + tail)
    }
    return loss
  }

  /// The gradient, D + 1 numbers, and the lower triangle of the Hessian, (D + 1)².
  private func derivatives(_ parameters: [Double]) -> (gradient: [Double], hessian: [Double]) {
    let size = featureCount + 1
    var gradient = parameters.map { $0 * penalty }
    var hessian = [Double](repeating: 0, count: size * size)
    for index in 0..<size { hessian[index * size + index] = penalty }
    // A bias is not penalized, except for what keeps the matrix regular.
    gradient[size - 1] = 0
    hessian[size * size - 1] = 1e-9
    hessian.withUnsafeMutableBufferPointer { hessian in
      for (place, row) in rows.enumerated() {
        let probability = 1 / (1 + exponential(-score(row, parameters)))
        let weight = exampleWeights[place]
        let slope = weight * (probability - (labels[place] ? 1 : 0))
        let curvature = weight * probability * (1 - probability)
        row.withUnsafeBufferPointer { row in
          for i in 0..<size {
            let value = i < row.count ? row[i] : 1
            gradient[i] += slope * value
            let scaled = curvature * value
            for j in 0..<min(i + 1, row.count) { hessian[i * size + j] += scaled * row[j] }
            if i == size - 1 { hessian[i * size + i] += scaled }
          }
        }
      }
    }
    return (gradient, hessian)
  }

  /// x of A·x = b by Cholesky's decomposition, A being given by its lower triangle; nil where A is not positive definite.
  private static func solution(_ matrix: [Double], _ right: [Double]) -> [Double]? {
    let size = right.count
    var lower = matrix, x = right
    for i in 0..<size {
      for j in 0...i {
        var sum = lower[i * size + j]
        for k in 0..<j { sum -= lower[i * size + k] * lower[j * size + k] }
        if i == j {
          guard sum > 0 else { return nil }
          lower[i * size + i] = sum.squareRoot()
        } else {
          lower[i * size + j] = sum / lower[j * size + j]
        }
      }
    }
    for i in 0..<size {
      for k in 0..<i { x[i] -= lower[i * size + k] * x[k] }
      x[i] /= lower[i * size + i]
    }
    for i in (0..<size).reversed() {
      for k in (i + 1)..<max(size, i + 1) { x[i] -= lower[k * size + i] * x[k] }
      x[i] /= lower[i * size + i]
    }
    return x
  }
}
