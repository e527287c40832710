/// Whether a model is as often right as it is sure: its predictions, sorted by the probability that it gave the id which it found
/// most probable, beside how often that id came.
public struct Calibration: Sendable, Hashable, Codable {
  /// The predictions whose highest probability is in a range.
  public struct Bin: Sendable, Hashable, Codable {
    /// Where the range begins; it ends where the next begins, the last at 1.
    public var lowerBound: Double
    /// How many predictions there are.
    public var count: Int
    /// The mean of their highest probabilities; nil if there are none.
    public var confidence: Double?
    /// The share of them in which the most probable id came; nil if there are none.
    public var accuracy: Double?
  }

  /// Ranges of equal width from 0 to 1.
  public var bins: [Bin]
  /// The mean distance between confidence and accuracy, each bin weighing as many as it has predictions: the expected
  /// calibration error (Naeini et al. 2015, Guo et al. 2017), 0...1.
  public var expectedError: Double
  /// The share of all predictions in which the most probable id came.
  public var accuracy: Double
  /// The mean of the highest probabilities: above `accuracy` the model is too sure, below it not sure enough.
  public var confidence: Double

  /// The calibration of some predictions.
  /// - Parameters:
  ///   - confidences: The highest probability of each, 0...1.
  ///   - hits: Whether the most probable id came.
  ///   - binCount: How many ranges there are.
  public init(confidences: [Double], hits: [Bool], binCount: Int = 10) {
    precondition(
      confidences.count == hits.count && binCount > 0,
      "\(confidences.count) confidences for \(hits.count) hits, in \(binCount) bins")
    var counts = [Int](repeating: 0, count: binCount), right = counts
    var sums = [Double](repeating: 0, count: binCount)
    for (confidence, isHit) in zip(confidences, hits) {
      let bin = min(binCount - 1, max(0, Int(confidence * Double(binCount))))
      counts[bin] += 1
      sums[bin] += confidence
      if isHit { right[bin] += 1 }
    }
    let total = Double(max(1, confidences.count))
    bins = (0..<binCount).map { bin in
      let count = Double(counts[bin])
      return Bin(
        lowerBound: Double(bin) / Double(binCount), count: counts[bin],
        confidence: counts[bin] == 0 ? nil : sums[bin] / count,
        accuracy: counts[bin] == 0 ? nil : Double(right[bin]) / count)
    }
    expectedError = (0..<binCount).reduce(0) { $0 + abs(sums[$1] - Double(right[$1])) / total }
    accuracy = Double(right.reduce(0, +)) / total
    confidence = sums.reduce(0, +) / total
  }
}
